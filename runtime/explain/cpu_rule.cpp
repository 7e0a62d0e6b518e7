#include "runtime/explain/cpu_rule.h"

#include <fmt/format.h>

#include "runtime/abi/settings_text.h"

namespace scx::explain {
namespace {

using abi::CpuAmount;

bool is_all(const CpuAmount& amount) {
  return amount.unit == CpuAmount::Unit::kPercent && amount.value >= 100;
}

// ", of node 1 only" for `nodes` and `llcs`; nothing if they allow all.
std::string only_text(const std::vector<abi::IntRange>& nodes, const std::vector<abi::IntRange>& llcs) {
  std::string out;
  if (!nodes.empty()) out += ", of nodes " + abi::to_string(nodes) + " only";
  if (!llcs.empty()) out += ", of last-level caches " + abi::to_string(llcs) + " only";
  return out;
}

std::string claim_text(const abi::Cell& cell) {
  const std::string weight = fmt::format("a share of the machine by weight {}", cell.weight);
  switch (cell.source) {
    case abi::CellCpus::kWeight:
      break;
    case abi::CellCpus::kAmount:
      return range_words(cell.cpus, "the machine's CPUs") +
             (cell.cpus.floor == cell.cpus.ceiling ? "" : fmt::format(", by weight {}", cell.weight));
    case abi::CellCpus::kList:
      return "of the CPUs " + abi::cpu_list_text(cell.cpu_list) + " those that are online";
    case abi::CellCpus::kCpuset:
      return fmt::format("the CPUs of its cgroup's cpuset; while it has none, {}", weight);
  }
  return fmt::format("{}, at least {}", weight, amount_words(cell.min, "the machine's CPUs"));
}

std::string root_text(const abi::Manifest& manifest) {
  const abi::Cell& root = manifest.cells.front();
  if (manifest.cells.size() == 1) return "the cell `root` owns every CPU: there is no other cell";
  std::string out = "the cell `root` owns every CPU that no other cell owns";
  if (root.source == abi::CellCpus::kAmount)
    out += ", " + range_words(root.cpus, "the machine's CPUs");
  else
    out += ", at least " + amount_words(root.min, "the machine's CPUs");
  return out;
}

std::string align_text(abi::Alignment align) {
  switch (align) {
    case abi::Alignment::kNone:
      return "";
    case abi::Alignment::kCore:
      return ", in whole cores";
    case abi::Alignment::kLlc:
      return ", in whole last-level caches";
    case abi::Alignment::kNode:
      return ", in whole nodes";
  }
  return "";
}

std::string cell_text(const abi::Manifest& manifest, const abi::Cell& cell) {
  if (cell.kind == abi::CellKind::kRoot)
    return root_text(manifest) + only_text(cell.nodes, cell.llcs) + align_text(cell.align);
  const std::string who = cell.kind == abi::CellKind::kFamily ? fmt::format("each cell of `{}`", cell.name)
                                                              : fmt::format("the cell `{}`", cell.name);
  if (cell.share_with)
    return fmt::format("{} owns no CPU: its tasks share those of `{}` by weight", who, *cell.share_with);
  return fmt::format("{} owns {}{}{}, within the cpusets of its cgroups", who, claim_text(cell),
                     only_text(cell.nodes, cell.llcs), align_text(cell.align));
}

// What goes across the borders of cells.
void add_neighbours(const abi::Manifest& manifest, const abi::Cell& cell, const abi::Domain& layer,
                    std::vector<std::string>& out) {
  if (cell.rebalance)
    out.push_back(fmt::format("the cell's size follows what its tasks use, every {}",
                              abi::duration_text(cell.rebalance->every_ns)));
  if (cell.borrow && layer.kind != abi::LayerKind::kConfined)
    out.push_back("its tasks also run on idle CPUs of cells that lend" +
                  (cell.borrow->return_within_ns
                       ? ", and give them back within " + abi::duration_text(*cell.borrow->return_within_ns)
                       : std::string()));
  bool borrowers = false;
  for (const abi::Cell& other : manifest.cells) borrowers = borrowers || (&other != &cell && other.borrow);
  if (borrowers && cell.lends && !layer.is_protected)
    out.emplace_back("its idle CPUs are lent to cells that borrow");
  if (cell.overflow)
    out.emplace_back(*cell.overflow == abi::Overflow::kRoot
                         ? "when there are no CPUs for the cell, its tasks are root's"
                         : "when there are no CPUs for the cell, it shares those of others");
}

std::string owning_text(const abi::Domain& layer) {
  std::string out = fmt::format("the layer `{}` owns {}", layer.layer, range_words(layer.cpus, "the cell's"));
  out += only_text(layer.nodes, layer.llcs);
  if (layer.near_gpus) out += ", near GPUs first";
  if (!layer.near_nodes.empty()) out += ", near node " + abi::to_string(layer.near_nodes) + " first";
  return out;
}

}  // namespace

std::string amount_words(const CpuAmount& amount, const std::string& whole) {
  switch (amount.unit) {
    case CpuAmount::Unit::kCpus:
      return fmt::format("{} CPU{}", amount.value, amount.value == 1 ? "" : "s");
    case CpuAmount::Unit::kCores:
      return fmt::format("{} core{}", amount.value, amount.value == 1 ? "" : "s");
    case CpuAmount::Unit::kPercent:
      return fmt::format("{}% of {}", amount.value, whole);
  }
  return "";
}

std::string range_words(const abi::CpuRange& range, const std::string& whole) {
  if (range.floor == range.ceiling) return fmt::format("{}, always", amount_words(range.floor, whole));
  if (is_all(range.ceiling)) return fmt::format("at least {}", amount_words(range.floor, whole));
  return fmt::format("from {} to {}", amount_words(range.floor, whole), amount_words(range.ceiling, whole));
}

std::vector<std::string> cpu_rule(const abi::Manifest& manifest, uint32_t domain) {
  const abi::Domain& layer = manifest.domains.at(domain);
  const abi::Cell& cell = abi::cell_of_slot(manifest.cells, layer.slot);
  std::vector<std::string> out = {cell_text(manifest, cell)};
  if (layer.kind == abi::LayerKind::kOpen) {
    out.push_back(
        fmt::format("the layer `{}` owns none: by weight {} its tasks share those of the cell that no layer "
                    "owns, and run on idle ones that no layer protects",
                    layer.layer, layer.weight));
  } else {
    out.push_back(owning_text(layer));
    out.emplace_back(layer.kind == abi::LayerKind::kConfined
                         ? "its tasks run there and nowhere else"
                         : "its tasks run there, and on idle CPUs of the cell that no layer protects");
    if (layer.cpus.floor != layer.cpus.ceiling)
      out.push_back(fmt::format("it grows when more than {}% of them is used and shrinks below {}%",
                                layer.util.high, layer.util.low));
    if (layer.is_protected)
      out.emplace_back("nobody else runs on them");
    else
      out.emplace_back("others may use them while they are idle");
  }
  add_neighbours(manifest, cell, layer, out);
  return out;
}

}  // namespace scx::explain
