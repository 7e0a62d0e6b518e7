#include <algorithm>

#include "compiler/sema/cleanup.h"
#include "runtime/base/check.h"

// The pass `complete_cleanup`.
namespace scx::sema {

using model::CleanupAction;
using model::Event;
using model::Resource;
using model::Scope;
using To = CleanupAction::To;

namespace {

class Completer {
 public:
  Completer(const std::vector<WrittenCleanup>& written, model::Policy& policy)
      : written_(written), policy_(policy) {}

  void run() {
    add_scope({Scope::kPolicy, 0, 0}, policy_.cells[0].span);
    for (uint32_t c = 0; c < policy_.cells.size(); ++c) {
      add_scope({Scope::kCell, c, 0}, policy_.cells[c].span);
      for (uint32_t l = 0; l < policy_.cells[c].layers.size(); ++l)
        add_scope({Scope::kLayer, c, l}, policy_.cells[c].layers[l].span);
    }
  }

 private:
  struct Place {
    Scope scope;
    uint32_t cell, layer;
  };

  void add_scope(const Place& place, Span header) {
    for (const model::CleanupRow& row : model::cleanup_rows())
      for (const Event event : row.events) {
        const bool held = model::holds(policy_, place.scope, place.cell, row.resource);
        const bool happens = model::can_happen(policy_, place.cell, event);
        const WrittenCleanup* found = find(place, row, event);
        // `forget` means all that a task has: also what no task of this policy can have.
        if (!held && event == Event::kTaskExit && row.resource == Resource::kGpuMembership) found = nullptr;
        if (found != nullptr)
          add(place, row, event, action_of(*found), true, found->span);
        else if (held && happens)
          add(place, row, event, row.standard, false, header);
      }
  }

  void add(const Place& place, const model::CleanupRow& row, Event event, const CleanupAction& action,
           bool written, Span span) {
    policy_.cleanup.push_back(
        {place.scope, place.cell, place.layer, row.resource, event, action, written, span});
  }

  // What holds for the place: its own block, for a layer also its cell's where the resource is the layer's.
  const WrittenCleanup* find(const Place& place, const model::CleanupRow& row, Event event) const {
    // A cell has no tasks beside those of its layers.
    const bool of_layers = row.resource == Resource::kTasks;
    if (place.scope == Scope::kCell && of_layers) return nullptr;
    if (const WrittenCleanup* own = find_here(place, row, event)) return own;
    const bool inherits = of_layers || row.resource == Resource::kStats;
    if (place.scope != Scope::kLayer || !inherits) return nullptr;
    return find_here({Scope::kCell, place.cell, 0}, row, event);
  }

  // A cell that loses its last cgroup ends: where `cgroup exit` says nothing, `cell end` does.
  const WrittenCleanup* find_here(const Place& place, const model::CleanupRow& row, Event event) const {
    const WrittenCleanup* found = find_in(place, row.resource, event);
    if (found != nullptr || event != Event::kCgroupExit || !model::can_happen(policy_, place.cell, event))
      return found;
    return find_in(place, row.resource, Event::kCellEnd);
  }

  const WrittenCleanup* find_in(const Place& place, Resource resource, Event event) const {
    const model::Cell& cell = policy_.cells[place.cell];
    for (const WrittenCleanup& written : written_) {
      if (written.scope != place.scope || written.resource != resource || written.event != event) continue;
      if (place.scope == Scope::kPolicy) return &written;
      if (written.cell != cell.name) continue;
      if (place.scope == Scope::kCell || written.layer == cell.layers[place.layer].name) return &written;
    }
    return nullptr;
  }

  CleanupAction action_of(const WrittenCleanup& written) const {
    CleanupAction action = written.action;
    if (action.to != To::kCell) return action;
    const auto named = std::find_if(policy_.cells.begin(), policy_.cells.end(),
                                    [&](const model::Cell& cell) { return cell.name == written.target; });
    SCX_CHECK(named != policy_.cells.end(), "a target that is no cell was reported");
    action.cell = static_cast<uint32_t>(named - policy_.cells.begin());
    return action;
  }

  const std::vector<WrittenCleanup>& written_;
  model::Policy& policy_;
};

}  // namespace

void complete_cleanup(const std::vector<WrittenCleanup>& written, model::Policy& policy,
                      diag::Diagnostics& diagnostics) {
  policy.cleanup.clear();
  Completer(written, policy).run();
  for (const WrittenCleanup& action : written) {
    const bool used = std::any_of(policy.cleanup.begin(), policy.cleanup.end(),
                                  [&](const model::CleanupRule& rule) { return rule.span == action.span; });
    if (used) continue;
    diagnostics
        .report(diag::Kind::kReplacedAction, action.span, "every layer of `{}` has its own action",
                action.cell)
        .note("an action in a layer replaces that of its cell")
        .help("leave it out, or leave out those of the layers");
  }
}

}  // namespace scx::sema
