// Cleanup scopes: from `cleanup { on EVENT { ACTION; … } }` to the model's
// table, in which every resource has its way back, written or not.
#pragma once

#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/model/model.h"
#include "compiler/sema/names.h"

namespace scx::sema {

// One action as it stands in a block, for one resource. The cell and the layer
// are those of the block, by name; `target` is the cell of `to CELL`.
struct WrittenCleanup {
  model::Scope scope = model::Scope::kPolicy;
  std::string_view cell = "root";
  std::string_view layer;
  model::Resource resource = model::Resource::kTaskState;
  model::Event event = model::Event::kTaskExit;
  model::CleanupAction action;
  std::string_view target;
  Span span;
};

// Pass `read_cleanup`.
// Reads: the cleanup blocks of the main file, Constants. Writes: the actions, in file order.
// Invariant: an action's scope and event are of its resource's row; a block says one thing at most for
// a resource on an event; targets are cells that the file declares.
std::vector<WrittenCleanup> read_cleanup(const Declarations& declarations, const Constants& constants,
                                         diag::Diagnostics& diagnostics);

// Pass `complete_cleanup`.
// Reads: the actions, the cells and layers of the policy. Writes: Policy::cleanup.
// Invariant: one rule for every resource that a scope holds and every event that can take it away;
// what a cell says holds for those of its layers that say nothing (if there is none, a warning).
void complete_cleanup(const std::vector<WrittenCleanup>& written, model::Policy& policy,
                      diag::Diagnostics& diagnostics);

}  // namespace scx::sema
