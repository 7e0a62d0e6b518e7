// Whether every layer can get a task and every matcher can hold: exact, with an
// example task for what is said. The driver runs it on every sound model.
#pragma once

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/model/model.h"
#include "runtime/abi/classifier.h"

namespace scx::analysis {

// Reports
// - a layer or a matcher that no task at all satisfies,
// - a layer whose tasks are all taken by layers before it, which those are, and a task that each of them
// takes,
// - a layer that is none of its own cell's tasks',
// - a matcher other than `*` that every task satisfies,
// - and what could not be decided within the bounds of TaskSearch, as a note.
// Precondition: automata::build_classifier made `classifier` of `policy`.
void check_reachability(const model::Policy& policy, const abi::Classifier& classifier,
                        diag::Diagnostics& diagnostics);

}  // namespace scx::analysis
