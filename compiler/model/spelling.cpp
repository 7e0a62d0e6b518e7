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
  if (attribute == abi::Attribute::kSched && range.low == range.high) {
    if (range.low == abi::kSchedNormal) return "normal";
    if (range.low == abi::kSchedBatch) return "batch";
    if (range.low == abi::kSchedIdle) return "idle";
  }
  return range.low == range.high ? fmt::format("{}", range.low)
                                 : fmt::format("{}..{}", range.low, range.high);
}

// CPUs as the kernel lists them.
std::string list_text(const std::vector<abi::IntRange>& cpus) {
  std::vector<std::string> members;
  for (const abi::IntRange& range : cpus)
    members.push_back(range.low == range.high ? fmt::format("{}", range.low)
                                              : fmt::format("{}-{}", range.low, range.high));
  return fmt::format("\"{}\"", fmt::join(members, ","));
}

// What says where a cell's CPUs come from, if anything does.
std::string source_text(const abi::CellSettings& settings) {
  switch (settings.source) {
    case abi::CellCpus::kWeight:
      return "";
    case abi::CellCpus::kAmount:
      return "cpus " + to_string(settings.cpus);
    case abi::CellCpus::kList:
      return "cpus list " + list_text(settings.cpu_list);
    case abi::CellCpus::kCpuset:
      return fmt::format("cpus from cpuset else weight {}", settings.weight);
  }
  SCX_CHECK(false, "the source is an enumerator");
}

std::string rebalance_text(const abi::Rebalance& rebalance) {
  return fmt::format("rebalance {{ threshold {}%; every {}; smoothing {}; cooldown {}; }}",
                     rebalance.threshold, duration_text(rebalance.every_ns), rebalance.smoothing / 1000.0,
                     duration_text(rebalance.cooldown_ns));
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

std::string to_string(const abi::CpuAmount& amount) {
  switch (amount.unit) {
    case abi::CpuAmount::Unit::kCpus:
      return fmt::format("{}", amount.value);
    case abi::CpuAmount::Unit::kCores:
      return fmt::format("{} core", amount.value);
    case abi::CpuAmount::Unit::kPercent:
      return fmt::format("{}%", amount.value);
  }
  SCX_CHECK(false, "the unit is an enumerator");
}

std::string to_string(const abi::CpuRange& range) {
  return to_string(range.floor) + ".." + to_string(range.ceiling);
}

std::string to_string(const std::vector<abi::IntRange>& ids) {
  std::vector<std::string> members;
  for (const abi::IntRange& range : ids) members.push_back(range_text(abi::Attribute::kPid, range));
  return members.size() == 1 ? members[0] : fmt::format("{{{}}}", fmt::join(members, ", "));
}

std::vector<std::string> property_texts(const abi::LayerSettings& settings) {
  std::vector<std::string> out;
  if (settings.kind != abi::LayerKind::kOpen) {
    out.push_back("cpus " + to_string(settings.cpus));
    if (settings.util != abi::UtilRange{})
      out.push_back(fmt::format("util {}%..{}%", settings.util.low, settings.util.high));
    if (settings.grow != abi::GrowOrder::kSticky)
      out.push_back(fmt::format("grow {}", spelling(settings.grow)));
    if (settings.is_protected) out.emplace_back("protected");
    if (!settings.nodes.empty()) out.push_back("nodes " + to_string(settings.nodes));
    if (!settings.llcs.empty()) out.push_back("llcs " + to_string(settings.llcs));
    if (settings.near_gpus) out.emplace_back("place near gpu");
    if (!settings.near_nodes.empty()) out.push_back("place near node " + to_string(settings.near_nodes));
    if (settings.resume_latency_ns)
      out.push_back("resume-latency " + duration_text(*settings.resume_latency_ns));
  }
  out.push_back("slice " + duration_text(settings.slice_ns));
  out.push_back(fmt::format("weight {}", settings.weight));
  out.push_back(fmt::format("order {}", spelling(settings.order)));
  if (settings.preempt) out.emplace_back("preempt");
  if (settings.min_run_ns != 0) out.push_back("min-run " + duration_text(settings.min_run_ns));
  if (settings.yield_loss == 0)
    out.emplace_back("yield ignore");
  else if (settings.yield_loss != abi::kYieldAll)
    out.push_back(fmt::format("yield {}", settings.yield_loss / 1000.0));
  return out;
}

std::vector<std::string> property_texts(const abi::CellSettings& settings) {
  const abi::CellSettings defaults;
  std::vector<std::string> out;
  if (settings.share_with) out.push_back(fmt::format("share with {} by weight", *settings.share_with));
  if (std::string source = source_text(settings); !source.empty()) out.push_back(std::move(source));
  if (settings.weight != defaults.weight && settings.source != abi::CellCpus::kCpuset)
    out.push_back(fmt::format("weight {}", settings.weight));
  if (settings.min != defaults.min) out.push_back("min " + to_string(settings.min));
  if (!settings.nodes.empty()) out.push_back("nodes " + to_string(settings.nodes));
  if (!settings.llcs.empty()) out.push_back("llcs " + to_string(settings.llcs));
  if (settings.align != defaults.align) out.push_back(fmt::format("align {}", spelling(settings.align)));
  if (settings.borrow && settings.borrow->return_within_ns)
    out.push_back("borrow idle return within " + duration_text(*settings.borrow->return_within_ns));
  else if (settings.borrow)
    out.emplace_back("borrow idle");
  if (!settings.lends) out.emplace_back("lend none");
  if (settings.rebalance) out.push_back(rebalance_text(*settings.rebalance));
  if (settings.affinity != defaults.affinity)
    out.push_back(fmt::format("affinity {}", spelling(settings.affinity)));
  if (settings.overflow) out.push_back(fmt::format("overflow {}", spelling(*settings.overflow)));
  return out;
}

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

std::string duration_text(uint64_t nanoseconds) {
  struct Unit {
    uint64_t nanoseconds;
    std::string_view word;
  };
  constexpr Unit kUnits[] = {{3'600'000'000'000, "h"},
                             {60'000'000'000, "m"},
                             {1'000'000'000, "s"},
                             {1'000'000, "ms"},
                             {1'000, "us"}};
  if (nanoseconds != 0)
    for (const Unit& unit : kUnits)
      if (nanoseconds % unit.nanoseconds == 0)
        return fmt::format("{}{}", nanoseconds / unit.nanoseconds, unit.word);
  return fmt::format("{}ns", nanoseconds);
}

}  // namespace scx::model
