// Tests of a policy say the same on every machine. One that asks where a task's
// CPUs are, and names no `host`, does not: it is reported. Called by the driver
// once there is a classifier.
#pragma once

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/model/model.h"
#include "runtime/abi/classifier.h"

namespace scx::analysis {

// Reports expectations whose outcome depends on the machine that the test does not name.
// Preconditions: sema accepted the policy; `classifier` was built from it.
void check_machines(const model::Policy& policy, const abi::Classifier& classifier,
                    diag::Diagnostics& diagnostics);

}  // namespace scx::analysis
