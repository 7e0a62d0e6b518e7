// Ownership: that everything a policy takes has one owner and a way back in
// every state it can get into. The driver runs it on every sound model.
#pragma once

#include <string>

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/model/model.h"
#include "compiler/support/source.h"

namespace scx::analysis {

// Looks at the written rules of Policy::cleanup; defaults are sound for every policy. Reports
// - an event that cannot come to the scope, or takes nothing from it,
// - CPUs or tasks that would go to a cell that may itself be gone, or in a circle, or to nobody,
// - settings that are restored and not changed (a note),
// - and, of what is sound, the actions that the loader of this version does not do.
void check_cleanup(const model::Policy& policy, diag::Diagnostics& diagnostics);

// Whether a cgroup of the cell `outer` exists as long as any cgroup of `inner` does: `outer` is a static
// cell, and each place where `inner` begins is below one of its own.
bool encloses(const model::Policy& policy, uint32_t outer, uint32_t inner);

// The effective table, one rule a line with its scope, resource, owner, event, action and where it comes
// from: "default" or a place of the policy.
std::string cleanup_text(const model::Policy& policy, const Sources& sources);
// {"policy", "cleanup": [{"scope", "resource", "owner", "event", "action", "default", …}]}, one line.
std::string cleanup_json(const model::Policy& policy, const Sources& sources);

}  // namespace scx::analysis
