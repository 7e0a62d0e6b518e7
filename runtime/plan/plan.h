// Who owns which CPUs: a pure function from a topology, what cells and layers
// ask for, what they used, and the plan before. No system calls, no clock, no
// randomness: scx-run calls it at load, at hotplug and when demand or cells
// change, the compiler to say whether a policy fits a machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/plan/notes.h"
#include "runtime/plan/request.h"
#include "runtime/topology/topology.h"

namespace scx::plan {

// Owner of a CPU that no domain owns.
inline constexpr uint32_t kPool = ~0U;
// Cell of a CPU that is offline or impossible.
inline constexpr uint32_t kNoCell = ~0U;

struct DomainPlan {
  uint32_t domain = 0;
  std::string cell;
  std::string layer;
  abi::LayerKind kind = abi::LayerKind::kOpen;
  uint32_t weight = 100;
  // What the amounts of the policy come to here, in CPUs. 0 and 0 for open layers and in cells without CPUs.
  uint32_t floor = 0;
  uint32_t ceiling = 0;
  std::vector<uint32_t> owned =
      {};  // CPU ids, rising; empty for open layers and for layers left without CPUs
  // Where the domain's tasks are at home, never empty: `owned`, or the cell's pool, or (no pool) the
  // unprotected CPUs of the cell, or what its cell shares.
  std::vector<uint32_t> home = {};
  uint32_t cell_id = kRootCell;
  bool protects = false;  // `owned` is closed to everybody else
  bool operator==(const DomainPlan&) const = default;
};

struct CellPlan {
  uint32_t id = kRootCell;
  std::string name;
  uint32_t floor = 0;           // what its claim comes to here, in CPUs; 0 when it shares another's
  std::vector<uint32_t> owned;  // CPU ids, rising; empty when it shares or was left without
  std::vector<uint32_t> pool;   // those that no layer owns
  // The cell whose CPUs it runs on: itself, unless it shares or was left without.
  uint32_t runs_in = kRootCell;
  bool operator==(const CellPlan&) const = default;
};

struct Plan {
  // By CPU id, up to the highest possible one: a domain, or kPool; offline and impossible CPUs are kPool.
  std::vector<uint32_t> owner;
  std::vector<uint32_t> online;      // ids, rising
  std::vector<uint32_t> pool;        // online CPUs that no domain owns, of all cells
  std::vector<DomainPlan> domains;   // rising ids
  std::vector<Note> notes;           // what did not go as the policy asks
  std::vector<uint32_t> cell;        // by CPU id: the owning cell, or kNoCell
  std::vector<CellPlan> cells;       // rising ids
  std::vector<uint32_t> protected_;  // CPUs of domains that protect theirs, rising
  bool operator==(const Plan&) const = default;
  // Null for what was not asked for.
  [[nodiscard]] const DomainPlan* find(uint32_t domain) const;
  [[nodiscard]] const CellPlan* find_cell(uint32_t id) const;
};

// Elementary steps that a plan took: what the tests bound instead of time.
struct Work {
  uint64_t steps = 0;
};

// Cells first, then the layers of each on the cell's CPUs. In both: floors;
// then CPUs one core at a time to whoever has least for its weight (highest
// averages after Sainte-Lague, which never takes CPUs from one claimant
// because the machine grew), up to what use asks for and ceilings; the rest is
// root's, or the pool's. All open layers of a cell together are one claimant
// of its pool, with the sum of their weights, and keep one CPU whenever the
// cell has two. Placement keeps as many CPUs of `previous` as the numbers
// allow, fills one last-level cache before the next, and keeps hyper-threads
// together.
//
// Under constant demand the second call returns what the first did.
//
// With `previous` null (at load), floors that cannot all be met are an error:
// "cells-do-not-fit" unless a cell with `overflow` can go without, and
// "floors-do-not-fit" for the layers of a cell that has no `overflow`. With
// `previous` they shrink in proportion, with a note. Always an error:
// "no-such-node", "no-such-llc" and "no-such-cpu" for ids the machine lacks,
// "bad-request" for requests that no policy means (no root, an id twice, cells
// that share in a circle). On error the caller keeps the previous plan. The
// result does not depend on the order of topology.cpus, of cells or of layers.
Result<Plan> plan(const topology::Topology& topology, const std::vector<CellRequest>& cells,
                  const Demand& demand, const Plan* previous, Work* work = nullptr);

// Lines for people: a header, one line a cell if there is more than root, one line a domain, then the notes.
std::string explain(const Plan& plan, const topology::Topology& topology);

}  // namespace scx::plan
