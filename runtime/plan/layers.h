// The layers of one cell on the CPUs that the cell owns. Called by plan() for
// each cell.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/plan/machine.h"
#include "runtime/plan/plan.h"

namespace scx::plan {

// The plan before, by position of a machine: who had each CPU.
struct Before {
  bool any = false;             // false at load
  std::vector<uint32_t> owner;  // a domain, or kPool; kElsewhere for a CPU that this cell did not have
};
inline constexpr uint32_t kElsewhere = ~0U - 1;

struct LayerPlans {
  std::vector<DomainPlan> domains;    // rising ids; homes are not filled in
  std::vector<uint32_t> pool;         // CPU ids, rising
  std::vector<uint32_t> unprotected;  // CPU ids that no protected layer owns, rising
  std::vector<Note> notes;
};

// An error with reason "floors-do-not-fit" at load, unless the cell may overflow. Precondition: the places
// that the layers name exist, and `machine` has a CPU.
Result<LayerPlans> plan_layers(const topology::Topology& topology, const CellRequest& cell,
                               const Machine& machine, const Demand& demand, const Before& before,
                               Work& work);

// What a domain is before it has CPUs.
DomainPlan domain_plan(const CellRequest& cell, const LayerRequest& layer);

}  // namespace scx::plan
