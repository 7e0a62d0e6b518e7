// What `scxc lint` says of a sound policy beyond what every command says: one
// file a rule, each a function that reads the model and reports. Rules prove
// nothing wrong; a policy may have reasons.
#pragma once

#include "compiler/analysis/task_search.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/model/model.h"
#include "runtime/abi/classifier.h"

namespace scx::analysis::lint {

// What the rules of one policy share.
struct Subject {
  const model::Policy& policy;
  const abi::Classifier& classifier;
  TaskSearch& search;
};

// Two layers of a cell match the same task, so their order decides (N0801).
void order_decides(const Subject& subject, diag::Diagnostics& diagnostics);
// A term of a match without which it would match the same tasks (W0802).
void redundant_term(const Subject& subject, diag::Diagnostics& diagnostics);
// A layer that no test of the policy expects (N0803), a policy without tests (N0804).
void untested_layer(const Subject& subject, diag::Diagnostics& diagnostics);

// A layer with CPUs on nodes where none of its tasks may run (W0805).
void nodes_of_tasks(const Subject& subject, diag::Diagnostics& diagnostics);

// All of them. Precondition: the policy has no errors and `classifier` was made of it.
void run_rules(const model::Policy& policy, const abi::Classifier& classifier,
               diag::Diagnostics& diagnostics);

}  // namespace scx::analysis::lint
