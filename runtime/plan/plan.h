// Who owns which CPUs: a pure function from a topology, what cells and layers
// ask for, what they used, and the plan before. No system calls, no clock, no
// randomness: scx-run calls it at load and at hotplug, the compiler to say
// whether a policy fits a machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/abi/manifest.h"
#include "runtime/base/result.h"
#include "runtime/topology/topology.h"

namespace scx::plan {

// Owner of a CPU that no domain owns.
inline constexpr uint32_t kPool = ~0U;

struct LayerRequest {
  uint32_t domain = 0;
  std::string name;
  abi::LayerKind kind = abi::LayerKind::kOpen;
  abi::CpuRange cpus;  // read for confined and grouped layers only
  uint32_t weight = 100;
};

// By now there is one cell, `root`, and it has every online CPU; plan() refuses more.
struct CellRequest {
  std::string name;
  std::vector<LayerRequest> layers;
};

// CPU time that each domain wants, in CPUs, by domain id. Without a value
// (also: beyond the end) a domain counts as saturated.
struct Demand {
  std::vector<std::optional<double>> cpus;
};

struct DomainPlan {
  uint32_t domain = 0;
  std::string cell;
  std::string layer;
  abi::LayerKind kind = abi::LayerKind::kOpen;
  uint32_t weight = 100;
  // What the amounts of the policy come to here, in CPUs. 0 and 0 for open layers.
  uint32_t floor = 0;
  uint32_t ceiling = 0;
  std::vector<uint32_t> owned;  // CPU ids, rising; empty for open layers and for layers left without CPUs
  // Where the domain's tasks are at home: `owned`, or the pool, or (no pool) every CPU of the cell.
  std::vector<uint32_t> home;
  bool operator==(const DomainPlan&) const = default;
};

struct Plan {
  // By CPU id, Topology::id_limit() long: a domain, or kPool; offline and impossible CPUs are kPool.
  std::vector<uint32_t> owner;
  std::vector<uint32_t> online;     // ids, rising
  std::vector<uint32_t> pool;       // online CPUs that no domain owns
  std::vector<DomainPlan> domains;  // rising ids
  // What did not go as the policy asks, one sentence each: floors cut, layers without CPUs.
  std::vector<std::string> notes;
  bool operator==(const Plan&) const = default;
  // Null for a domain that was not asked for.
  [[nodiscard]] const DomainPlan* find(uint32_t domain) const;
};

// Floors first; then CPUs one core at a time to whoever has least for its
// weight (highest averages after Sainte-Lague, which never takes CPUs from one
// layer because the machine grew), up to ceilings and known demand; the rest
// is the pool's. All open layers together are one claimant of the pool, with
// the sum of their weights, and keep one CPU whenever the cell has two.
// Placement keeps as many CPUs of `previous` as the numbers allow, fills one
// last-level cache before the next, and keeps hyper-threads together.
//
// With `previous` null (at load), floors that the cell cannot hold are an
// error with reason "floors-do-not-fit"; with `previous` (the cell shrank)
// they shrink in proportion, with a note. The result does not depend on the
// order of topology.cpus. More than one cell is an error with reason
// "unsupported-cells". Precondition: domain ids are distinct.
Result<Plan> plan(const topology::Topology& topology, const std::vector<CellRequest>& cells,
                  const Demand& demand, const Plan* previous);

// What the domains of a manifest ask for.
std::vector<CellRequest> requests(const std::vector<abi::Domain>& domains);

// CPUs that an amount means in a cell of `cell_cpus` CPUs with `threads_per_core` threads: percentages round
// down, and nothing is less than 1.
uint32_t cpus_of(const abi::CpuAmount& amount, uint32_t cell_cpus, uint32_t threads_per_core);

// Lines for people: a header and one line a domain, then the notes.
std::string explain(const Plan& plan, const topology::Topology& topology);

}  // namespace scx::plan
