#include "compiler/sema/predicates.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/model/ranges.h"
#include "runtime/base/closest.h"

namespace scx::sema {

using ast::Comparison;
using diag::Kind;

namespace {

// Attributes that can be used now, and names of matchers.
std::vector<std::string_view> known_words(const Declarations& declarations) {
  std::vector<std::string_view> words = attribute_words();
  for (const AttributeRow& row : attributes())
    if (!row.forms.empty()) words.push_back(row.words);
  for (const std::string_view name : declarations.matcher_names()) words.push_back(name);
  return words;
}

// Whether the term is most likely a misspelt `and`, `or` or `not`.
bool suggest_connective(const ast::Term& term, diag::Builder& report) {
  const auto* word = std::get_if<ast::Word>(&term);
  const std::string_view meant = word == nullptr ? "" : diag::meant_connective(word->text);
  if (meant.empty()) return false;
  report.help(fmt::format("did you mean `{}`?", meant)).suggest(word->span, std::string(meant));
  return true;
}

}  // namespace

std::optional<LeafTest> PredicateReader::read(const Terms& terms, Span span) {
  if (const auto* word = std::get_if<ast::Word>(&terms[0]);
      terms.size() == 1 && declarations_.refused.contains(word->text))
    return std::nullopt;
  const AttributeRow* row = find_attribute(terms);
  if (row == nullptr) {
    report_unknown(terms);
    return std::nullopt;
  }
  const size_t next = count_words(row->words);
  if (!row->forms.empty()) {
    report_form(*row, terms, span);
    return std::nullopt;
  }
  if (!row->attribute) {
    diagnostics_
        .report(Kind::kNotImplemented, join(ast::span_of(terms[0]), ast::span_of(terms[next - 1])),
                "the attribute `{}` is not implemented yet", row->words)
        .help("attributes of this version: " + list_words(attribute_words()));
    return std::nullopt;
  }
  const Test test{*row, terms, next, span};
  std::optional<LeafTest> out;
  switch (row->type) {
    case ValueType::kPath:
    case ValueType::kComm:
      out = read_text(test);
      break;
    case ValueType::kInteger:
    case ValueType::kUser:
    case ValueType::kGroup:
      out = read_integer(test);
      break;
    case ValueType::kPolicyWord:
      out = read_sched(test);
      break;
    case ValueType::kFlag:
      out = read_flag(test);
      break;
    case ValueType::kPlace:
      out = read_places(test);
      break;
    case ValueType::kGpu:
      out = read_gpu(test);
      break;
  }
  if (out) {
    out->predicate.attribute = *row->attribute;
    out->predicate.span = span;
  }
  return out;
}

void PredicateReader::report_unknown(const Terms& terms) {
  const auto* word = std::get_if<ast::Word>(&terms[0]);
  if (word == nullptr) return;
  if (const auto matcher = declarations_.find_matcher(word->text)) {
    auto report = diagnostics_.report(Kind::kUnexpectedOperand, ast::span_of(terms[1]),
                                      "the matcher `{}` takes no operand", word->text);
    report.label(declarations_.matchers[*matcher]->name.span, "the matcher");
    if (!suggest_connective(terms[1], report))
      report.help(fmt::format("a matcher's name stands alone: `{}`, `not {}`, `{} and …`", word->text,
                              word->text, word->text));
    return;
  }
  if (const ast::Let* let = declarations_.find_let(word->text)) {
    diagnostics_.report(Kind::kWrongNameKind, word->span, "`{}` is a constant, not a matcher", word->text)
        .label(let->name.span, "defined here")
        .help(fmt::format("a test gets a name with `match {} = …;`", word->text));
    return;
  }
  const std::string_view what = terms.size() == 1 ? "attribute or matcher" : "attribute";
  if (terms.size() > 1 && diag::meant_connective(word->text) == "not") {
    auto report =
        diagnostics_.report(Kind::kUnknownAttribute, word->span, "unknown {} `{}`", what, word->text);
    suggest_connective(terms[0], report);
    return;
  }
  const auto words = known_words(declarations_);
  std::vector<std::string_view> later;
  for (const AttributeRow& row : attributes())
    if (!row.attribute && row.forms.empty()) later.push_back(row.words);
  const std::string_view guess = closest(word->text, later);
  const bool means_all = word->text == "all" || word->text == "any" || word->text == "true";
  diagnostics_.report(Kind::kUnknownAttribute, word->span, "unknown {} `{}`", what, word->text)
      .hint(did_you_mean(word->text, words,
                         means_all ? "`*` matches every task"
                         : guess.empty()
                             ? "attributes: " + list_words(attribute_words())
                             : fmt::format("did you mean `{}`, which is not implemented yet?", guess)));
}

// Words that begin several attributes, and none of them follows.
void PredicateReader::report_form(const AttributeRow& row, const Terms& terms, Span span) {
  const size_t next = count_words(row.words);
  const auto help = fmt::format("write one of {}", row.forms);
  if (next == terms.size()) {
    diagnostics_.report(Kind::kMissingOperand, span, "`{}` without what it is to be", row.words).help(help);
    return;
  }
  const ast::Term& term = terms[next];
  if (const auto* word = std::get_if<ast::Word>(&term))
    diagnostics_
        .report(Kind::kUnknownValue, word->span, "unknown word `{}` behind `{}`", word->text, row.words)
        .help(help);
  else
    diagnostics_
        .report(Kind::kUnexpectedOperand, ast::span_of(term), "{} behind `{}`", describe(term), row.words)
        .help(help);
}

// Whether the test has `count` terms behind the attribute and no more.
bool PredicateReader::expect_end(const Test& test, size_t count) {
  const size_t end = test.next + count;
  if (test.terms.size() <= end) return true;
  const Span extra = ast::span_of(test.terms[end]);
  const auto* word = std::get_if<ast::Word>(&test.terms[end]);
  if (word != nullptr && word->text == "in" && end + 1 < test.terms.size()) {
    diagnostics_.report(Kind::kNotImplemented, extra, "`in pidns` is not implemented yet")
        .help(fmt::format("`{}` counts in the initial pid namespace", test.row.words));
    return false;
  }
  auto report = diagnostics_.report(Kind::kUnexpectedOperand, extra, "{} behind a complete test",
                                    describe(test.terms[end]));
  if (suggest_connective(test.terms[end], report)) return false;
  report.help(fmt::format(
      "tests are joined by `and` and `or`, a statement ends with `;`; a test of `{}` is written `{}`",
      test.row.words, test.row.example));
  return false;
}

std::optional<LeafTest> PredicateReader::read_integer(const Test& test) {
  const Subject subject = test.subject();
  size_t at = test.next;
  Comparison comparison = Comparison::kEqual;
  if (at < test.terms.size())
    if (const auto* written = std::get_if<ast::Operator>(&test.terms[at])) {
      comparison = written->comparison;
      ++at;
    }
  if (at == test.terms.size()) {
    diagnostics_.report(Kind::kMissingOperand, test.span, "`{}` is compared with nothing", test.row.words)
        .help(fmt::format("for instance `{}`", test.row.example));
    return std::nullopt;
  }
  if (const auto* word = std::get_if<ast::Word>(&test.terms[at])) {
    for (const OperatorRow& row : word_operators()) {
      if (row.word != word->text) continue;
      diagnostics_
          .report(Kind::kOperatorMismatch, word->span, "`{}` does not apply to `{}`", word->text,
                  test.row.words)
          .help(fmt::format("`{}` compares text; write `{}`", word->text, test.row.example));
      return std::nullopt;
    }
  }
  const auto operand = values_.resolve(test.terms[at]);
  if (!operand) return std::nullopt;
  const bool ordered = comparison != Comparison::kEqual && comparison != Comparison::kNotEqual;
  if (ordered && !std::holds_alternative<ast::Number>(*operand->term)) {
    if (std::holds_alternative<ast::Word>(*operand->term)) {
      values_.wrong_type(*operand, subject, "a whole number");
      return std::nullopt;
    }
    values_
        .report(Kind::kOperatorMismatch, *operand,
                fmt::format("`{}` compares with one number, not {}", spelling(comparison),
                            describe(*operand->term)))
        .help("ranges, sets and names go with `==` and `!=`");
    return std::nullopt;
  }
  LeafTest out;
  if (!read_members(test, *operand, out)) return std::nullopt;
  if (!expect_end(test, at + 1 - test.next)) return std::nullopt;
  if (!compare(test, comparison, out)) return std::nullopt;
  return out;
}

// A word among numbers: meant as a name in quotes or as a constant.
void PredicateReader::report_word_member(const Test& test, const Operand& operand, const ast::Word& word) {
  const Operand at{operand.term, operand.let == nullptr ? word.span : operand.span, operand.let};
  values_
      .report(Kind::kWrongType, at,
              fmt::format("the word `{}` in a set that `{}` is compared with", word.text, test.row.words))
      .help(is_identity(test.row.type)
                ? fmt::format("a name is a string: `\"{}\"`; a constant stands alone and not in a set",
                              word.text)
                : "such a set lists numbers and ranges; a constant stands alone and not in a set");
}

// Fills ranges and names with what the operand lists.
bool PredicateReader::read_members(const Test& test, const Operand& operand, LeafTest& out) {
  const Subject subject = test.subject();
  model::Predicate& predicate = out.predicate;
  const auto add_name = [&](const ast::String& string) {
    if (!is_identity(test.row.type)) {
      values_.wrong_type(operand, subject, "whole numbers, ranges and sets of them");
      return false;
    }
    const auto name = values_.text(string, operand, subject);
    if (name && name->find('*') != std::string::npos)
      values_.report(Kind::kLiteralAlternatives, operand, "a name is no pattern: `*` stands for itself")
          .help("list the names: `uid {\"a\", \"b\"}`, or give a range of ids: `uid 1000..1999`");
    if (name) predicate.names.push_back(*name);
    return name.has_value();
  };
  const auto add_number = [&](const ast::Number& number) {
    const auto value = read_value(test, operand, number);
    if (value) predicate.ranges.push_back({*value, *value});
    return value.has_value();
  };
  bool sound = true;
  if (const auto* number = std::get_if<ast::Number>(operand.term)) {
    sound = add_number(*number);
  } else if (const auto* range = std::get_if<ast::Range>(operand.term)) {
    sound = read_range(test, operand, *range, out);
  } else if (const auto* string = std::get_if<ast::String>(operand.term)) {
    sound = add_name(*string);
  } else if (const auto* set = std::get_if<ast::Set>(operand.term)) {
    if (!expect_members(test, operand, *set)) return false;
    for (const auto& member : set->members) {
      if (const auto* w = std::get_if<ast::Word>(&member)) {
        report_word_member(test, operand, *w);
        sound = false;
      }
      if (const auto* n = std::get_if<ast::Number>(&member)) sound = add_number(*n) && sound;
      if (const auto* r = std::get_if<ast::Range>(&member))
        sound = read_range(test, operand, *r, out) && sound;
      if (const auto* s = std::get_if<ast::String>(&member)) sound = add_name(*s) && sound;
    }
  } else {
    const std::string_view wanted = is_identity(test.row.type) ? "numbers, ranges, sets or quoted names"
                                                               : "a whole number, a range or a set";
    values_.wrong_type(operand, subject, wanted);
    return false;
  }
  predicate.ranges = model::normalise(std::move(predicate.ranges));
  std::sort(predicate.names.begin(), predicate.names.end());
  predicate.names.erase(std::unique(predicate.names.begin(), predicate.names.end()), predicate.names.end());
  return sound;
}

std::optional<int64_t> PredicateReader::read_value(const Test& test, const Operand& operand,
                                                   const ast::Number& number) {
  const auto value = values_.integer(number, operand, test.subject());
  if (!value) return std::nullopt;
  if (*value >= test.row.low && *value <= test.row.high) return value;
  const Operand at{operand.term, operand.let == nullptr ? number.span : operand.span, operand.let};
  values_
      .report(Kind::kOutOfRange, at,
              fmt::format("`{}` is out of range for `{}`", number.text, test.row.words))
      .note(std::string(test.row.source))
      .help(fmt::format("the range is {} to {}", test.row.low, test.row.high));
  return std::nullopt;
}

bool PredicateReader::read_range(const Test& test, const Operand& operand, const ast::Range& range,
                                 LeafTest& out) {
  const auto low = range.low ? read_value(test, operand, *range.low) : std::optional(test.row.low);
  const auto high = range.high ? read_value(test, operand, *range.high) : std::optional(test.row.high);
  if (!low || !high) return false;
  if (*low > *high) {
    const Operand at{operand.term, operand.let == nullptr ? range.span : operand.span, operand.let};
    values_.report(Kind::kEmptyRange, at, fmt::format("the range `{}..{}` holds no value", *low, *high))
        .help(fmt::format("write `{}..{}`, the lower bound first", *high, *low));
    return false;
  }
  out.predicate.ranges.push_back({*low, *high});
  return true;
}

// Applies the comparison to what the operand listed and looks whether the
// result can be true and false at all.
bool PredicateReader::compare(const Test& test, Comparison comparison, LeafTest& out) {
  model::Predicate& predicate = out.predicate;
  const int64_t low = test.row.low;
  const int64_t high = test.row.high;
  if (!predicate.names.empty()) {
    // Whose ids they are is known only when loading.
    out.negated = comparison == Comparison::kNotEqual;
    return true;
  }
  const int64_t value = predicate.ranges[0].low;
  switch (comparison) {
    case Comparison::kEqual:
      break;
    case Comparison::kNotEqual:
      predicate.ranges = model::complement(predicate.ranges, low, high);
      break;
    case Comparison::kLess:
      predicate.ranges = model::normalise({{low, value - 1}});
      break;
    case Comparison::kLessEqual:
      predicate.ranges = model::normalise({{low, value}});
      break;
    case Comparison::kGreater:
      predicate.ranges = model::normalise({{value + 1, high}});
      break;
    case Comparison::kGreaterEqual:
      predicate.ranges = model::normalise({{value, high}});
      break;
  }
  if (predicate.ranges.empty()) {
    diagnostics_.report(Kind::kNeverTrue, test.span, "no task satisfies this test of `{}`", test.row.words)
        .at("never true")
        .note(std::string(test.row.source));
    return false;
  }
  if (predicate.ranges == model::Ranges{{low, high}}) {
    out.always = true;
    diagnostics_
        .report(Kind::kAlwaysTrue, test.span, "every task satisfies this test of `{}`", test.row.words)
        .at("always true")
        .note(std::string(test.row.source))
        .help("leave it out, or write `*`");
  }
  return true;
}

std::optional<LeafTest> PredicateReader::read_sched(const Test& test) {
  std::vector<std::string_view> words;
  for (const SchedRow& row : sched_words()) words.push_back(row.word);
  LeafTest out;
  size_t at = test.next;
  if (at < test.terms.size())
    if (const auto* written = std::get_if<ast::Operator>(&test.terms[at])) {
      if (written->comparison != Comparison::kEqual && written->comparison != Comparison::kNotEqual) {
        diagnostics_
            .report(Kind::kOperatorMismatch, written->span, "`{}` does not apply to `{}`",
                    spelling(written->comparison), test.row.words)
            .help(fmt::format("`{}` is one of {}: it is equal or it is not", test.row.words,
                              list_words(words)));
        return std::nullopt;
      }
      // A negated test and not the other words: tasks may have policies that the language has no word for.
      out.negated = written->comparison == Comparison::kNotEqual;
      ++at;
    }
  if (at == test.terms.size()) {
    diagnostics_.report(Kind::kMissingOperand, test.span, "`{}` is compared with nothing", test.row.words)
        .help("one of " + list_words(words));
    return std::nullopt;
  }
  // The words come before constants of the same name.
  const auto* written = std::get_if<ast::Word>(&test.terms[at]);
  const bool own = written != nullptr && std::find(words.begin(), words.end(), written->text) != words.end();
  const auto operand =
      own ? Operand{&test.terms[at], written->span, nullptr} : values_.resolve(test.terms[at]);
  if (!operand) return std::nullopt;
  if (const auto* word = std::get_if<ast::Word>(operand->term)) {
    const auto value = read_sched_word(*word);
    if (!value) return std::nullopt;
    out.predicate.ranges = {{*value, *value}};
  } else if (const auto* set = std::get_if<ast::Set>(operand->term)) {
    if (!read_sched_set(test, *operand, *set, out)) return std::nullopt;
  } else {
    values_
        .report(Kind::kWrongType, *operand,
                fmt::format("`{}` takes a word or a set of words, not {}", test.row.words,
                            describe(*operand->term)))
        .help("one of " + list_words(words));
    return std::nullopt;
  }
  if (!expect_end(test, at + 1 - test.next)) return std::nullopt;
  return out;
}

std::optional<int64_t> PredicateReader::read_sched_word(const ast::Word& word) {
  std::vector<std::string_view> words;
  for (const SchedRow& row : sched_words()) {
    if (row.word == word.text) return row.value;
    words.push_back(row.word);
  }
  diagnostics_.report(Kind::kUnknownValue, word.span, "unknown scheduling policy `{}`", word.text)
      .hint(did_you_mean(word.text, words, "one of " + list_words(words)));
  return std::nullopt;
}

bool PredicateReader::read_sched_set(const Test& test, const Operand& operand, const ast::Set& set,
                                     LeafTest& out) {
  if (!expect_members(test, operand, set)) return false;
  bool sound = true;
  for (const auto& member : set.members) {
    if (const auto* word = std::get_if<ast::Word>(&member)) {
      const auto value = read_sched_word(*word);
      if (value) out.predicate.ranges.push_back({*value, *value});
      sound = sound && value.has_value();
      continue;
    }
    const Span place = std::visit([](const auto& node) { return node.span; }, member);
    values_
        .report(Kind::kWrongType, {operand.term, operand.let == nullptr ? place : operand.span, operand.let},
                fmt::format("a set that `{}` is compared with lists words", test.row.words))
        .help("for instance `sched {idle, batch}`");
    sound = false;
  }
  out.predicate.ranges = model::normalise(std::move(out.predicate.ranges));
  return sound;
}

bool PredicateReader::expect_members(const Test& test, const Operand& operand, const ast::Set& set) {
  if (!set.members.empty()) return true;
  values_.report(Kind::kEmptySet, operand, fmt::format("`{}` is compared with an empty set", test.row.words))
      .at("no value is in it");
  return false;
}

// Numbers of nodes or caches: all CPUs of the task lie in one of them.
std::optional<LeafTest> PredicateReader::read_places(const Test& test) {
  if (test.next < test.terms.size())
    if (const auto* written = std::get_if<ast::Operator>(&test.terms[test.next])) {
      diagnostics_
          .report(Kind::kOperatorMismatch, written->span, "`{}` does not apply to `{}`",
                  spelling(written->comparison), test.row.words)
          .help(fmt::format("write `{0}` or `not {0}`", test.row.example));
      return std::nullopt;
    }
  AttributeRow ids = test.row;
  ids.low = 0;  // what can be written, without the value of tasks that are nowhere as a whole
  auto out = read_integer({ids, test.terms, test.next, test.span});
  if (!out) return std::nullopt;
  out->always = false;
  int64_t count = 0;
  for (const abi::IntRange& range : out->predicate.ranges) count += range.high - range.low + 1;
  if (count <= abi::kMaxPlaces) return out;
  diagnostics_
      .report(Kind::kTooManyPlaces, test.span, "{} places in one test, the limit is {}", count,
              abi::kMaxPlaces)
      .note("the scheduler keeps a mask of CPUs for each")
      .help(fmt::format("name the ones that matter: `{}`", test.row.example));
  return std::nullopt;
}

// The operand behind the word before `at`.
std::optional<Operand> PredicateReader::operand_at(const Test& test, size_t at, std::string_view word) {
  if (at < test.terms.size()) return values_.resolve(test.terms[at]);
  diagnostics_.report(Kind::kMissingOperand, ast::span_of(test.terms[at - 1]), "`{}` of nothing", word)
      .help(fmt::format("for instance `{}`", test.row.example));
  return std::nullopt;
}

// How long a membership lasts.
std::optional<uint64_t> PredicateReader::read_lifetime(const Test& test, size_t at) {
  const auto operand = operand_at(test, at, "for");
  if (!operand) return std::nullopt;
  const auto value = values_.duration(*operand, test.subject());
  if (!value || (*value >= kMinLifetime && *value <= kMaxLifetime)) return value;
  values_
      .report(
          Kind::kOutOfRange, *operand,
          fmt::format("`{}` is out of range for `for`", as_written(std::get<ast::Number>(*operand->term))))
      .note(
          "an end is noticed at a tick of the kernel, every 1 to 10 ms; without `for` a membership lasts "
          "until exit")
      .help(fmt::format("the range is {} to {}", model::duration_text(kMinLifetime),
                        model::duration_text(kMaxLifetime)));
  return std::nullopt;
}

// `[device N] [for DURATION]`.
std::optional<LeafTest> PredicateReader::read_gpu(const Test& test) {
  LeafTest out;
  out.predicate.ranges = {{1, 1}};
  size_t at = test.next;
  const auto takes = [&](std::string_view text) {
    const auto* word = at < test.terms.size() ? std::get_if<ast::Word>(&test.terms[at]) : nullptr;
    if (word == nullptr || word->text != text) return false;
    ++at;
    return true;
  };
  if (takes("device")) {
    const auto operand = operand_at(test, at++, "device");
    if (!operand) return std::nullopt;
    const auto* number = std::get_if<ast::Number>(operand->term);
    if (number == nullptr) {
      values_.wrong_type(*operand, test.subject(), "the number of a device behind `device`");
      return std::nullopt;
    }
    const auto value = read_value(test, *operand, *number);
    if (!value) return std::nullopt;
    out.predicate.device = static_cast<uint32_t>(*value);
  }
  if (takes("for")) {
    const auto lifetime = read_lifetime(test, at++);
    if (!lifetime) return std::nullopt;
    out.predicate.for_ns = *lifetime;
  }
  if (!expect_end(test, at - test.next)) return std::nullopt;
  return out;
}

std::optional<LeafTest> PredicateReader::read_flag(const Test& test) {
  if (test.terms.size() > test.next) {
    const ast::Term& extra = test.terms[test.next];
    diagnostics_
        .report(Kind::kUnexpectedOperand, ast::span_of(extra), "`{}` is a flag and takes no operand, here {}",
                test.row.words, describe(extra))
        .help(fmt::format("write `{0}` or `not {0}`", test.row.words));
    return std::nullopt;
  }
  LeafTest out;
  out.predicate.ranges = {{1, 1}};
  return out;
}

}  // namespace scx::sema
