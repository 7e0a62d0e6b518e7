// How many CPUs each claimant of a cell gets; which ones is placement's task.
// Called by plan() only.
#pragma once

#include <cstdint>
#include <vector>

namespace scx::plan {

// A confined or grouped layer, or all open layers together.
struct Claim {
  uint32_t floor = 0;
  uint32_t cap = 0;  // ceiling or known demand, whichever is less; at least the floor
  uint32_t weight = 1;
};

// Floors scaled so that their sum is `available` at most, in proportion, by largest remainder (ties to the
// earlier). Unchanged when they fit.
std::vector<uint32_t> fit_floors(const std::vector<uint32_t>& floors, uint32_t available);

// CPUs per claim, sum at most `cpus`; less only when every cap is reached. Beyond the floors CPUs go in steps
// that complete a core of `step` threads where caps allow. Precondition: the floors fit.
std::vector<uint32_t> share(const std::vector<Claim>& claims, uint32_t cpus, uint32_t step);

}  // namespace scx::plan
