#include "runtime/abi/settings_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "runtime/base/check.h"

namespace scx::abi {
namespace {

// What says where a cell's CPUs come from, if anything does.
std::string source_text(const CellSettings& settings) {
  switch (settings.source) {
    case CellCpus::kWeight:
      return "";
    case CellCpus::kAmount:
      return "cpus " + to_string(settings.cpus);
    case CellCpus::kList:
      return "cpus list " + cpu_list_text(settings.cpu_list);
    case CellCpus::kCpuset:
      return fmt::format("cpus from cpuset else weight {}", settings.weight);
  }
  SCX_CHECK(false, "the source is an enumerator");
}

std::string rebalance_text(const Rebalance& rebalance) {
  return fmt::format("rebalance {{ threshold {}%; every {}; smoothing {}; cooldown {}; }}",
                     rebalance.threshold, duration_text(rebalance.every_ns), rebalance.smoothing / 1000.0,
                     duration_text(rebalance.cooldown_ns));
}

}  // namespace

std::string to_string(const CpuAmount& amount) {
  switch (amount.unit) {
    case CpuAmount::Unit::kCpus:
      return fmt::format("{}", amount.value);
    case CpuAmount::Unit::kCores:
      return fmt::format("{} core", amount.value);
    case CpuAmount::Unit::kPercent:
      return fmt::format("{}%", amount.value);
  }
  SCX_CHECK(false, "the unit is an enumerator");
}

std::string to_string(const CpuRange& range) {
  return to_string(range.floor) + ".." + to_string(range.ceiling);
}

std::string to_string(const std::vector<IntRange>& ids) {
  std::vector<std::string> members;
  for (const IntRange& range : ids)
    members.push_back(range.low == range.high ? fmt::format("{}", range.low)
                                              : fmt::format("{}..{}", range.low, range.high));
  return members.size() == 1 ? members[0] : fmt::format("{{{}}}", fmt::join(members, ", "));
}

std::string cpu_list_text(const std::vector<IntRange>& cpus) {
  std::vector<std::string> members;
  for (const IntRange& range : cpus)
    members.push_back(range.low == range.high ? fmt::format("{}", range.low)
                                              : fmt::format("{}-{}", range.low, range.high));
  return fmt::format("\"{}\"", fmt::join(members, ","));
}

std::string yield_text(uint32_t loss) {
  if (loss == kYieldAll) return "give-up";
  return loss == 0 ? "ignore" : fmt::format("{}", loss / 1000.0);
}

std::vector<std::string> property_texts(const LayerSettings& settings) {
  std::vector<std::string> out;
  if (settings.kind != LayerKind::kOpen) {
    out.push_back("cpus " + to_string(settings.cpus));
    if (settings.util != UtilRange{})
      out.push_back(fmt::format("util {}%..{}%", settings.util.low, settings.util.high));
    if (settings.grow != GrowOrder::kSticky) out.push_back(fmt::format("grow {}", spelling(settings.grow)));
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
  if (settings.yield_loss != kYieldAll) out.push_back("yield " + yield_text(settings.yield_loss));
  return out;
}

std::vector<std::string> property_texts(const CellSettings& settings) {
  const CellSettings defaults;
  std::vector<std::string> out;
  if (settings.share_with) out.push_back(fmt::format("share with {} by weight", *settings.share_with));
  if (std::string source = source_text(settings); !source.empty()) out.push_back(std::move(source));
  if (settings.weight != defaults.weight && settings.source != CellCpus::kCpuset)
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

}  // namespace scx::abi
