#include <algorithm>

#include <fmt/format.h>

#include "compiler/sema/names.h"
#include "compiler/sema/tables.h"
#include "runtime/base/closest.h"

namespace scx::sema {
namespace {

using diag::Kind;

class Collector {
 public:
  Collector(const Sources& sources, diag::Diagnostics& diagnostics)
      : sources_(sources), diagnostics_(diagnostics) {}

  void add_file(const ast::File& file, bool included) {
    included_ = included;
    if (included) report_strangers(file);
    const Span* language = nullptr;
    for (const ast::Item& item : file.items) {
      if (const auto* version = std::get_if<ast::LanguageVersion>(&item)) {
        add_language(*version, language, &item == &file.items.front());
        language = &version->span;
      } else {
        std::visit([&](const auto& declaration) { add(declaration); }, item);
      }
    }
  }

  Declarations take() {
    place_root_layers();
    return std::move(out_);
  }

 private:
  void add_language(const ast::LanguageVersion& version, const Span* earlier, bool first) {
    if (earlier != nullptr) {
      diagnostics_.report(Kind::kRepeatedDeclaration, version.span, "a second `language` in one file")
          .label(*earlier, "the first one");
    } else if (!first) {
      diagnostics_
          .report(Kind::kLanguageNotFirst, version.span,
                  "`language` is not the first declaration of its file")
          .help("move it to the first line: it says how to read all that follows");
    }
    if (version.version.unit.empty() && version.version.text == fmt::format("{}", kLanguageVersion)) return;
    diagnostics_
        .report(Kind::kUnsupportedLanguage, version.version.span, "language version `{}{}` is not supported",
                version.version.text, version.version.unit)
        .help(fmt::format("this compiler reads version {0}: write `language {0};`", kLanguageVersion));
  }

  void add(const ast::LanguageVersion&) {}
  void add(const ast::Include&) {}

  void add(const ast::PolicyBlock& policy) {
    if (included_) return;
    if (out_.policy != nullptr) {
      diagnostics_
          .report(Kind::kRepeatedDeclaration, policy.name.span, "a second policy block `{}`",
                  policy.name.text)
          .label(out_.policy->name.span, "the first one")
          .help("a file describes one scheduler; put the properties into one block");
      return;
    }
    out_.policy = &policy;
    if (policy.name.text.size() > kMaxPolicyName)
      diagnostics_
          .report(Kind::kNameTooLong, policy.name.span, "the policy's name has {} bytes",
                  policy.name.text.size())
          .note(fmt::format("the kernel names a scheduler in at most {} bytes (`SCX_OPS_NAME_LEN`)",
                            kMaxPolicyName));
  }

  void add(const ast::Let& let) {
    if (!claim(let.name, "constant")) return;
    out_.let_index.emplace(let.name.text, out_.lets.size());
    out_.lets.push_back(&let);
  }

  void add(const ast::Matcher& matcher) {
    if (!claim(matcher.name, "matcher")) return;
    out_.matcher_index.emplace(matcher.name.text, out_.matchers.size());
    out_.matchers.push_back(&matcher);
  }

  void add(const ast::Layer& layer) {
    if (!included_) add_layer(layer, 0);
  }

  void add_layer(const ast::Layer& layer, size_t cell) {
    if (layer.family) {
      not_implemented("layers", head(layer.span, 6), "write one `layer` for each cgroup");
      return;
    }
    const auto [first, fresh] = layers_.emplace(std::pair(cell, std::string_view(layer.name.text)), &layer);
    if (!fresh) {
      diagnostics_.report(Kind::kDuplicateName, layer.name.span, "a second layer `{}`", layer.name.text)
          .label(first->second->name.span, "the first one")
          .help("layers have one name each within their cell: it keys statistics and tests");
      return;
    }
    out_.cells[cell].layers.push_back(&layer);
  }

  void add(const ast::Cell& cell) {
    if (included_) return;
    if (cell.kind == ast::Cell::Kind::kRoot) return add_root(cell);
    if (!claim_cell_name(cell)) return;
    const size_t index = out_.cells.size();
    out_.cell_index.emplace(cell.name.text, index);
    out_.cells.push_back({&cell, {}});
    for (const ast::Layer& layer : cell.body.layers) add_layer(layer, index);
  }

  void add_root(const ast::Cell& cell) {
    if (out_.cells[0].written == nullptr) {
      out_.cells[0].written = &cell;
      return;
    }
    diagnostics_.report(Kind::kRepeatedDeclaration, cell.name.span, "a second `root cell`")
        .label(out_.cells[0].written->name.span, "the first one")
        .help("there is one root cell; put the properties into one block");
  }

