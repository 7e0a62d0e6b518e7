// How many CPUs each claimant gets, cells of the machine and layers of a cell
// alike; which ones is placement's task. Called by the steps of plan() only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/plan/request.h"
#include "runtime/plan/room.h"

namespace scx::plan {

// How far a claimant goes in one round of sharing.
struct Claim {
  uint32_t cap = 0;
  double weight = 1;   // above 0
  uint32_t step = 1;   // CPUs of a unit: each share completes one where the cap allows
  bool units = false;  // never a part of a unit
};

// Hands out CPUs of `room` to whoever has least of them for its weight (ties to the earlier), a step at a
// time, until every claim is at its cap or can have no more. `given` holds what each has by now and is
// raised. O((CPUs / step + claims) * log claims) beside the room's own work.
void share(Room& room, const std::vector<Claim>& claims, std::vector<uint32_t>& given, Work& work);

// What use asks for, in CPUs: `need` at least, so that use stays below `high`; `most` is the nearest number
// to `current` that also keeps use above `low`. Both are `limit` for a saturated claimant.
struct Want {
  uint32_t need = 0;
  uint32_t most = 0;
};
Want want(const std::optional<double>& demand, const abi::UtilRange& util, uint32_t current, uint32_t limit);

// Demand of one domain; without a value saturated. Negative numbers are 0, what is no finite number is
// saturated.
std::optional<double> demand_of(const Demand& demand, uint32_t domain);

// Shares as real numbers: the claims that share() rounds. Each at least `floor` and at most `cap`, in between
// in proportion to weight; the sum is `cpus` where caps allow.
struct FairClaim {
  double floor = 0;
  double cap = 0;
  double weight = 1;
};
std::vector<double> fair_shares(const std::vector<FairClaim>& claims, double cpus);

}  // namespace scx::plan
