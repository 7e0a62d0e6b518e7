// The part of PredicateReader that reads tests of cgroup, comm and leader comm.
#include <algorithm>

#include <fmt/format.h>

#include "compiler/automata/pattern.h"
#include "compiler/sema/predicates.h"
#include "runtime/base/file.h"

namespace scx::sema {

using ast::Comparison;
using diag::Kind;
using model::StringTest;

namespace {

bool applies(const OperatorRow& row, ValueType type) {
  return type == ValueType::kPath ? row.path : row.comm;
}

std::vector<std::string_view> operators_of(ValueType type) {
  std::vector<std::string_view> words = {"==", "!="};
  for (const OperatorRow& row : word_operators())
    if (applies(row, type)) words.push_back(row.word);
  return words;
}

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// Bytes of the shortest value that the pattern matches.
size_t shortest(const automata::Pattern& pattern) {
  using PatternKind = automata::Pattern::Kind;
  size_t sum = 0;
  size_t least = SIZE_MAX;
  for (const automata::Pattern& part : pattern.parts) {
    const size_t bytes = shortest(part);
    sum += bytes;
    least = std::min(least, bytes);
  }
  switch (pattern.kind) {
    case PatternKind::kSet:
      return 1;
    case PatternKind::kConcat:
      return sum;
    case PatternKind::kAlternate:
      return pattern.parts.empty() ? 0 : least;
    case PatternKind::kRepeat:
      return pattern.min * sum;
    case PatternKind::kBegin:
    case PatternKind::kEnd:
      break;
  }
  return 0;
}

}  // namespace

bool has_wildcard(std::string_view text) { return text.find_first_of("*?[\\") != std::string_view::npos; }

std::optional<LeafTest> PredicateReader::read_text(const Test& test) {
  const AttributeRow& row = test.row;
  size_t at = test.next;
  if (at == test.terms.size()) {
    diagnostics_.report(Kind::kMissingOperand, test.span, "`{}` is compared with nothing", row.words)
        .help(fmt::format("for instance `{}`", row.example));
    return std::nullopt;
  }
  if (const auto* comparison = std::get_if<ast::Operator>(&test.terms[at])) {
    if (comparison->comparison != Comparison::kEqual && comparison->comparison != Comparison::kNotEqual) {
      diagnostics_
          .report(Kind::kOperatorMismatch, comparison->span, "`{}` does not apply to `{}`",
                  spelling(comparison->comparison), row.words)
          .help(fmt::format("text has no order; operators that fit: {}", list_words(operators_of(row.type))));
      return std::nullopt;
    }
    auto out = read_text_operand(test, at + 1, StringTest::Op::kExact);
    if (out) out->negated = comparison->comparison == Comparison::kNotEqual;
    return out;
  }
  const auto* word = std::get_if<ast::Word>(&test.terms[at]);
  if (word == nullptr) return read_text_operand(test, at, StringTest::Op::kGlob);
  for (const OperatorRow& known : word_operators()) {
    if (known.word != word->text) continue;
    if (applies(known, row.type)) return read_text_operand(test, at + 1, known.op);
    diagnostics_
        .report(Kind::kOperatorMismatch, word->span, "`{}` does not apply to `{}`", word->text, row.words)
        .help(fmt::format("operators that fit: {}", list_words(operators_of(row.type))));
    return std::nullopt;
  }
  const auto operand = values_.resolve(test.terms[at]);
  if (!operand) return std::nullopt;
  if (operand->let != nullptr) return read_text_operand(test, at, StringTest::Op::kGlob);
  if (at + 1 == test.terms.size()) {
    report_no_text(test, at, *operand);
    return std::nullopt;
  }
  diagnostics_.report(Kind::kUnknownOperator, word->span, "unknown operator `{}`", word->text)
      .hint(
          did_you_mean(word->text, operators_of(row.type),
                       fmt::format("operators of `{}`: {}", row.words, list_words(operators_of(row.type)))));
  return std::nullopt;
}

// What stands where text belongs. A word is most likely text whose quotes are missing.
void PredicateReader::report_no_text(const Test& test, size_t index, const Operand& operand) {
  std::string before(test.row.words);
  for (size_t i = test.next; i < index; ++i) {
    if (const auto* comparison = std::get_if<ast::Operator>(&test.terms[i]))
      before += fmt::format(" {}", spelling(comparison->comparison));
    if (const auto* word = std::get_if<ast::Word>(&test.terms[i])) before += " " + word->text;
  }
  const auto* word = std::get_if<ast::Word>(operand.term);
  if (word == nullptr) return values_.wrong_type(operand, {before, test.row.example}, "a string");
  diag::Hint hint =
      did_you_mean(word->text, declarations_.let_names(),
                   fmt::format("text stands in double quotes: `{} \"{}\"`", before, word->text));
  if (hint.word.empty()) hint.word = fmt::format("\"{}\"", word->text);
  diagnostics_.report(Kind::kUndefinedConstant, word->span, "undefined constant `{}`", word->text)
      .hint(std::move(hint));
}

std::optional<LeafTest> PredicateReader::read_text_operand(const Test& test, size_t index,
                                                           StringTest::Op op) {
  const Subject subject = test.subject();
  if (index >= test.terms.size()) {
    const Span last = ast::span_of(test.terms.back());
    diagnostics_
        .report(Kind::kMissingOperand, last, "`{}` has no operand",
                op == StringTest::Op::kExact ? "==" : model::spelling(op))
        .help(fmt::format("for instance `{}`", subject.example));
    return std::nullopt;
  }
  const auto operand = values_.resolve(test.terms[index]);
  if (!operand) return std::nullopt;
  const auto* string = std::get_if<ast::String>(operand->term);
  if (string == nullptr) {
    report_no_text(test, index, *operand);
    return std::nullopt;
  }
  const auto text = values_.text(*string, *operand, subject);
  if (!text || !expect_end(test, index + 1 - test.next)) return std::nullopt;
  LeafTest out;
  out.predicate.string = StringTest{op, *text};
  const abi::Attribute attribute = *test.row.attribute;
  const bool sound = test.row.type == ValueType::kPath
                         ? check_path_test(*out.predicate.string, *operand)
                         : check_comm(*out.predicate.string, *operand, test.row);
  if (!sound || !check_pattern(*out.predicate.string, *string, *operand, attribute)) return std::nullopt;
  warn_of_alternatives(*out.predicate.string, *operand, subject);
  warn_of_slice(*out.predicate.string, *operand, test, index);
  if (op == StringTest::Op::kExact && text->find('*') != std::string::npos)
    values_.report(Kind::kLiteralAlternatives, *operand, "behind `==` and `!=` a `*` stands for itself")
        .help(fmt::format("a pattern stands alone: `{} {}`", subject.words, quoted(*text)));
  return out;
}

// A slice of systemd is a cgroup for cgroups: the kernel lets no process into one that shares out resources.
void PredicateReader::warn_of_slice(const StringTest& string, const Operand& operand, const Test& test,
                                    size_t index) {
  const bool is_alone = string.op == StringTest::Op::kExact || string.op == StringTest::Op::kGlob;
  if (test.row.attribute != abi::Attribute::kCgroup || !is_alone || !string.text.ends_with(".slice")) return;
  auto report =
      values_.report(Kind::kSliceAlone, operand,
                     fmt::format("a slice has no tasks of its own: those of {} are in the cgroups below it",
                                 quoted(string.text)));
  const auto* comparison = std::get_if<ast::Operator>(&test.terms[index - 1]);
  const bool differs = comparison != nullptr && comparison->comparison == Comparison::kNotEqual;
  report.note("`cgroup` without `under` is true in this one cgroup only")
      .help(fmt::format("write `{}cgroup under {}`", differs ? "not " : "", quoted(string.text)));
  const Span written = ast::span_of(test.terms[index]);
  if (comparison == nullptr) {
    report.suggest({written.file, written.begin, written.begin}, "under ");
  } else if (!differs) {
    report.suggest(comparison->span, "under");
  }
}

// `{a,b}` and `a|b` are habits from shells and regular expressions.
void PredicateReader::warn_of_alternatives(const StringTest& string, const Operand& operand,
                                           const Subject& subject) {
  if (string.op == StringTest::Op::kRegex) return;
  const size_t brace = string.text.find('{');
  const bool braces = brace != std::string::npos && string.text.find('}', brace) != std::string::npos;
  if (!braces && string.text.find('|') == std::string::npos) return;
  values_.report(Kind::kLiteralAlternatives, operand, "`{a,b}` and `a|b` stand for themselves in a pattern")
      .help(fmt::format("join tests: `{0} \"...\" or {0} \"...\"`; one of two characters is `[ab]`",
                        subject.words));
}

bool PredicateReader::check_comm(const StringTest& string, const Operand& operand, const AttributeRow& row) {
  size_t bytes = string.text.size();
  if (string.op == StringTest::Op::kGlob || string.op == StringTest::Op::kRegex) {
    const auto parsed = automata::parse_test(string, *row.attribute);
    const auto* pattern = std::get_if<automata::Pattern>(&parsed);
    if (pattern == nullptr) return true;  // reported by check_pattern
    bytes = shortest(*pattern);
  }
  if (bytes <= abi::kCommBytes) return true;
  auto report =
      values_.report_value(Kind::kCommTooLong, operand,
                           fmt::format("{} bytes of text for `{}`, which never matches", bytes, row.words));
  report.note(
      "the kernel keeps the first 15 bytes of a thread's name (`TASK_COMM_LEN` is 16, with a final zero)");
  const bool is_plain = string.text.find_first_of("*?[\\") == std::string::npos;
  if (string.op == StringTest::Op::kExact || string.op == StringTest::Op::kPrefix ||
      (string.op == StringTest::Op::kGlob && is_plain))
    report.help(fmt::format("compare with what the kernel keeps: {}",
                            quoted(string.text.substr(0, abi::kCommBytes))));
  return false;
}

bool PredicateReader::check_path_test(const StringTest& string, const Operand& operand) {
  const std::string& text = string.text;
  const auto bad = [&](std::string message, std::string help) {
    values_.report_value(Kind::kBadCgroupPath, operand, std::move(message))
        .note("cgroup paths begin at the root of the hierarchy: `/`, `/system.slice/ssh.service`")
        .help(std::move(help));
    return false;
  };
  switch (string.op) {
    case StringTest::Op::kExact:
    case StringTest::Op::kUnder:
      return check_path(text, operand);
    case StringTest::Op::kPrefix:
      if (!text.starts_with('/'))
        return bad(fmt::format("a cgroup path never begins with {}", quoted(text)),
                   fmt::format("write {}, or `contains` for a part of the path", quoted("/" + text)));
      break;
    case StringTest::Op::kGlob:
      // What can stand for a `/` at the beginning: `**` can, `*` and `?` cannot.
      if (!text.starts_with('/') && !text.starts_with("**") && !text.starts_with("[") &&
          !text.starts_with('\\'))
        return bad(fmt::format("a cgroup path never matches {}: it does not begin with `/`", quoted(text)),
                   fmt::format("write {}, or {} for any depth", quoted("/" + text), quoted("/**/" + text)));
      [[fallthrough]];
    case StringTest::Op::kSuffix:
      if (text.size() > 1 && text.ends_with('/'))
        return bad(fmt::format("a cgroup path never ends with `/`, as {} does", quoted(text)),
                   fmt::format("write {}", quoted(text.substr(0, text.find_last_not_of('/') + 1))));
      break;
    case StringTest::Op::kContains:
      break;
    case StringTest::Op::kRegex:
      // `^name`: anchored at a byte that no path begins with.
      if (text.size() > 1 && text[0] == '^' && is_name_byte(text[1]) && text.find('|') == std::string::npos)
        return bad(fmt::format("a cgroup path never matches {}: it does not begin with `/`", quoted(text)),
                   fmt::format("write {}", quoted("^/" + text.substr(1))));
      return true;
  }
  if (text.find("//") != std::string::npos)
    return bad(fmt::format("a cgroup path has no empty component, as {} does", quoted(text)),
               "write one `/`");
  return true;
}

bool PredicateReader::check_path(const std::string& path, const Operand& operand) {
  constexpr std::string_view kMount = "/sys/fs/cgroup";
  const auto bad = [&](std::string message) {
    return values_.report_value(Kind::kBadCgroupPath, operand, std::move(message))
        .note("cgroup paths begin at the root of the hierarchy: `/`, `/system.slice/ssh.service`");
  };
  if (!path.starts_with('/')) {
    const std::string trimmed = path.substr(0, path.find_last_not_of('/') + 1);
    bad(fmt::format("the cgroup path {} does not begin with `/`", quoted(path)))
        .help(fmt::format("write {}", quoted("/" + trimmed)));
    return false;
  }
  if (path.starts_with(kMount) && (path.size() == kMount.size() || path[kMount.size()] == '/')) {
    const std::string inner = path.size() <= kMount.size() + 1 ? "/" : path.substr(kMount.size());
    bad(fmt::format("the cgroup path {} is a path of the file system", quoted(path)))
        .help(fmt::format("leave the mount point out: {}", quoted(inner)));
    return false;
  }
  if (path.size() > 1 && path.ends_with('/')) {
    bad(fmt::format("the cgroup path {} ends with `/`", quoted(path)))
        .help(fmt::format("write {}",
                          quoted(path.substr(0, std::max<size_t>(1, path.find_last_not_of('/') + 1)))));
    return false;
  }
  // Components between slashes; the path is `/` or ends without one.
  for (size_t begin = 1; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view component = std::string_view(path).substr(begin, end - begin);
    if (component.empty() || component == "." || component == "..") {
      bad(component.empty()
              ? fmt::format("the cgroup path {} has an empty component", quoted(path))
              : fmt::format("the cgroup path {} has the component `{}`", quoted(path), component))
          .help("a path names each cgroup on the way once, without empty components, `.` and `..`");
      return false;
    }
    begin = end + 1;
  }
  return true;
}

bool PredicateReader::check_pattern(const StringTest& string, const ast::String& written,
                                    const Operand& operand, abi::Attribute attribute) {
  const auto parsed = automata::parse_test(string, attribute);
  const auto* error = std::get_if<automata::PatternError>(&parsed);
  if (error == nullptr) return true;
  Operand at = operand;
  // Offsets count bytes of the value: they are places of the text when it has no escapes.
  const bool plain = written.span.end - written.span.begin == written.value.size() + 2;
  if (operand.let == nullptr && plain && error->offset < written.value.size()) {
    at.span.begin = written.span.begin + 1 + error->offset;
    at.span.end = at.span.begin + 1;
  }
  values_.report_value(Kind::kBadPattern, at, error->message).help(error->help);
  return false;
}

}  // namespace scx::sema
