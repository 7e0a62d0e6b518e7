// What a policy may have of a kind in all, where each is a bit or a table entry
// of the scheduler; and settings that no layer makes use of.
#pragma once

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/model/model.h"
#include "compiler/sema/layers.h"

namespace scx::sema {

// Pass `check_limits`.
// Reads: the assembled policy, PolicySettings. Writes: nothing.
// Invariant: places and tests of GPU use have their bits.
void check_limits(const model::Policy& policy, const PolicySettings& settings,
                  diag::Diagnostics& diagnostics);

}  // namespace scx::sema
