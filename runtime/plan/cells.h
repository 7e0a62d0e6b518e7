// How many CPUs each cell gets and which ones. Called by plan(), before the
// layers of each cell are planned.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/plan/machine.h"
#include "runtime/plan/plan.h"

namespace scx::plan {

// A cell that owns CPUs, with its claim in numbers.
struct CellSeat {
  const CellRequest* request = nullptr;
  Mask mask;             // empty: everywhere
  uint32_t allowed = 0;  // CPUs of the mask
  uint32_t floor = 0;
  uint32_t ceiling = 0;  // at least the floor
  uint32_t step = 1;     // CPUs of a unit
  Alignment align = Alignment::kNone;
  bool is_list = false;
};

struct CellPlans {
  std::vector<CellSeat> seats;  // rising ids, root last
  std::vector<uint32_t> seat;   // by position of the machine: who owns the CPU
  std::vector<Note> notes;
};

// `cells` in rising ids, root among them, without those that share another's. `before[i]` is the id of the
// cell that had the CPU, or kNoCell; `precious[i]` marks CPUs that a layer owned. An error with reason
// "cells-do-not-fit" at load. Preconditions: all ids that the cells name exist; one online CPU.
Result<CellPlans> plan_cells(const topology::Topology& topology, const Machine& machine,
                             const std::vector<const CellRequest*>& cells, const Demand& demand, bool at_load,
                             const std::vector<uint32_t>& before, const std::vector<uint8_t>& precious,
                             Work& work);

}  // namespace scx::plan