  // Root's layers stand at the top level, as in a policy without cells, or in its block.
  void place_root_layers() {
    const ast::Cell* root = out_.cells[0].written;
    if (root == nullptr || root->body.layers.empty()) return;
    const ast::Layer& inside = root->body.layers.front();
    if (!out_.cells[0].layers.empty()) {
      diagnostics_
          .report(Kind::kRepeatedDeclaration, inside.name.span,
                  "the layer `{}` stands in `root cell`, other layers of the root cell at the top level",
                  inside.name.text)
          .label(
              out_.cells[0].layers.front()->name.span,
              fmt::format("`{}` is a layer of the root cell, too", out_.cells[0].layers.front()->name.text))
          .help("write all of them in one place: their order says which one takes a task");
      return;
    }
    for (const ast::Layer& layer : root->body.layers) add_layer(layer, 0);
  }

  // Takes a name of the namespace of cells.
  bool claim_cell_name(const ast::Cell& cell) {
    const ast::Word& name = cell.name;
    const std::vector<std::string_view>& reserved = reserved_cell_names();
    if (std::find(reserved.begin(), reserved.end(), name.text) != reserved.end()) {
      diagnostics_.report(Kind::kReservedName, name.span, "`{}` cannot name a cell", name.text)
          .note(fmt::format("{} say which cells in relation to another one", list_words(reserved)))
          .help(name.text == "root" ? "properties of the root cell stand in `root cell { … }`"
                                    : "choose another name");
      return false;
    }
    const auto first = out_.find_cell(name.text);
    if (!first) return true;
    diagnostics_.report(Kind::kDuplicateName, name.span, "a second cell `{}`", name.text)
        .label(out_.cells[*first].written->name.span, "the first one")
        .note("`cell` and `cells` share one namespace")
        .help("a cell of several cgroups has several `cgroup under`");
    return false;
  }

  void add(const ast::Cleanup& cleanup) {
    if (included_) return;
    const Span keyword = head(cleanup.span, 7);
    if (out_.cleanup != nullptr) {
      diagnostics_.report(Kind::kRepeatedDeclaration, keyword, "a second cleanup block of the policy")
          .label(out_.cleanup_head, "the first one")
          .help("put the events into one block");
      return;
    }
    out_.cleanup = &cleanup;
    out_.cleanup_head = keyword;
  }

  void add(const ast::Test& test) {
    if (included_) return;
    const auto [earlier, fresh] = out_.test_index.emplace(test.name.value, out_.tests.size());
    if (!fresh) {
      diagnostics_.report(Kind::kDuplicateName, test.name.span, "a second test of this name")
          .label(out_.tests[earlier->second]->name.span, "the first one");
      return;
    }
    out_.tests.push_back(&test);
  }

  void add(const ast::Unknown& unknown) {
    const auto* word =
        unknown.content.terms.empty() ? nullptr : std::get_if<ast::Word>(&unknown.content.terms[0]);
    if (word == nullptr) return;  // the parser has said what is wrong
    // A property outside its block is a likelier slip than a misspelt declaration.
    for (const Place place : kPlaces) {
      if (find_property(unknown.content.terms, place) == nullptr) continue;
      diagnostics_
          .report(Kind::kPropertyOutOfPlace, word->span, "the property `{}` stands outside every block",
                  word->text)
          .help(fmt::format("it belongs in {}", describe(place)));
      return;
    }
    auto report =
        diagnostics_.report(Kind::kUnknownDeclaration, word->span, "unknown declaration `{}`", word->text);
    if (has_kind(unknown))
      report.help("a layer is `layer NAME KIND { ... }`");
    else
      report.hint(did_you_mean(word->text, declaration_words(),
                               "declarations are " + list_words(declaration_words())));
  }

  // Whether one of its first two words is a layer's kind: `web open { ... }`, `confined web { ... }`.
  static bool has_kind(const ast::Unknown& unknown) {
    const auto& terms = unknown.content.terms;
    return std::any_of(
        terms.begin(), terms.begin() + static_cast<ptrdiff_t>(std::min<size_t>(terms.size(), 2)),
        [](const ast::Term& term) {
          const auto* word = std::get_if<ast::Word>(&term);
          const auto& kinds = layer_kinds();
          return word != nullptr && std::find(kinds.begin(), kinds.end(), word->text) != kinds.end();
        });
  }

