// How much CPU time each domain wants, from its counters: what the planner
// sizes layers by. Pure arithmetic; the control loop brings counters and time.
#pragma once

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

  // Long enough to sleep over a pause of a second, short enough to give CPUs back within a few.
  static constexpr double kHalfLife = 1.0;

 private:
  std::vector<abi::Domain> domains_;
  std::vector<load::Counters> before_;
  std::vector<double> smoothed_;
};

// Whether any layer's or cell's number of CPUs depends on use: without one nobody measures.
bool sized_by_use(const plan::Plan& plan, const std::vector<abi::Cell>& cells);

}  // namespace scx::control
