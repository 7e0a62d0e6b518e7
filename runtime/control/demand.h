// How much CPU time each domain wants, from its counters: what the planner
// sizes layers by. Pure arithmetic; the control loop brings counters and time.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "runtime/abi/manifest.h"
#include "runtime/load/loader.h"
#include "runtime/plan/plan.h"

namespace scx::control {

class DemandMeter {
 public:
  explicit DemandMeter(std::vector<abi::Domain> domains);

  // Demand in CPUs, by domain, over the `seconds` since the last call (the first call: since the start, from
  // counters of 0). It is the CPU time used at home. A domain whose CPUs are used up to its `util` bound
  // cannot show more than it has, so what its tasks waited is added, at most as much again: it can double in
  // one step, and waiting that more CPUs would not end (tasks pinned to one) does not count for long. Rising
  // demand counts at once, falling demand with a half-life of kHalfLife.
  // Precondition: one counter array a domain, seconds > 0.
  plan::Demand update(const std::vector<load::Counters>& counters, const plan::Plan& plan, double seconds);

  // Another cell has begun in the slot, with counters of 0.
  void restart(uint32_t slot);

  // Long enough to sleep over a pause of a second, short enough to give CPUs back within a few.
  static constexpr double kHalfLife = 1.0;

 private:
  std::vector<abi::Domain> domains_;
  std::vector<load::Counters> before_;
  std::vector<double> smoothed_;
};

// How much CPU time each cell with `rebalance` wants: what its layers want, averaged over `every`, a new
// average counting `smoothing` of the whole, unchanged for `cooldown` after the cell's CPUs changed.
class CellDemandMeter {
 public:
  explicit CellDemandMeter(std::vector<abi::Cell> cells) : cells_(std::move(cells)) {}

  // Fills demand.cells from demand.cpus. `now` in seconds, rising from call to call.
  void update(const plan::Plan& plan, double now, plan::Demand& demand);

  // Another cell has begun in the slot.
  void restart(uint32_t slot) { by_slot_.erase(slot); }

 private:
  struct Measured {
    std::optional<double> value;
    double sum = 0;
    unsigned count = 0;
    double since = 0;    // of the running average
    double settled = 0;  // no change before
    size_t owned = 0;
  };
  void measure(const abi::Cell& cell, double wanted, double now, Measured& out) const;
  std::vector<abi::Cell> cells_;
  std::map<uint32_t, Measured> by_slot_;
};

// Whether any layer's or cell's number of CPUs depends on use: without one nobody measures.
bool sized_by_use(const plan::Plan& plan, const std::vector<abi::Cell>& cells);

}  // namespace scx::control