  // Reports what an included file cannot declare, at the first of it.
  void report_strangers(const ast::File& file) {
    std::vector<Span> strangers;
    for (const ast::Item& item : file.items)
      if (!is_for_included(item)) strangers.push_back(ast::span_of(item));
    has_strangers_ = !strangers.empty();
    if (!has_strangers_) return;
    const Span first = strangers.front();
    const std::string_view text = std::string_view(sources_.text(first.file)).substr(first.begin);
    const std::string_view word = text.substr(0, text.find_first_of(" \t\n{"));
    auto report = diagnostics_.report(Kind::kDeclarationInInclude, head(first, word.size()),
                                      "`{}` in an included file", word);
    report.note("an include takes matchers and constants from another file and nothing else");
    if (strangers.size() == 1) {
      report.help("move it into the main policy file");
      return;
    }
    report
        .note(fmt::format("{} in this file cannot stand there either",
                          diag::count_of(strangers.size() - 1, "declaration", "declarations")))
        .help(
            "move them into the main policy file, or the matchers and constants that are needed into another "
            "one");
  }

  static bool is_for_included(const ast::Item& item) {
    return std::holds_alternative<ast::LanguageVersion>(item) || std::holds_alternative<ast::Include>(item) ||
           std::holds_alternative<ast::Let>(item) || std::holds_alternative<ast::Matcher>(item) ||
           std::holds_alternative<ast::Unknown>(item);
  }

  void not_implemented(std::string_view word, Span span, std::string help) {
    diagnostics_.report(Kind::kNotImplemented, span, "`{}` is not implemented yet", word)
        .help(std::move(help));
  }

  // Takes a name of the namespace of constants and matchers.
  bool claim(const ast::Word& name, std::string_view what) {
    if (name.text.empty()) return false;  // the parser has said so
    if (is_attribute_word(name.text)) {
      diagnostics_
          .report(Kind::kReservedName, name.span, "`{}` is the name of an attribute and cannot name a {}",
                  name.text, what)
          .help(fmt::format("choose another name, `{}_tasks` for instance", name.text));
      out_.refused.insert(name.text);
      return false;
    }
    const Span* first = nullptr;
    if (const ast::Let* let = out_.find_let(name.text)) first = &let->name.span;
    if (const auto matcher = out_.find_matcher(name.text)) first = &out_.matchers[*matcher]->name.span;
    if (first == nullptr) return true;
    // A whole policy was included, most likely a copy: that is told once.
    if (has_strangers_) return false;
    diagnostics_.report(Kind::kDuplicateName, name.span, "`{}` is defined twice", name.text)
        .at("defined again")
        .label(*first, "first defined here")
        .note("`let` and `match` share one namespace");
    return false;
  }

  // The first `length` bytes of a declaration: its keyword.
  Span head(Span span, size_t length) const {
    const auto end = std::min<size_t>(span.begin + length, sources_.text(span.file).size());
    return {span.file, span.begin, std::min(span.end, static_cast<uint32_t>(end))};
  }

  const Sources& sources_;
  diag::Diagnostics& diagnostics_;
  bool included_ = false;
  bool has_strangers_ = false;  // the file has declarations that an included one cannot have
  std::map<std::pair<size_t, std::string_view>, const ast::Layer*> layers_;  // by cell and name
  Declarations out_;
};

}  // namespace

const ast::Let* Declarations::find_let(std::string_view name) const {
  const auto it = let_index.find(name);
  return it == let_index.end() ? nullptr : lets[it->second];
}

std::optional<size_t> Declarations::find_matcher(std::string_view name) const {
  const auto it = matcher_index.find(name);
  return it == matcher_index.end() ? std::nullopt : std::optional(it->second);
}

std::optional<size_t> Declarations::find_cell(std::string_view name) const {
  if (name == "root") return 0;
  const auto it = cell_index.find(name);
  return it == cell_index.end() ? std::nullopt : std::optional(it->second);
}

std::vector<std::string_view> Declarations::let_names() const {
  std::vector<std::string_view> names;
  if (lets.size() <= kMostCandidates)
    for (const ast::Let* let : lets) names.push_back(let->name.text);
  return names;
}

std::vector<std::string_view> Declarations::matcher_names() const {
  std::vector<std::string_view> names;
  if (matchers.size() <= kMostCandidates)
    for (const ast::Matcher* matcher : matchers) names.push_back(matcher->name.text);
  return names;
}

std::vector<std::string_view> Declarations::cell_names() const {
  std::vector<std::string_view> names = {"root"};
  if (cells.size() <= kMostCandidates)
    for (size_t i = 1; i < cells.size(); ++i) names.push_back(cells[i].written->name.text);
  return names;
}

Declarations collect(const ast::Program& program, const Sources& sources, diag::Diagnostics& diagnostics) {
  Collector collector(sources, diagnostics);
  for (const ast::File& file : program.files) collector.add_file(file, &file != &program.files.front());
  Declarations out = collector.take();
  out.main = program.files.front().id;
  if (out.policy == nullptr)
    diagnostics.report(Kind::kMissingPolicy, {out.main, 0, 0}, "the file has no policy block")
        .help("name the scheduler, for instance `policy desktop { }`; its properties all have defaults");
  return out;
}

}  // namespace scx::sema
