// The cells that run now: which slot each has, which cgroups, and what is to be
// done about it. Facts about cgroups come in, actions for the loader and
// requests for the planner go out. Pure: no kernel, no clock; the control loop
// brings both.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/abi/manifest.h"
#include "runtime/cells/event.h"
#include "runtime/plan/request.h"

namespace scx::cells {

// CPU ids, rising. Nothing: it could not be found out, which limits nobody.
struct Cpuset {
  std::optional<std::vector<uint32_t>> own;        // cpuset.cpus, if something is written there
  std::optional<std::vector<uint32_t>> effective;  // where its tasks may run
  bool operator==(const Cpuset&) const = default;
};

// A cgroup at which a cell begins.
struct Cgroup {
  uint64_t id = 0;
  std::string path;         // in the default hierarchy
  uint32_t first_slot = 0;  // of the declaration that claims it
  Cpuset cpuset = {};
};

// Every such cgroup that a look at the hierarchy found, and the paths of those that it could not look into.
struct Census {
  std::vector<Cgroup> found;
  std::vector<std::string> unread;
};

// In the order in which they are to be done: first all that close, then all that open, then a plan in which
// the opened slots have CPUs, then the assignments.
struct Action {
  enum class Kind : uint8_t { kCloseSlot, kOpenSlot, kAssignCgroup };
  Kind kind = Kind::kOpenSlot;
  uint32_t slot = 0;
  uint64_t cgroup = 0;  // kAssignCgroup
  bool operator==(const Action&) const = default;
};

// kDraining: its cgroups are gone and tasks may still wait in its queues.
enum class SlotState : uint8_t { kFree, kRunning, kDraining };

struct CellView {
  uint32_t slot = 0;
  SlotState state = SlotState::kRunning;
  uint32_t generation = 0;  // how many cells have begun in the slot, this one among them
  std::string name;         // "db", "tenants:/tenants/a"; printable
  std::string short_name;   // "db", "tenants:a"; printable, not always unique
  std::vector<std::string> cgroups;
};

// How long a closed slot must have been without queued tasks before it is used again.
inline constexpr Time kDrainTime = std::chrono::seconds(1);

class Registry {
 public:
  // Of a manifest: the cells, root first, and their domains.
  Registry(std::vector<abi::Cell> cells, std::vector<abi::Domain> domains);

  // Facts. None of them has an effect before settle(); what is known already or unknown is no mistake.
  void began(Cgroup cgroup);
  void ended(uint64_t id);
  void cpuset(uint64_t id, Cpuset cpuset);
  // All of them: what is not among them has ended, unless it is below a path that could not be looked into.
  void exist(Census census);
  // The kernel does not find a cgroup that was to be assigned. It is not tried again.
  void not_found(uint64_t id);
  // A draining slot had so many tasks in its queues.
  void queued(uint32_t slot, uint32_t tasks, Time now);

  // Brings cells in line with cgroups. What it returns is to be done; requests() counts on it.
  [[nodiscard]] std::vector<Action> settle(Time now);
  // What has happened since the last call.
  [[nodiscard]] std::vector<Event> take_events();

  // For the planner, by slot: root, the cells that run, and those that drain, which run where their cleanup
  // says: in the enclosing cell, in root or in another one. `online` says which cpusets are restrictions.
  [[nodiscard]] std::vector<plan::CellRequest> requests(const std::vector<uint32_t>& online) const;
  // Root, running and draining cells by slot.
  [[nodiscard]] std::vector<CellView> cells() const;
  // The slot of a cgroup, if its cell runs.
  [[nodiscard]] std::optional<uint32_t> slot_of(uint64_t id) const;
  // Those that are known, by id; their cpusets may change.
  [[nodiscard]] std::vector<Cgroup> cgroups() const;
  [[nodiscard]] std::vector<uint32_t> draining() const;
  [[nodiscard]] const std::vector<abi::Cell>& declarations() const { return declared_; }

 private:
  // A cell that began in a slot, also when another one has begun there since.
  struct Tenure {
    uint32_t slot = 0;
    uint32_t generation = 0;
  };
  struct Slot {
    SlotState state = SlotState::kFree;
    uint32_t declared = 0;  // index of the declaration
    uint32_t generation = 0;
    std::string name;
    std::string short_name;
    std::vector<uint64_t> cgroups;    // in the order in which they came
    std::optional<Time> empty_since;  // while it drains
    Tenure drains_to = {};            // since its last cgroup went; of a cell that has ended: root
  };
  struct Known {
    Cgroup cgroup;
    uint32_t declared = 0;
    uint64_t order = 0;            // who came first
    std::optional<uint32_t> slot;  // nothing: it waits for one
    bool not_found = false;
    bool told = false;  // that it is refused
  };

  std::optional<uint32_t> declared_by(uint32_t first_slot) const;
  void leave(const Known& known);
  Tenure drain_of(const Known& known) const;
  Tenure enclosing(const Known& known) const;
  std::vector<Action> close_abandoned(Time now);
  void place(Known& known, Time now, std::vector<Action>& openings, std::vector<Action>& assignments);
  std::optional<uint32_t> slot_for(const Known& known) const;
  bool any_draining(uint32_t declared) const;
  void refuse(Known& known, Time now);
  plan::CellRequest running(uint32_t slot, const std::vector<uint32_t>& online) const;
  plan::CellRequest drained(uint32_t slot) const;
  std::optional<uint32_t> running_slot(const std::string& name) const;

  std::vector<abi::Cell> declared_;
  std::vector<abi::Domain> domains_;
  std::vector<Slot> slots_;  // root is number 0 and always runs
  std::map<uint64_t, Known> cgroups_;
  std::map<std::string, uint64_t, std::less<>> by_path_;
  uint64_t next_order_ = 0;
  std::vector<uint64_t> refused_late_;  // not found by the kernel, and yet there
  std::vector<Event> events_;
};

}  // namespace scx::cells
