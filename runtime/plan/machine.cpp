#include "runtime/plan/machine.h"

#include <algorithm>
#include <numeric>

namespace scx::plan {
namespace {

// The dense index of the kernel's node number; a topology without numbers is numbered from 0.
uint32_t node_index(const topology::Topology& topology, uint32_t id) {
  if (topology.node_ids.empty()) return id < topology.node_count ? id : kNone;
  auto it = std::find(topology.node_ids.begin(), topology.node_ids.end(), id);
  return it == topology.node_ids.end() ? kNone : static_cast<uint32_t>(it - topology.node_ids.begin());
}

std::vector<uint32_t> all_nodes(const topology::Topology& topology) {
  std::vector<uint32_t> ids = topology.node_ids;
  if (ids.empty()) {
    ids.resize(topology.node_count);
    std::iota(ids.begin(), ids.end(), 0U);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Error lacking(const std::string& whose, const char* one, const char* many, std::vector<uint32_t> missing,
              const std::string& has, const char* reason) {
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  Error error = make_error("{} names {} {}, the machine has {}", whose, missing.size() == 1 ? one : many,
                           topology::cpu_list(missing), has);
  error.help = "`lscpu --extended` prints the numbers of a machine";
  error.reason = reason;
  return error;
}

// Fills all but `cpus`.
void index(Machine& machine) {
  const auto& cpus = machine.cpus;
  uint32_t core_limit = 0;
  uint32_t llc_limit = 0;
  for (const topology::Cpu& cpu : cpus) {
    core_limit = std::max(core_limit, cpu.core + 1);
    llc_limit = std::max(llc_limit, cpu.llc + 1);
  }
  std::vector<uint32_t> local_core(core_limit, kNone);
  std::vector<uint32_t> local_llc(llc_limit, kNone);
  for (uint32_t i = 0; i < cpus.size(); ++i) {
    uint32_t& core = local_core[cpus[i].core];
    if (core == kNone) {
      core = static_cast<uint32_t>(machine.core_cpus.size());
      machine.core_cpus.emplace_back();
      machine.core_llc.push_back(cpus[i].llc);  // made local below
      local_llc[cpus[i].llc] = cpus[i].node;    // the node, until caches are numbered
    }
    machine.core.push_back(core);
    machine.core_cpus[core].push_back(i);
    machine.threads = std::max(machine.threads, static_cast<uint32_t>(machine.core_cpus[core].size()));
  }
  for (uint32_t llc = 0; llc < llc_limit; ++llc) {
    if (local_llc[llc] == kNone) continue;
    machine.llc_index.push_back(llc);
    machine.llc_node.push_back(local_llc[llc]);
    local_llc[llc] = static_cast<uint32_t>(machine.llc_index.size() - 1);
  }
  machine.llc_cores.resize(machine.llc_index.size());
  for (uint32_t core = 0; core < machine.core_llc.size(); ++core) {
    machine.core_llc[core] = local_llc[machine.core_llc[core]];
    machine.llc_cores[machine.core_llc[core]].push_back(core);
  }
  for (uint32_t core : machine.core) machine.llc.push_back(machine.core_llc[core]);
}

}  // namespace

Machine whole_machine(const topology::Topology& topology) {
  Machine machine;
  for (const topology::Cpu& cpu : topology.cpus)
    if (cpu.online) machine.cpus.push_back(cpu);
  std::sort(machine.cpus.begin(), machine.cpus.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  index(machine);
  return machine;
}

Machine part_of(const Machine& from, const std::vector<uint32_t>& positions) {
  Machine machine;
  for (uint32_t i : positions) machine.cpus.push_back(from.cpus[i]);
  index(machine);
  return machine;
}

Result<void> check_places(const topology::Topology& topology, const Places& places,
                          const std::string& whose) {
  std::vector<uint32_t> missing;
  for (uint32_t id : places.nodes)
    if (node_index(topology, id) == kNone) missing.push_back(id);
  if (!missing.empty())
    return lacking(whose, "node", "nodes", missing,
                   fmt::format("{} {}", topology.node_count == 1 ? "node" : "nodes",
                               topology::cpu_list(all_nodes(topology))),
                   "no-such-node");
  for (uint32_t llc : places.llcs)
    if (llc >= topology.llc_count) missing.push_back(llc);
  if (missing.empty()) return {};
  const uint32_t last = std::max(1U, topology.llc_count) - 1;
  return lacking(whose, "LLC", "LLCs", missing,
                 last == 0 ? std::string("LLC 0") : fmt::format("LLCs 0-{}", last), "no-such-llc");
}

Result<void> check_cpus(const topology::Topology& topology, const std::vector<uint32_t>& ids,
                        const std::string& whose) {
  std::vector<uint32_t> possible;
  for (const topology::Cpu& cpu : topology.cpus) possible.push_back(cpu.id);
  std::sort(possible.begin(), possible.end());
  std::vector<uint32_t> missing;
  for (uint32_t id : ids)
    if (!std::binary_search(possible.begin(), possible.end(), id)) missing.push_back(id);
  if (missing.empty()) return {};
  return lacking(whose, "CPU", "CPUs", missing, fmt::format("CPUs {}", topology::cpu_list(possible)),
                 "no-such-cpu");
}

Mask required_mask(const topology::Topology& topology, const Machine& machine, const Places& places) {
  Mask mask(machine.cpus.size(), 1);
  if (places.empty()) return mask;
  std::vector<uint8_t> nodes(topology.node_count, places.nodes.empty() ? 1 : 0);
  for (uint32_t id : places.nodes)
    if (const uint32_t node = node_index(topology, id); node < nodes.size()) nodes[node] = 1;
  std::vector<uint8_t> llcs(topology.llc_count, places.llcs.empty() ? 1 : 0);
  for (uint32_t llc : places.llcs)
    if (llc < llcs.size()) llcs[llc] = 1;
  for (uint32_t i = 0; i < mask.size(); ++i) {
    const topology::Cpu& cpu = machine.cpus[i];
    mask[i] = cpu.node < nodes.size() && cpu.llc < llcs.size() && nodes[cpu.node] != 0 && llcs[cpu.llc] != 0;
  }
  return mask;
}

void keep_ids(const Machine& machine, const std::vector<uint32_t>& ids, Mask& mask) {
  std::vector<uint32_t> sorted = ids;
  std::sort(sorted.begin(), sorted.end());
  size_t k = 0;
  for (uint32_t i = 0; i < mask.size(); ++i) {
    while (k < sorted.size() && sorted[k] < machine.cpus[i].id) ++k;
    if (k == sorted.size() || sorted[k] != machine.cpus[i].id) mask[i] = 0;
  }
}

uint32_t count(const Mask& mask) { return static_cast<uint32_t>(std::count(mask.begin(), mask.end(), 1)); }

bool is_full(const Mask& mask) { return count(mask) == mask.size(); }

}  // namespace scx::plan
