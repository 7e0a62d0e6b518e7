// Keeps cells in line with cgroups while a scheduler runs: hears of cgroups
// from the kernel and looks at the hierarchy, has the registry decide, and does
// what it says. One call a turn of the control loop; planning is the caller's.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/cells/hierarchy.h"
#include "runtime/cells/registry.h"
#include "runtime/load/loader.h"
#include "runtime/plan/plan.h"

namespace scx::control {

class LiveCells {
 public:
  // A policy with root alone has no hierarchy to look at. Reasons: those of cells::Hierarchy::find.
  static Result<LiveCells> open(const abi::Manifest& manifest);

  // Takes in what happened since the last call; the first call looks at every cgroup. True if a new plan is
  // due. Slots are opened and closed here, cgroups are assigned by assign(), when their cells have CPUs.
  Result<bool> follow(load::Scheduler& scheduler, cells::Time now);
  // The next follow() looks at every cgroup again, as what their cpusets amount to may have changed unsaid.
  void look_again() { looked_.reset(); }
  // Slots in which another cell has begun since the last call: figures of theirs begin anew.
  std::vector<uint32_t> take_opened() { return std::exchange(opened_, {}); }
  // After a plan was pushed: gives the cells that it has CPUs for their cgroups.
  Result<void> assign(load::Scheduler& scheduler, const plan::Plan& plan);

  [[nodiscard]] std::vector<plan::CellRequest> requests(const std::vector<uint32_t>& online) const {
    return registry_.requests(online);
  }
  [[nodiscard]] std::vector<cells::CellView> views() const { return registry_.cells(); }
  [[nodiscard]] std::vector<cells::Event> take_events() { return registry_.take_events(); }

 private:
  explicit LiveCells(const abi::Manifest& manifest)
      : manifest_(manifest), registry_(manifest.cells, manifest.domains) {}
  void look();
  bool hear(load::Scheduler& scheduler);
  Result<void> count_draining(load::Scheduler& scheduler, cells::Time now);
  Result<void> act(load::Scheduler& scheduler);

  const abi::Manifest& manifest_;
  cells::Registry registry_;
  std::optional<cells::Hierarchy> hierarchy_;
  std::optional<cells::Time> looked_;
  uint64_t lost_ = 0;
  std::deque<cells::Action> due_;  // what the registry said and was not done yet, in its order
  std::vector<uint32_t> opened_;
  std::vector<cells::Action> unassigned_;
  std::map<uint64_t, unsigned> misses_;  // by cgroup: how often the kernel did not find it
};

}  // namespace scx::control
