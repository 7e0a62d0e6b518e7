// `test` blocks: an imaginary task and what the policy shall make of it.
#pragma once

#include <string>
#include <vector>

#include "compiler/model/model.h"
#include "compiler/sema/cells.h"
#include "compiler/sema/names.h"

namespace scx::sema {

// Pass `lower_tests`.
// Reads: the tests of Declarations, Constants, the cells with their layers. `folder`, the
// policy's, for the hosts that tests name. Writes: the tests of the model.
// Invariant: every task can exist; domains are those that the model numbers, matchers index
// Declarations::matchers.
std::vector<model::Test> lower_tests(const Declarations& declarations, const Constants& constants,
                                     const std::vector<LoweredCell>& cells, const std::string& folder,
                                     diag::Diagnostics& diagnostics);

}  // namespace scx::sema
