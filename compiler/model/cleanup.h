// The cleanup table: what each scope holds, the event that takes it away, and
// what is done with it then. sema/ fills it completely, defaults included;
// analysis checks it, `scxc explain --cleanup` prints it, the manifest carries
// what the loader acts on.
//
// Scopes nest: policy, cell, layer (in each of its cells: a domain), task. The
// inner one ends first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/source.h"

namespace scx::model {

struct Policy;
struct Cell;

// Where a cleanup block may stand.
enum class Scope : uint8_t { kPolicy, kCell, kLayer };

enum class Resource : uint8_t {
  kCpus,
  kTasks,
  kBorrowedCpus,
  kTaskState,
  kGpuMembership,
  kStats,
  kInterrupts,
  kIdleLatency,
  kPerfLevel,
  kScheduler,
};

enum class Event : uint8_t {
  kCgroupExit,
  kCpusetClear,
  kCpusetChange,
  kCellEnd,
  kCpuOffline,
  kTaskExit,
  kMemberExpire,
  kUnload,
  kStall,
  // What runs is fixed: these are no words of the language.
  kAnyEnd,
  kOwnerNeed,
};
// Those that a policy can write come first.
inline constexpr size_t kWritableEvents = 9;

struct CleanupAction {
  enum class Verb : uint8_t {
    kReturnCpus,
    kDrainTasks,
    kGiveBack,
    kForget,
    kDropStats,
    kKeepStats,
    kRestore,
    kExit,
    kRestart,
  };
  enum class To : uint8_t { kNone, kRoot, kParent, kDonors, kSiblings, kCell };
  Verb verb = Verb::kForget;
  To to = To::kNone;     // kReturnCpus, kDrainTasks
  uint32_t cell = 0;     // kCell: index into Policy::cells
  uint64_t keep_ns = 0;  // kKeepStats
  bool operator==(const CleanupAction&) const = default;
};

// The word for a target of its own; empty for kNone and kCell.
std::string_view spelling(CleanupAction::To to);

// What the language says of one resource.
struct CleanupRow {
  Resource resource;
  std::string_view name;
  std::string_view owner;
  std::vector<Scope> scopes;  // whose blocks may say what is done with it; none: it is fixed
  std::vector<Event> events;  // that take it away
  CleanupAction standard;     // what is done if nothing is written
};
// By Resource, in its order.
const std::vector<CleanupRow>& cleanup_rows();
const CleanupRow& row_of(Resource resource);

// One line of a policy's table: on `event`, `action` is done with what the scope holds.
struct CleanupRule {
  Scope scope = Scope::kPolicy;
  uint32_t cell = 0;   // index into Policy::cells; kCell, kLayer
  uint32_t layer = 0;  // of that cell; kLayer
  Resource resource = Resource::kTaskState;
  Event event = Event::kTaskExit;
  CleanupAction action;
  bool written = false;
  Span span;  // of what is written; of a default the header of its scope

  [[nodiscard]] bool is_default() const { return action == row_of(resource).standard; }
};

// Whether the scope takes this resource at all. `cell` and `layer` as in CleanupRule.
bool holds(const Policy& policy, Scope scope, uint32_t cell, Resource resource);
// Whether the event can come to the cell (to the policy: cell 0).
bool can_happen(const Policy& policy, uint32_t cell, Event event);

std::string_view spelling(Scope scope);
std::string_view spelling(Event event);
// `return cpus to donors`; also what no policy can write: `give back at once`.
std::string to_string(const Policy& policy, const CleanupRule& rule);
// "policy edge", "cell tenants", "layer bulk in tenants".
std::string scope_text(const Policy& policy, const CleanupRule& rule);

}  // namespace scx::model
