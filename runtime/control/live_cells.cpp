#include "runtime/control/live_cells.h"

#include <algorithm>

namespace scx::control {
namespace {

// The kernel tells of every change; should it not, nothing stays unseen for longer.
constexpr std::chrono::seconds kLookAgain{10};

// Tries to assign a cgroup that the kernel does not find yet, one a turn of the loop.
constexpr unsigned kMostMisses = 10;

bool has_home(const plan::Plan& plan, uint32_t slot) {
  return std::any_of(plan.domains.begin(), plan.domains.end(), [&](const plan::DomainPlan& domain) {
    return domain.cell_id == slot && !domain.home.empty();
  });
}

}  // namespace

Result<LiveCells> LiveCells::open(const abi::Manifest& manifest) {
  LiveCells cells(manifest);
  if (manifest.cells.size() > 1) {
    SCX_TRY(cells.hierarchy_, cells::Hierarchy::find());
  }
  return cells;
}

void LiveCells::look() {
  registry_.exist(hierarchy_->census(cells::claims_of(manifest_.classifier, manifest_.cells)));
}

// True if anything was told.
bool LiveCells::hear(load::Scheduler& scheduler) {
  bool any = false, cpusets = false;
  for (load::CgroupEvent& event : scheduler.take_events()) {
    any = true;
    switch (event.kind) {
      case SCX_EVENT_CGROUP_BEGAN: {
        cells::Cpuset cpuset = hierarchy_->cpuset(event.path);
        registry_.began({event.cgroup, std::move(event.path), event.slot, std::move(cpuset)});
        break;
      }
      case SCX_EVENT_CGROUP_ENDED:
        registry_.ended(event.cgroup);
        break;
      case SCX_EVENT_CPUSET:
        cpusets = true;
        break;
    }
  }
  if (cpusets)
    for (const cells::Cgroup& known : registry_.cgroups())
      registry_.cpuset(known.id, hierarchy_->cpuset(known.path));
  return any;
}

Result<void> LiveCells::count_draining(load::Scheduler& scheduler, cells::Time now) {
  for (const uint32_t slot : registry_.draining()) {
    SCX_TRY(const uint32_t waiting, scheduler.queued(slot));
    registry_.queued(slot, waiting, now);
  }
  return {};
}

Result<bool> LiveCells::follow(load::Scheduler& scheduler, cells::Time now) {
  if (!hierarchy_) return false;
  bool changed = hear(scheduler);
  const uint64_t lost = scheduler.events_lost();
  if (!looked_ || lost != lost_ || now - *looked_ >= kLookAgain) {
    look();
    lost_ = lost;
    looked_ = now;
    changed = true;
  }
  const size_t draining = registry_.draining().size();
  SCX_TRY_VOID(count_draining(scheduler, now));
  const std::vector<cells::Action> actions = registry_.settle(now);
  due_.insert(due_.end(), actions.begin(), actions.end());
  changed |= !due_.empty();
  SCX_TRY_VOID(act(scheduler));
  return changed || !unassigned_.empty() || registry_.draining().size() != draining;
}

// Does what is due; what fails stays due, and what comes behind it.
Result<void> LiveCells::act(load::Scheduler& scheduler) {
  for (; !due_.empty(); due_.pop_front()) {
    const cells::Action& action = due_.front();
    switch (action.kind) {
      case cells::Action::Kind::kAssignCgroup:
        unassigned_.push_back(action);
        break;
      case cells::Action::Kind::kOpenSlot:
        SCX_TRY_VOID(scheduler.open_slot(action.slot));
        opened_.push_back(action.slot);
        break;
      case cells::Action::Kind::kCloseSlot:
        std::erase_if(unassigned_, [&](const cells::Action& waiting) { return waiting.slot == action.slot; });
        SCX_TRY_VOID(scheduler.close_slot(action.slot));
        break;
    }
  }
  return {};
}

Result<void> LiveCells::assign(load::Scheduler& scheduler, const plan::Plan& plan) {
  // Those that stay, and on an error the rest of them.
  std::vector<cells::Action> later;
  Result<void> failed;
  for (const cells::Action& action : std::exchange(unassigned_, {})) {
    if (!failed.ok() || !has_home(plan, action.slot)) {
      later.push_back(action);
      continue;
    }
    const Result<bool> found = scheduler.assign_cgroup(action.cgroup, action.slot);
    if (!found.ok()) failed = found.error();
    if (found.ok() && *found) continue;
    // The kernel tells of a cgroup a moment before it can be found by its number.
    if (!found.ok() || ++misses_[action.cgroup] <= kMostMisses)
      later.push_back(action);
    else
      registry_.not_found(action.cgroup);
  }
  unassigned_ = std::move(later);
  if (unassigned_.empty()) misses_.clear();
  return failed;
}

}  // namespace scx::control
