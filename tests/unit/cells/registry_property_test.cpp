// Any sequence of facts keeps the registry sound: a fake kernel carries out its
// actions and checks each, and the planner has an answer for every state.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "runtime/cells/registry.h"
#include "runtime/plan/plan.h"
#include "tests/unit/cells/policies.h"

namespace scx::cells {
namespace {

// What is true outside of the registry.
class World {
 public:
  World() {
    max_ = *rc::gen::inRange<uint32_t>(1, 5);
    cells_ = root_db_tenants(max_);
    if (*rc::gen::arbitrary<bool>()) cells_.cells[1].source = abi::CellCpus::kCpuset;
    if (*rc::gen::arbitrary<bool>()) cells_.cells[2].align = abi::Alignment::kCore;
    if (*rc::gen::arbitrary<bool>()) cells_.cells[2].share_with = "db";
    if (*rc::gen::arbitrary<bool>()) cells_.cells[2].overflow = abi::Overflow::kShare;
    const auto to =
        *rc::gen::element(abi::TaskDrain::To::kParent, abi::TaskDrain::To::kRoot, abi::TaskDrain::To::kCell);
    for (abi::Domain& domain : cells_.domains)
      if (domain.slot >= 2) domain.cleanup.on_cgroup_exit = {to, 1};
    tenants_ = *rc::gen::element<std::string>("/tenants", "/db/0", "/tenants/0");
    registry_.emplace(cells_.cells, cells_.domains);
    topology_ = *topology::synthetic("1n2l2c2t");
    for (const topology::Cpu& cpu : topology_.cpus) online_.push_back(cpu.id);
  }

  void step() {
    switch (*rc::gen::weightedElement<int>({{6, 0}, {4, 1}, {2, 2}, {6, 3}, {1, 4}, {1, 5}, {1, 6}})) {
      case 0:
        return make();
      case 1:
        return remove(true);
      case 2:
        return write_cpuset();
      case 3:
        return look_at_queues();
      case 4:
        return census();
      case 5:
        return lose();
      case 6:
        return remove(false);  // nobody says so before the next census
    }
  }

  void settle() {
    for (const Action& action : registry_->settle(now_)) carry_out(action);
    for (const Event& event : registry_->take_events())
      if (event.kind == EventKind::kRefused) refused_.insert(event.path);
  }

  void check() {
    const auto views = registry_->cells();
    std::set<uint32_t> used;
    std::set<std::string> running_names;
    for (const CellView& view : views) {
      RC_ASSERT(used.insert(view.slot).second);
      if (view.state == SlotState::kRunning) {
        RC_ASSERT(view.slot == 0 || open_.contains(view.slot));
        RC_ASSERT(running_names.insert(view.name).second);
        if (view.slot >= 2) RC_ASSERT(view.cgroups.size() == 1U);
        if (view.slot != 0) RC_ASSERT(!view.cgroups.empty());
      } else {
        RC_ASSERT(view.cgroups.empty() && !open_.contains(view.slot));
      }
    }
    RC_ASSERT(used.size() <= 2 + max_);
    check_cgroups(views);
    check_plan(views);
  }

 private:
  struct Real {
    std::string path;
    uint32_t first_slot = 0;
    Cpuset cpuset;
    bool told_gone = true;  // false: it is gone and nobody knows
    bool hidden = false;    // the kernel does not find it
  };

  void make() {
    const bool db = *rc::gen::arbitrary<bool>();
    const auto number = *rc::gen::inRange(0, 6);
    const std::string path = fmt::format("{}/{}", db ? "/db" : tenants_, number);
    for (const auto& [id, real] : real_)
      if (real.path == path) return registry_->began({id, path, real.first_slot, real.cpuset});  // twice
    const uint64_t id = next_id_++;
    real_[id] = {path, db ? 1U : 2U, {}};
    refused_.erase(path);
    registry_->began({id, path, real_[id].first_slot});
  }

  void remove(bool told) {
    if (real_.empty()) return registry_->ended(12345);
    const uint64_t id = any_id();
    real_.erase(id);
    if (told) registry_->ended(id);
  }

  void write_cpuset() {
    if (real_.empty()) return;
    const uint64_t id = any_id();
    Cpuset cpuset;
    if (*rc::gen::arbitrary<bool>()) cpuset.own = some_cpus();
    if (*rc::gen::arbitrary<bool>()) cpuset.effective = some_cpus();
    real_[id].cpuset = cpuset;
    registry_->cpuset(id, cpuset);
  }

  void look_at_queues() {
    now_ += std::chrono::milliseconds(*rc::gen::inRange(0, 1500));
    for (const uint32_t slot : registry_->draining()) {
      const auto tasks = *rc::gen::element(0U, 0U, 0U, 2U);
      auto& since = empty_since_[slot];
      if (tasks != 0) since.reset();
      if (tasks == 0 && !since.has_value()) since = now_;
      registry_->queued(slot, tasks, now_);
    }
  }

