// The plan in words: for `scx-run`, `scxc explain` and logs.
#include <algorithm>

#include "runtime/plan/plan.h"

namespace scx::plan {
namespace {

std::string where(const std::vector<uint32_t>& cpus, const topology::Topology& topology) {
  std::vector<uint32_t> llcs;
  for (uint32_t id : cpus)
    if (const topology::Cpu* cpu = topology.find(id)) llcs.push_back(cpu->llc);
  std::sort(llcs.begin(), llcs.end());
  llcs.erase(std::unique(llcs.begin(), llcs.end()), llcs.end());
  return fmt::format("{} {}", llcs.size() == 1 ? "LLC" : "LLCs", topology::cpu_list(llcs));
}

std::string cell_line(const CellPlan& cell, const Plan& plan, const topology::Topology& topology) {
  if (!cell.owned.empty())
    return fmt::format("  cell {}: owns {} ({}), {}; floor {}, {} in its pool\n", cell.name,
                       cell.owned.size(), topology::cpu_list(cell.owned), where(cell.owned, topology),
                       cell.floor, cell.pool.size());
  const CellPlan* host = plan.find_cell(cell.runs_in);
  return fmt::format("  cell {}: owns none, runs on the CPUs of {}\n", cell.name,
                     host == nullptr || host == &cell ? "others" : host->name);
}

std::string domain_line(const DomainPlan& domain, const topology::Topology& topology) {
  std::string text =
      fmt::format("  {}/{} ({}{}, weight {}): ", domain.cell, domain.layer, abi::spelling(domain.kind),
                  domain.protects ? ", protected" : "", domain.weight);
  if (domain.owned.empty())
    return text + fmt::format("shares {} ({}), {}\n", domain.home.size(), topology::cpu_list(domain.home),
                              where(domain.home, topology));
  return text + fmt::format("owns {} ({}), {}; floor {}, ceiling {}\n", domain.owned.size(),
                            topology::cpu_list(domain.owned), where(domain.owned, topology), domain.floor,
                            domain.ceiling);
}

}  // namespace

std::string explain(const Plan& plan, const topology::Topology& topology) {
  std::string text = fmt::format("{} CPUs online ({}), {} in the pool\n", plan.online.size(),
                                 topology::cpu_list(plan.online), plan.pool.size());
  if (plan.cells.size() > 1)
    for (const CellPlan& cell : plan.cells) text += cell_line(cell, plan, topology);
  for (const DomainPlan& domain : plan.domains) text += domain_line(domain, topology);
  for (const Note& note : plan.notes) text += fmt::format("  note: {}\n", text_of(note));
  return text;
}

}  // namespace scx::plan
