// The numbers of plan_cells(): floors that can be kept, then shares by weight
// and demand. Called by plan_cells() only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/plan/cells.h"
#include "runtime/plan/room.h"

namespace scx::plan {

// Who may own which CPUs; in all that follows it is of the same seats.
Classes classes_of(const Machine& machine, const std::vector<CellSeat>& seats, Work& work);

// Floors by seat, root last. Without `cut` all of them are kept.
struct KeptFloors {
  std::vector<uint32_t> floors;
  bool cut = false;
};
// Cells without `overflow` come first, then the others; each group in proportion if its floors do not fit.
// Root keeps one CPU before all.
KeptFloors keep_floors(const Classes& classes, const std::vector<CellSeat>& seats, Work& work);

// CPUs of the largest unit of that alignment among those of the mask (empty: all); of kNone a core's, which
// cells get together as a preference.
uint32_t unit_size(const Machine& machine, const Mask& mask, Alignment align);

// Lowers the alignment of cells, the coarsest first, until all floors fit in whole units; a note for each
// level.
void relax_alignment(const Machine& machine, const Classes& classes, std::vector<CellSeat>& seats,
                     std::vector<Note>& notes, Work& work);

// CPUs by seat, with the sum of the machine: those to aim at, which are `current` while that is near enough
// to what demand asks for, and those that demand asks for.
struct CellSizes {
  std::vector<uint32_t> cpus;
  std::vector<uint32_t> computed;
};
// `current` is what each had.
CellSizes cell_sizes(const Classes& classes, const std::vector<CellSeat>& seats,
                     const std::vector<uint32_t>& kept, const Demand& demand,
                     const std::vector<uint32_t>& current, Work& work);

}  // namespace scx::plan
