#include "compiler/findings/allowances.h"

#include <algorithm>
#include <optional>

#include "compiler/findings/settings.h"
#include "compiler/findings/statements.h"

namespace scx::findings {
namespace {

using diag::Kind;

constexpr std::string_view kSpace = " \t";
constexpr std::string_view kForm =
    "write `# scxlint allow RULE: REASON` or `# scxlint allow-file RULE: REASON`";

// Reads the words of one comment behind its mark.
class AllowanceReader {
 public:
  AllowanceReader(const Sources& sources, diag::Diagnostics& diagnostics)
      : sources_(sources), diagnostics_(diagnostics) {}

  // Nothing if the comment is none, or is reported.
  std::optional<Allowance> read(Span comment) {
    const std::string_view text = sources_.text(comment);
    at_ = text.find_first_not_of(kSpace, 1);
    comment_ = comment;
    text_ = text;
    if (at_ == std::string_view::npos || !text.substr(at_).starts_with(kAllowanceMark)) return std::nullopt;
    at_ += kAllowanceMark.size();
    // As other tools have it.
    const size_t colon = std::min(text.find_first_not_of(": \t", at_), text.size());
    if (at_ < text.size() && text[at_] == ':' && text.substr(colon).starts_with("allow"))
      return bad(comment, "this comment allows nothing: `:` behind `scxlint`", kForm);
    if (at_ < text.size() && kSpace.find(text[at_]) == std::string_view::npos) return std::nullopt;
    const Span verb = word();
    const std::string_view form = sources_.text(verb);
    if (form != "allow" && form != "allow-file") return bad(verb, "this comment allows nothing", kForm);
    Allowance out;
    out.comment = comment;
    if (form == "allow-file") out.covers = {comment.file, 0, UINT32_MAX};
    if (!read_rules(out)) return std::nullopt;
    out.reason = std::string(text.substr(std::min(text.find_first_not_of(kSpace, at_), text.size())));
    while (!out.reason.empty() &&
           (kSpace.find(out.reason.back()) != std::string_view::npos || out.reason.back() == '\r'))
      out.reason.pop_back();
    if (out.reason.empty())
      return bad(comment, "the comment gives no reason", "write it behind the rule: `: because …`");
    return out;
  }

 private:
  std::optional<Allowance> bad(Span span, std::string message, std::string_view help) {
    diagnostics_.add(Kind::kBadAllowance, span, std::move(message)).help(std::string(help));
    return std::nullopt;
  }

  // The next word: up to a space, comma or colon.
  Span word() {
    at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size());
    const size_t end = std::min(text_.find_first_of(" \t\r,:", at_), text_.size());
    const Span out{comment_.file, comment_.begin + static_cast<uint32_t>(at_),
                   comment_.begin + static_cast<uint32_t>(end)};
    at_ = end;
    return out;
  }

  // The rules up to and with the colon.
  bool read_rules(Allowance& out) {
    for (;;) {
      const Span span = word();
      const std::string_view rule = sources_.text(span);
      if (rule.empty()) {
        bad(comment_, "the comment names no rule", kForm);
        return false;
      }
      const std::vector<Kind> kinds = kinds_named(rule);
      if (kinds.empty()) {
        diagnostics_.report(Kind::kBadAllowance, span, "no rule and no category is called `{}`", rule)
            .hint(near_rule(rule));
        return false;
      }
      if (info(kinds.front()).severity == diag::Severity::kError) {
        bad(span, fmt::format("`{}` is an error, which nothing allows", rule),
            "rules are warnings and notes: `scxc lint --rules` lists them");
        return false;
      }
      out.kinds.insert(out.kinds.end(), kinds.begin(), kinds.end());
      at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size());
      const char next = at_ < text_.size() ? text_[at_] : '\0';
      if (next == ':') {
        ++at_;
        return true;
      }
      if (next != ',') {
        bad(comment_, "the comment gives no reason", "write it behind a colon: `allow RULE: because …`");
        return false;
      }
      ++at_;
    }
  }

  const Sources& sources_;
  diag::Diagnostics& diagnostics_;
  Span comment_;
  std::string_view text_;
  size_t at_ = 0;
};

// What a comment that names no whole file speaks of.
Span covered(Span comment, const Statements& statements, const Sources& sources) {
  const std::string_view text = sources.text(comment.file);
  const size_t before = comment.begin == 0 ? std::string_view::npos : text.rfind('\n', comment.begin - 1);
  const auto line = static_cast<uint32_t>(before == std::string_view::npos ? 0 : before + 1);
  const std::string_view code = text.substr(line, comment.begin - line);
  if (code.find_first_not_of(kSpace) != std::string_view::npos)
    return statements.before(comment.begin, text).value_or(Span{comment.file, line, comment.begin});
  return statements.behind(comment.end).value_or(Span{comment.file, comment.end, comment.end});
}

bool allows(const Allowance& allowance, const diag::Diagnostic& finding) {
  return finding.severity != diag::Severity::kError && finding.span.file == allowance.covers.file &&
         finding.span.begin >= allowance.covers.begin && finding.span.begin <= allowance.covers.end &&
         std::find(allowance.kinds.begin(), allowance.kinds.end(), finding.kind) != allowance.kinds.end();
}

}  // namespace

std::vector<Allowance> read_allowances(const ast::File& file, const std::vector<Span>& comments,
                                       const Sources& sources, diag::Diagnostics& diagnostics) {
  std::vector<Allowance> out;
  std::optional<Statements> statements;
  AllowanceReader reader(sources, diagnostics);
  for (const Span& comment : comments) {
    std::optional<Allowance> allowance = reader.read(comment);
    if (!allowance) continue;
    if (!statements) statements.emplace(file);
    if (allowance->covers.end == 0) allowance->covers = covered(comment, *statements, sources);
    out.push_back(std::move(*allowance));
  }
  return out;
}

Told heed(const diag::Diagnostics& all, const std::vector<Allowance>& allowances, bool report_unused) {
  Told out;
  std::vector<bool> used(allowances.size());
  for (const diag::Diagnostic& one : all.all()) {
    const auto found = std::find_if(allowances.begin(), allowances.end(),
                                    [&](const Allowance& allowance) { return allows(allowance, one); });
    if (found == allowances.end()) {
      out.told.add(one);
      continue;
    }
    used[static_cast<size_t>(found - allowances.begin())] = true;
    diag::Diagnostic allowed = one;
    allowed.allowed = found->reason;
    out.allowed.add(std::move(allowed));
  }
  for (size_t i = 0; i < allowances.size() && report_unused; ++i)
    if (!used[i])
      out.told
          .report(Kind::kUnusedAllowance, allowances[i].comment, "nothing is found that this comment allows")
          .help("take it out");
  return out;
}

}  // namespace scx::findings
