#include "compiler/model/cleanup.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/model/model.h"
#include "runtime/base/check.h"

namespace scx::model {

using To = CleanupAction::To;
using Verb = CleanupAction::Verb;

const std::vector<CleanupRow>& cleanup_rows() {
  static const std::vector<Scope> everywhere = {Scope::kPolicy, Scope::kCell, Scope::kLayer};
  static const std::vector<CleanupRow> rows = {
      {Resource::kCpus,
       "CPUs",
       "cell",
       {Scope::kCell},
       {Event::kCgroupExit, Event::kCpusetClear, Event::kCpusetChange, Event::kCellEnd, Event::kCpuOffline},
       {Verb::kReturnCpus, To::kRoot}},
      {Resource::kTasks,
       "tasks",
       "layer",
       {Scope::kCell, Scope::kLayer},
       {Event::kCgroupExit, Event::kCellEnd},
       {Verb::kDrainTasks, To::kParent}},
      {Resource::kBorrowedCpus,
       "borrowed CPUs",
       "cell",
       {},
       {Event::kAnyEnd, Event::kOwnerNeed},
       {Verb::kGiveBack}},
      {Resource::kTaskState, "task state", "task", everywhere, {Event::kTaskExit}, {Verb::kForget}},
      {Resource::kGpuMembership,
       "GPU membership",
       "task",
       everywhere,
       {Event::kTaskExit, Event::kMemberExpire},
       {Verb::kForget}},
      {Resource::kStats,
       "stats",
       "cell or layer",
       {Scope::kCell, Scope::kLayer},
       {Event::kCellEnd},
       {Verb::kDropStats}},
      {Resource::kInterrupts, "interrupts", "policy", {Scope::kPolicy}, {Event::kUnload}, {Verb::kRestore}},
      {Resource::kIdleLatency,
       "idle latency",
       "policy",
       {Scope::kPolicy},
       {Event::kUnload},
       {Verb::kRestore}},
      {Resource::kPerfLevel, "perf level", "policy", {Scope::kPolicy}, {Event::kUnload}, {Verb::kRestore}},
      {Resource::kScheduler,
       "scheduler",
       "loader",
       {Scope::kPolicy},
       {Event::kStall, Event::kCpuOffline},
       {Verb::kExit}},
  };
  return rows;
}

const CleanupRow& row_of(Resource resource) {
  const CleanupRow& row = cleanup_rows()[static_cast<size_t>(resource)];
  SCX_CHECK(row.resource == resource, "the rows are in the order of the enumerators");
  return row;
}

namespace {

// Whether a layer asks for use of a GPU, or, of `timed`, for one that expires.
bool asks_for_gpu(const Policy& policy, const Expression& expression, bool timed) {
  if (expression.kind == Expression::Kind::kTest) {
    const Predicate& predicate = policy.predicates[expression.predicate];
    return abi::is_gpu(predicate.attribute) && (!timed || predicate.for_ns != 0);
  }
  return std::any_of(expression.operands.begin(), expression.operands.end(),
                     [&](const Expression& operand) { return asks_for_gpu(policy, operand, timed); });
}

template <typename Test>
bool any_layer(const Policy& policy, const Test& test) {
  return std::any_of(policy.cells.begin(), policy.cells.end(), [&](const Cell& cell) {
    return std::any_of(cell.layers.begin(), cell.layers.end(), test);
  });
}

bool has_members(const Policy& policy, bool timed) {
  return any_layer(policy, [&](const Layer& layer) { return asks_for_gpu(policy, layer.match, timed); });
}

}  // namespace

bool holds(const Policy& policy, Scope scope, uint32_t cell, Resource resource) {
  // Root never ends: its CPUs and its tasks are those that no other cell has.
  const bool ends = scope != Scope::kPolicy && policy.cells[cell].kind != abi::CellKind::kRoot;
  switch (resource) {
    case Resource::kCpus:
      return scope == Scope::kCell && ends && !policy.cells[cell].share_with;
    case Resource::kTasks:
      return scope == Scope::kLayer && ends;
    case Resource::kBorrowedCpus:
      return scope == Scope::kCell && policy.cells[cell].borrow.has_value();
    case Resource::kStats:
      return ends;
    case Resource::kTaskState:
    case Resource::kScheduler:
      return scope == Scope::kPolicy;
    case Resource::kGpuMembership:
      return scope == Scope::kPolicy && has_members(policy, false);
    case Resource::kIdleLatency:
      return scope == Scope::kPolicy &&
             any_layer(policy, [](const Layer& layer) { return layer.resume_latency_ns.has_value(); });
    case Resource::kInterrupts:  // no property of this version changes these
    case Resource::kPerfLevel:
      return false;
  }
  SCX_CHECK(false, "the resource is an enumerator");
}

bool can_happen(const Policy& policy, uint32_t cell, Event event) {
  const bool ends = policy.cells[cell].kind != abi::CellKind::kRoot;
  switch (event) {
    case Event::kCgroupExit:
    case Event::kCellEnd:
    case Event::kCpusetChange:  // a cell stays within the cpusets of its cgroups, however it is sized
    case Event::kAnyEnd:
      return ends;
    case Event::kCpusetClear:
      return ends && policy.cells[cell].source == abi::CellCpus::kCpuset;
    case Event::kMemberExpire:
      return has_members(policy, true);
    case Event::kOwnerNeed:
      return policy.cells[cell].borrow.has_value();
    case Event::kCpuOffline:
    case Event::kTaskExit:
    case Event::kUnload:
    case Event::kStall:
      return true;
  }
  SCX_CHECK(false, "the event is an enumerator");
}

std::string_view spelling(Scope scope) {
  switch (scope) {
    case Scope::kPolicy:
      return "policy";
    case Scope::kCell:
      return "cell";
    case Scope::kLayer:
      return "layer";
  }
  SCX_CHECK(false, "the scope is an enumerator");
}

std::string_view spelling(Event event) {
  static constexpr std::string_view words[] = {"cgroup exit", "cpuset clear", "cpuset change", "cell end",
                                               "cpu offline", "task exit",    "member expire", "unload",
                                               "stall",       "any end",      "owner's need"};
  return words[static_cast<size_t>(event)];
}

std::string_view spelling(CleanupAction::To to) {
  static constexpr std::string_view words[] = {"", "root", "parent", "donors", "siblings", ""};
  return words[static_cast<size_t>(to)];
}

namespace {

std::string target_text(const Policy& policy, const CleanupAction& action) {
  return action.to == To::kCell ? policy.cells[action.cell].name : std::string(spelling(action.to));
}

std::string_view setting_word(Resource resource) {
  return resource == Resource::kInterrupts ? "irq" : resource == Resource::kIdleLatency ? "idle" : "perf";
}

}  // namespace

std::string to_string(const Policy& policy, const CleanupRule& rule) {
  switch (rule.action.verb) {
    case Verb::kReturnCpus:
      return "return cpus to " + target_text(policy, rule.action);
    case Verb::kDrainTasks:
      return "drain tasks to " + target_text(policy, rule.action);
    case Verb::kGiveBack:
      return "give back at once";
    case Verb::kForget:
      return "forget";
    case Verb::kDropStats:
      return "drop";
    case Verb::kKeepStats:
      return "keep stats " + duration_text(rule.action.keep_ns);
    case Verb::kRestore:
      return fmt::format("restore {}", setting_word(rule.resource));
    case Verb::kExit:
      return "exit";
    case Verb::kRestart:
      return "restart";
  }
  SCX_CHECK(false, "the verb is an enumerator");
}

std::string scope_text(const Policy& policy, const CleanupRule& rule) {
  switch (rule.scope) {
    case Scope::kPolicy:
      return "policy " + policy.name;
    case Scope::kCell:
      return "cell " + policy.cells[rule.cell].name;
    case Scope::kLayer:
      break;
  }
  const Cell& cell = policy.cells[rule.cell];
  return fmt::format("layer {} in {}", cell.layers[rule.layer].name, cell.name);
}

}  // namespace scx::model
