// Names that nothing uses.
#pragma once

#include "compiler/ast/ast.h"
#include "compiler/sema/names.h"

namespace scx::sema {

// Pass `warn_unused`.
// Reads: Declarations. Writes: warnings only.
// Invariant: a matcher or constant of the main file is warned about unless a layer, a cell, the policy
// block or a test reaches it, directly or through other matchers and constants. Included files are
// libraries: what a policy does not take from them is no mistake.
void warn_unused(const Declarations& declarations, diag::Diagnostics& diagnostics);

}  // namespace scx::sema
