// Machines, requests and checks that the planner's tests share.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/plan/plan.h"

namespace scx::plan {

inline topology::Topology machine(const char* text) {
  auto result = topology::synthetic(text);
  EXPECT_TRUE(result.ok());
  return *result;
}

inline abi::CpuRange range(uint32_t low, uint32_t high) {
  return {{abi::CpuAmount::Unit::kCpus, low}, {abi::CpuAmount::Unit::kCpus, high}};
}
inline abi::CpuRange at_least(uint32_t low) {
  return {{abi::CpuAmount::Unit::kCpus, low}, {abi::CpuAmount::Unit::kPercent, 100}};
}

inline LayerRequest confined(uint32_t domain, abi::CpuRange cpus, uint32_t weight = 100) {
  return {domain, fmt::format("layer{}", domain), abi::LayerKind::kConfined, cpus, weight};
}
inline LayerRequest open(uint32_t domain, uint32_t weight = 100) {
  return {domain, fmt::format("open{}", domain), abi::LayerKind::kOpen, {}, weight};
}

// A cell with one open layer whose domain is the cell's id, by weight.
inline CellRequest cell(uint32_t id, uint32_t weight = 100) {
  CellRequest request;
  request.id = id;
  request.name = id == kRootCell ? "root" : fmt::format("cell{}", id);
  request.layers = {open(id)};
  request.weight = weight;
  return request;
}
inline CellRequest listed(uint32_t id, std::vector<uint32_t> cpus, uint32_t weight = 100) {
  CellRequest request = cell(id, weight);
  request.claim.kind = CellClaim::Kind::kList;
  request.claim.list = std::move(cpus);
  return request;
}
inline CellRequest counted(uint32_t id, abi::CpuRange cpus, uint32_t weight = 100) {
  CellRequest request = cell(id, weight);
  request.claim.kind = CellClaim::Kind::kAmount;
  request.claim.amount = cpus;
  return request;
}
inline std::vector<uint32_t> ids(uint32_t first, uint32_t last) {
  std::vector<uint32_t> result;
  for (uint32_t id = first; id <= last; ++id) result.push_back(id);
  return result;
}

inline Plan planned_cells(const topology::Topology& topology, const std::vector<CellRequest>& cells,
                          const Plan* previous = nullptr, const Demand& demand = {}) {
  auto result = plan(topology, cells, demand, previous);
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
  return result.ok() ? *result : Plan{};
}
inline Plan planned(const topology::Topology& topology, std::vector<LayerRequest> layers,
                    const Plan* previous = nullptr, const Demand& demand = {}) {
  return planned_cells(topology, {{kRootCell, "root", std::move(layers)}}, previous, demand);
}

inline size_t owned(const Plan& plan, uint32_t domain) { return plan.find(domain)->owned.size(); }
inline size_t cell_cpus(const Plan& plan, uint32_t id) { return plan.find_cell(id)->owned.size(); }

// What holds for every plan; the first thing that does not, or "".
inline std::string fault_of(const topology::Topology& topology, const std::vector<CellRequest>& cells,
                            const Plan& p) {
  std::set<uint32_t> seen;
  size_t total = 0;
  for (const CellPlan& c : p.cells) {
    total += c.owned.size();
    seen.insert(c.owned.begin(), c.owned.end());
    for (uint32_t id : c.owned)
      if (p.cell[id] != c.id) return fmt::format("CPU {} and cell {} disagree", id, c.id);
    if (!std::is_sorted(c.owned.begin(), c.owned.end())) return "owned CPUs do not rise";
    size_t inside = c.pool.size();
    for (const DomainPlan& d : p.domains)
      if (d.cell_id == c.id) inside += d.owned.size();
    if (inside != c.owned.size()) return fmt::format("layers and pool of cell {} are not its CPUs", c.id);
    if (c.owned.empty() && c.id == kRootCell) return "root has no CPU";
    if (p.find_cell(c.runs_in)->owned.empty()) return fmt::format("cell {} runs nowhere", c.id);
  }
  if (total != topology.online_count() || seen.size() != total) return "not every CPU has one cell";
  size_t domains = 0;
  for (const CellRequest& c : cells) domains += c.layers.size();
  if (domains != p.domains.size()) return "domains are missing";
  std::set<uint32_t> layer_cpus(p.pool.begin(), p.pool.end());
  size_t layer_total = p.pool.size();
  for (const DomainPlan& d : p.domains) {
    layer_total += d.owned.size();
    layer_cpus.insert(d.owned.begin(), d.owned.end());
    for (uint32_t id : d.owned)
      if (p.owner[id] != d.domain || p.cell[id] != d.cell_id) return "an owner is wrong";
    if (d.home.empty()) return fmt::format("domain {} is at home nowhere", d.domain);
    if (!std::is_sorted(d.home.begin(), d.home.end())) return "home does not rise";
    for (uint32_t id : d.home)
      if (seen.count(id) == 0) return "home is not online";
    if (!d.owned.empty() && d.home != d.owned) return "home is not what is owned";
    if (d.kind == abi::LayerKind::kOpen && !d.owned.empty()) return "an open layer owns CPUs";
  }
  if (layer_total != total || layer_cpus.size() != total) return "not every CPU has one owner or pool";
  for (const topology::Cpu& cpu : topology.cpus)
    if (!cpu.online && (p.owner[cpu.id] != kPool || p.cell[cpu.id] != kNoCell))
      return "an offline CPU is owned";
  return "";
}

}  // namespace scx::plan
