#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/model/model.h"
#include "runtime/base/check.h"
#include "runtime/base/file.h"

namespace scx::model {
namespace {

bool expression_reads(const Policy& policy, const Expression& expression, abi::Attribute attribute) {
  if (expression.kind == Expression::Kind::kTest)
    return policy.predicates[expression.predicate].attribute == attribute;
  for (const Expression& operand : expression.operands)
    if (expression_reads(policy, operand, attribute)) return true;
  return false;
}

std::string range_text(abi::Attribute attribute, const abi::IntRange& range) {
  if (attribute == abi::Attribute::kSched && range.low == range.high) return abi::sched_word(range.low);
  return range.low == range.high ? fmt::format("{}", range.low)
                                 : fmt::format("{}..{}", range.low, range.high);
}

// How tightly an expression's outermost word binds; `or` loosest.
int binding(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::kOr:
      return 0;
    case Expression::Kind::kAnd:
      return 1;
    case Expression::Kind::kNot:
      return 2;
    default:
      return 3;
  }
}

std::string operand_text(const Policy& policy, const Expression& operand, int outer) {
  const std::string text = to_string(policy, operand);
  return binding(operand) <= outer ? "(" + text + ")" : text;
}

}  // namespace

void Policy::number_domains() {
  domains.clear();
  uint32_t slot = 0;
  for (uint32_t c = 0; c < cells.size(); ++c) {
    Cell& cell = cells[c];
    cell.first_slot = slot;
    cell.first_domain = static_cast<uint32_t>(domains.size());
    for (uint32_t k = 0; k < cell.max; ++k, ++slot)
      for (uint32_t l = 0; l < cell.layers.size(); ++l) domains.push_back({c, l, slot});
  }
}

bool Policy::reads(abi::Attribute attribute) const {
  for (const Cell& cell : cells) {
    if (cell.kind != abi::CellKind::kRoot && expression_reads(*this, cell.claim, attribute)) return true;
    for (const Layer& l : cell.layers)
      if (expression_reads(*this, l.match, attribute)) return true;
  }
  return false;
}

std::string_view spelling(StringTest::Op op) {
  switch (op) {
    case StringTest::Op::kExact:
      return "==";
    case StringTest::Op::kUnder:
      return "under";
    case StringTest::Op::kPrefix:
      return "prefix";
    case StringTest::Op::kSuffix:
      return "suffix";
    case StringTest::Op::kContains:
      return "contains";
    case StringTest::Op::kGlob:
      return "glob";
    case StringTest::Op::kRegex:
      return "matches";
  }
  SCX_CHECK(false, "the operator is an enumerator");
}

std::string to_string(KernelVersion version) { return fmt::format("{}.{}", version.major, version.minor); }

std::string to_string(const Predicate& predicate) {
  const std::string_view attribute = abi::spelling(predicate.attribute);
  if (predicate.string) {
    // A glob has no operator word in the language.
    const std::string text = quoted(predicate.string->text);
    if (predicate.string->op == StringTest::Op::kGlob) return fmt::format("{} {}", attribute, text);
    return fmt::format("{} {} {}", attribute, spelling(predicate.string->op), text);
  }
  if (is_gpu(predicate.attribute))
    return std::string(attribute) + (predicate.device ? fmt::format(" device {}", *predicate.device) : "") +
           (predicate.for_ns != 0 ? " for " + duration_text(predicate.for_ns) : "");
  if (is_flag(predicate.attribute) && predicate.ranges == std::vector<abi::IntRange>{{1, 1}})
    return std::string(attribute);
  std::vector<std::string> members;
  for (const abi::IntRange& range : predicate.ranges)
    members.push_back(range_text(predicate.attribute, range));
  for (const std::string& name : predicate.names) members.push_back(quoted(name));
  const std::string_view negation = predicate.negated_names ? "!= " : "";
  if (members.size() == 1) return fmt::format("{} {}{}", attribute, negation, members[0]);
  return fmt::format("{} {}{{{}}}", attribute, negation, fmt::join(members, ", "));
}

std::string to_string(const Policy& policy, const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::kAll:
      return "*";
    case Expression::Kind::kTest:
      return to_string(policy.predicates[expression.predicate]);
    case Expression::Kind::kNot:
      return "not " + operand_text(policy, expression.operands[0], 1);
    case Expression::Kind::kAnd:
    case Expression::Kind::kOr:
      break;
  }
  const bool is_and = expression.kind == Expression::Kind::kAnd;
  std::string text;
  for (const Expression& operand : expression.operands) {
    if (!text.empty()) text += is_and ? " and " : " or ";
    // Mixed `and` and `or` get parentheses even where precedence would do.
    text += operand_text(policy, operand, 1);
  }
  return text;
}

}  // namespace scx::model
