#include "compiler/findings/settings.h"

#include <algorithm>

#include <fnmatch.h>

#include "compiler/diagnostics/words.h"

namespace scx::findings {
namespace {

using diag::Kind;
using diag::Severity;

constexpr std::string_view kForms =
    "settings are `level RULE off|note|warning|error;`, `fail-on LEVEL;` and `exclude \"PATTERN\";`";

std::optional<Severity> severity_of(std::string_view word) {
  for (const Severity severity : {Severity::kError, Severity::kWarning, Severity::kNote})
    if (diag::spelling(severity) == word) return severity;
  return std::nullopt;
}

class SettingsReader {
 public:
  SettingsReader(Settings& out, diag::Diagnostics& diagnostics) : out_(out), diagnostics_(diagnostics) {}

  void read(const ast::Item& item) {
    const auto* statement = std::get_if<ast::Unknown>(&item);
    const ast::Word* first =
        statement == nullptr ? nullptr : std::get_if<ast::Word>(&statement->content.terms.front());
    if (first == nullptr || statement->content.block) {
      bad(span_of(item), "this is no setting").help(std::string(kForms));
      return;
    }
    const std::vector<ast::Term>& terms = statement->content.terms;
    if (first->text == "level") return read_level(terms, statement->span);
    if (first->text == "fail-on") return read_fail_on(terms, statement->span);
    if (first->text == "exclude") return read_exclude(terms, statement->span);
    bad(first->span, fmt::format("unknown setting `{}`", first->text))
        .hint(diag::did_you_mean(first->text, {"level", "fail-on", "exclude"}, std::string(kForms)));
  }

 private:
  diag::Builder bad(Span span, std::string message) {
    return diagnostics_.add(Kind::kBadSetting, span, std::move(message));
  }

  const ast::Word* word_at(const std::vector<ast::Term>& terms, size_t index, size_t count, Span statement) {
    const ast::Word* word = index < terms.size() ? std::get_if<ast::Word>(&terms[index]) : nullptr;
    if (word != nullptr && terms.size() == count) return word;
    bad(statement, "this setting is not complete, or has too much").help(std::string(kForms));
    return nullptr;
  }

  std::optional<Severity> read_severity(const ast::Word& word, bool may_be_off) {
    const std::optional<Severity> out = severity_of(word.text);
    if (out || (may_be_off && word.text == "off")) return out;
    std::vector<std::string_view> levels = {"error", "warning", "note"};
    if (may_be_off) levels.emplace_back("off");
    bad(word.span, fmt::format("unknown level `{}`", word.text))
        .hint(diag::did_you_mean(word.text, levels, "levels are " + diag::list_words(levels)));
    failed_ = true;
    return std::nullopt;
  }

  void read_level(const std::vector<ast::Term>& terms, Span statement) {
    const ast::Word* rule = word_at(terms, 1, 3, statement);
    const ast::Word* level = rule == nullptr ? nullptr : word_at(terms, 2, 3, statement);
    if (level == nullptr) return;
    failed_ = false;
    const std::optional<Severity> severity = read_severity(*level, true);
    if (failed_) return;
    const std::vector<Kind> kinds = kinds_named(rule->text);
    if (kinds.empty()) {
      diagnostics_
          .report(Kind::kUnknownRule, rule->span, "no rule and no category is called `{}`", rule->text)
          .hint(near_rule(rule->text));
      return;
    }
    for (const Kind kind : kinds) {
      if (info(kind).severity == Severity::kError) {
        bad(rule->span, fmt::format("`{}` is an error, which has no other level", rule->text))
            .help("rules are warnings and notes: `scxc lint --rules` lists them");
        return;
      }
      out_.levels[kind] = severity;
    }
  }

  void read_fail_on(const std::vector<ast::Term>& terms, Span statement) {
    if (const ast::Word* level = word_at(terms, 1, 2, statement)) out_.fail_on = read_severity(*level, false);
  }

  void read_exclude(const std::vector<ast::Term>& terms, Span statement) {
    for (size_t i = 1; i < terms.size(); ++i) {
      const auto* pattern = std::get_if<ast::String>(&terms[i]);
      if (pattern == nullptr || pattern->value.empty()) {
        bad(ast::span_of(terms[i]), "`exclude` takes patterns of paths in double quotes")
            .help("for instance `exclude \"imported/*\";`");
        return;
      }
      out_.exclude.push_back(pattern->value);
    }
    if (terms.size() == 1)
      bad(statement, "`exclude` of nothing").help("for instance `exclude \"imported/*\";`");
  }

  Settings& out_;
  diag::Diagnostics& diagnostics_;
  bool failed_ = false;
};

}  // namespace

Settings read_settings(const ast::File& file, diag::Diagnostics& diagnostics) {
  Settings out;
  SettingsReader reader(out, diagnostics);
  for (const ast::Item& item : file.items) reader.read(item);
  return out;
}

diag::Diagnostics at_levels(const diag::Diagnostics& all, const Settings& settings) {
  diag::Diagnostics out;
  for (const diag::Diagnostic& one : all.all()) {
    const auto found = settings.levels.find(one.kind);
    if (found == settings.levels.end()) {
      out.add(one);
    } else if (found->second) {
      diag::Diagnostic changed = one;
      changed.severity = *found->second;
      out.add(std::move(changed));
    }
  }
  return out;
}

bool excludes(const Settings& settings, const std::string& path) {
  return std::any_of(settings.exclude.begin(), settings.exclude.end(), [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), path.c_str(), 0) == 0;
  });
}

std::vector<diag::Kind> kinds_named(std::string_view word) {
  if (const std::optional<Kind> kind = diag::kind_named(word)) return {*kind};
  std::vector<Kind> out;
  for (size_t i = 0; i < diag::all_kinds().size(); ++i) {
    const diag::KindInfo& kind = diag::all_kinds()[i];
    if (kind.category == word && kind.severity != Severity::kError) out.push_back(static_cast<Kind>(i));
  }
  return out;
}

diag::Hint near_rule(std::string_view word) {
  std::vector<std::string> names;
  for (const diag::KindInfo& kind : diag::all_kinds()) {
    if (kind.severity == Severity::kError) continue;
    names.push_back(diag::rule_name(kind));
    names.emplace_back(kind.category);
  }
  const std::vector<std::string_view> words(names.begin(), names.end());
  return diag::did_you_mean(word, words, "`scxc lint --rules` lists them");
}

}  // namespace scx::findings