  void census() {
    Census all;
    for (const auto& [id, real] : real_) all.found.push_back({id, real.path, real.first_slot, real.cpuset});
    registry_->exist(std::move(all));
  }

  void lose() {
    if (real_.empty()) return;
    const uint64_t id = any_id();
    real_[id].hidden = true;
  }

  uint64_t any_id() {
    const auto at = *rc::gen::inRange<size_t>(0, real_.size());
    return std::next(real_.begin(), static_cast<std::ptrdiff_t>(at))->first;
  }

  std::vector<uint32_t> some_cpus() {
    std::vector<uint32_t> cpus;
    for (const uint32_t cpu : online_)
      if (*rc::gen::arbitrary<bool>()) cpus.push_back(cpu);
    return cpus;
  }

  void carry_out(const Action& action) {
    RC_ASSERT(action.slot >= 1U && action.slot < 2 + max_);
    switch (action.kind) {
      case Action::Kind::kOpenSlot:
        RC_ASSERT(open_.insert(action.slot).second);
        // Whoever drained there was seen without queued tasks for long enough.
        if (const auto it = empty_since_.find(action.slot); it != empty_since_.end()) {
          RC_ASSERT(it->second.has_value() && now_ - *it->second >= kDrainTime);
          empty_since_.erase(it);
        }
        return;
      case Action::Kind::kCloseSlot:
        RC_ASSERT(open_.erase(action.slot) == 1U);
        empty_since_[action.slot] = std::nullopt;
        return;
      case Action::Kind::kAssignCgroup:
        RC_ASSERT(open_.contains(action.slot));
        RC_ASSERT(assigned_.insert(action.cgroup).second);
        if (const auto it = real_.find(action.cgroup); it == real_.end() || it->second.hidden) {
          registry_->not_found(action.cgroup);
        } else {
          RC_ASSERT((it->second.first_slot == 1) == (action.slot == 1));
        }
        return;
    }
  }

  // Each is in a running cell, refused, waits for a slot that drains, or was not found.
  void check_cgroups(const std::vector<CellView>& views) {
    for (const auto& [id, real] : real_) {
      if (real.hidden) continue;
      const bool draining = std::any_of(views.begin(), views.end(), [&](const CellView& view) {
        return view.state == SlotState::kDraining && (view.slot == 1) == (real.first_slot == 1);
      });
      RC_ASSERT(registry_->slot_of(id).has_value() || draining || refused_.contains(real.path));
      if (registry_->slot_of(id).has_value()) continue;
      // Nobody waits while a slot is free.
      size_t taken = 0;
      for (const CellView& view : views) taken += view.slot >= 2 ? 1 : 0;
      if (real.first_slot == 2) RC_ASSERT(taken == max_);
      RC_ASSERT(real.first_slot != 1 || draining);
    }
  }

  void check_plan(const std::vector<CellView>& views) {
    const auto requests = registry_->requests(online_);
    RC_ASSERT(requests.size() == views.size());
    auto next = plan::plan(topology_, requests, {}, &*plan_);
    RC_ASSERT(next.ok());
    size_t domains = 0;
    for (const CellView& view : views) {
      domains += view.slot >= 2 ? 2 : 1;
      const plan::CellPlan* cell = next->find_cell(view.slot);
      RC_ASSERT(cell != nullptr);
      if (view.state != SlotState::kDraining) continue;
      RC_ASSERT(cell->owned.empty());
      RC_ASSERT(cell->runs_in == 0U || open_.contains(cell->runs_in));
    }
    RC_ASSERT(next->domains.size() == domains);
    for (const plan::DomainPlan& domain : next->domains) {
      RC_ASSERT(!domain.home.empty());
      RC_ASSERT(cells_.domains[domain.domain].slot == domain.cell_id);
    }
    plan_ = *std::move(next);
  }

  uint32_t max_ = 1;
  Cells cells_;
  std::string tenants_;  // where theirs are: also below cells
  std::optional<Registry> registry_;
  topology::Topology topology_;
  std::vector<uint32_t> online_;
  std::map<uint64_t, Real> real_;
  uint64_t next_id_ = 100;
  Time now_{0};
  std::set<uint32_t> open_;
  std::set<uint64_t> assigned_;
  std::set<std::string> refused_;
  std::map<uint32_t, std::optional<Time>> empty_since_;
  std::optional<plan::Plan> plan_ = [] {
    Cells cells;
    cells.add("root", abi::CellKind::kRoot, 1);
    return *plan::plan(*topology::synthetic("1n2l2c2t"), plan::static_requests(cells.cells, cells.domains),
                       {}, nullptr);
  }();
};

RC_GTEST_PROP(RegistryProperty, AnySequenceOfFactsKeepsItSound, ()) {
  World world;
  const auto steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    const auto batch = *rc::gen::inRange(1, 4);
    for (int k = 0; k < batch; ++k) world.step();
    world.settle();
    world.settle();  // what the kernel did not find
    world.check();
  }
}

}  // namespace
}  // namespace scx::cells
