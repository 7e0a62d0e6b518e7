#include "compiler/findings/fixes.h"

#include <algorithm>
#include <vector>

#include "compiler/findings/statements.h"

namespace scx::findings {
namespace {

using diag::Kind;

// What is taken out, and whether that changes nothing of what the policy means.
enum class Removal : uint8_t { kNone, kComment, kStatement, kAction, kStatementPerhaps, kTerm };

Removal removal_of(Kind kind) {
  switch (kind) {
    case Kind::kWeightAlone:
    case Kind::kUnusedCellProperty:
    case Kind::kUnusedDevices:
      return Removal::kStatement;
    case Kind::kRestoreWithoutChange:
      return Removal::kAction;
    // Something else may have been meant, or is still to come.
    case Kind::kUnusedMatcher:
    case Kind::kUnusedConstant:
    case Kind::kPropertyWithoutEffect:
    case Kind::kRepeatedProperty:
      return Removal::kStatementPerhaps;
    case Kind::kUnusedAllowance:
      return Removal::kComment;
    case Kind::kRedundantTerm:
      return Removal::kTerm;
    default:
      return Removal::kNone;
  }
}

// The operand of an `and` or an `or` that stands at `place`, with the word that joins it to its neighbour.
std::optional<Span> term_at(const ast::Expression& expression, Span place) {
  const bool joins =
      expression.kind == ast::Expression::Kind::kAnd || expression.kind == ast::Expression::Kind::kOr;
  const std::vector<ast::Expression>& operands = expression.operands;
  for (size_t i = 0; i < operands.size(); ++i) {
    if (joins && operands[i].span == place)
      return i > 0 ? Span{place.file, operands[i - 1].span.end, place.end}
                   : Span{place.file, place.begin, operands[1].span.begin};
    if (const std::optional<Span> inside = term_at(operands[i], place)) return inside;
  }
  return std::nullopt;
}

std::optional<Span> term_in(const ast::Block& block, Span place) {
  for (const ast::Property& property : block.properties)
    if (property.match)
      if (const std::optional<Span> found = term_at(*property.match, place)) return found;
  for (const ast::Layer& layer : block.layers)
    if (const std::optional<Span> found = term_in(layer.body, place)) return found;
  return std::nullopt;
}

std::optional<Span> term_in(const ast::File& file, Span place) {
  for (const ast::Item& item : file.items) {
    std::optional<Span> found;
    if (const auto* matcher = std::get_if<ast::Matcher>(&item)) found = term_at(matcher->expression, place);
    if (const auto* layer = std::get_if<ast::Layer>(&item)) found = term_in(layer->body, place);
    if (const auto* cell = std::get_if<ast::Cell>(&item)) found = term_in(cell->body, place);
    if (found) return found;
  }
  return std::nullopt;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// A span whose text goes away takes its line along if nothing else stands there, and otherwise the blanks
// before it.
Span with_line(Span span, std::string_view text) {
  uint32_t begin = span.begin;
  while (begin > 0 && is_blank(text[begin - 1])) --begin;
  uint32_t end = span.end;
  while (end < text.size() && (is_blank(text[end]) || text[end] == '\r')) ++end;
  const bool begins_line = begin == 0 || text[begin - 1] == '\n';
  const bool ends_line = end == text.size() || text[end] == '\n';
  if (begins_line && ends_line)
    return {span.file, begin, static_cast<uint32_t>(std::min<size_t>(end + 1, text.size()))};
  if (begins_line) return {span.file, span.begin, end};
  return {span.file, begin, span.end};
}

// Whether some comment lies in the span, or stands behind it on its line.
bool touches_comment(Span span, const ast::File& file, std::string_view text) {
  const size_t line_end = std::min(text.find('\n', span.end), text.size());
  // A span that takes its line's end along ends at the beginning of the next.
  const bool takes_line = span.end > span.begin && text[span.end - 1] == '\n';
  return std::any_of(file.comments.begin(), file.comments.end(), [&](Span comment) {
    return comment.begin >= span.begin && comment.begin < (takes_line ? span.end : line_end);
  });
}

// Whether what an error says is more than that something has no effect or stands twice. A statement that is
// wrong may be the one that needs what looks useless beside it.
bool leaves_open(const diag::Diagnostic& one) {
  return one.severity == diag::Severity::kError && removal_of(one.kind) == Removal::kNone;
}

// Whether the statement repeats, word for word, the one that the finding names as the first.
bool says_the_same(const diag::Diagnostic& finding, Span statement, const Statements& statements,
                   std::string_view text) {
  if (finding.labels.empty() || finding.labels.front().span.file != statement.file) return false;
  const std::optional<Span> first = statements.around(finding.labels.front().span);
  const auto written = [&](Span span) { return text.substr(span.begin, span.end - span.begin); };
  return first && *first != statement && written(*first) == written(statement);
}

// The statement at `span`, with each block around it that would be empty without it: an event without an
// action is an error.
Span with_empty_blocks(Span span, const Statements& statements, std::string_view text) {
  for (;;) {
    const std::optional<Span> outer = statements.strictly_around(span);
    if (!outer) return span;
    const std::string_view before = text.substr(outer->begin, span.begin - outer->begin);
    const std::string_view behind = text.substr(span.end, outer->end - span.end);
    const size_t brace = before.find_last_not_of(" \t\r\n");
    if (brace == std::string_view::npos || before[brace] != '{' ||
        behind.substr(std::min(behind.find_first_not_of(" \t\r\n"), behind.size())) != "}")
      return span;
    span = *outer;
  }
}

}  // namespace

diag::Diagnostics with_removals(const diag::Diagnostics& all, const ast::Program& program,
                                const Sources& sources) {
  if (std::any_of(all.all().begin(), all.all().end(), leaves_open)) return all;
  diag::Diagnostics out;
  std::map<FileId, Statements> statements_of;
  for (const diag::Diagnostic& one : all.all()) {
    diag::Builder builder = out.add(one);
    const Removal removal = removal_of(one.kind);
    if (removal == Removal::kNone || !one.fixes.empty()) continue;
    const auto file = std::find_if(program.files.begin(), program.files.end(),
                                   [&](const ast::File& tree) { return tree.id == one.span.file; });
    if (file == program.files.end()) continue;
    const std::string_view text = sources.text(file->id);
    if (removal == Removal::kComment) {
      builder.fix(with_line(one.span, text), "");
      continue;
    }
    if (removal == Removal::kTerm) {
      // What the author wrote beside a term would go, or stand beside another one.
      const std::optional<Span> term = term_in(*file, one.span);
      if (term && !touches_comment(*term, *file, text)) builder.fix(*term, "");
      continue;
    }
    const Statements& statements = statements_of.try_emplace(file->id, *file).first->second;
    std::optional<Span> statement = statements.around(one.span);
    if (!statement) continue;
    if (one.kind == Kind::kRepeatedProperty && !says_the_same(one, *statement, statements, text)) continue;
    if (removal == Removal::kAction) statement = with_empty_blocks(*statement, statements, text);
    const Span whole = with_line(*statement, text);
    const bool is_safe = removal != Removal::kStatementPerhaps && !touches_comment(whole, *file, text);
    is_safe ? builder.fix(whole, "") : builder.suggest(whole, "");
  }
  return out;
}

Fixed apply_fixes(const diag::Diagnostics& all, const Sources& sources, bool guesses) {
  std::vector<diag::Fix> chosen;
  for (const diag::Diagnostic* one : all.sorted()) {
    const auto fix = std::find_if(one->fixes.begin(), one->fixes.end(),
                                  [&](const diag::Fix& candidate) { return guesses || candidate.safe; });
    // Files of `-I` folders are others' too.
    if (fix == one->fixes.end() || sources.logical_path(fix->span.file).starts_with("<include>")) continue;
    const Span span = fix->span;
    const bool touches = std::any_of(chosen.begin(), chosen.end(), [&](const diag::Fix& other) {
      return other.span.file == span.file && other.span.begin <= span.end && span.begin <= other.span.end;
    });
    if (!touches) chosen.push_back(*fix);
  }
  std::sort(chosen.begin(), chosen.end(),
            [](const diag::Fix& a, const diag::Fix& b) { return a.span.begin > b.span.begin; });
  Fixed out;
  out.count = chosen.size();
  // From the end of each file, so that places before stay where they are.
  for (const diag::Fix& fix : chosen) {
    std::string& text = out.texts.try_emplace(fix.span.file, sources.text(fix.span.file)).first->second;
    text.replace(fix.span.begin, fix.span.end - fix.span.begin, fix.replacement);
    out.writes_words = out.writes_words || !fix.replacement.empty();
  }
  return out;
}

}  // namespace scx::findings
