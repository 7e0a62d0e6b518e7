// `test` blocks: an imaginary task and what the policy shall make of it.
#pragma once

#include <string>
#include <vector>

#include "compiler/model/model.h"
#include "compiler/sema/layers.h"
#include "compiler/sema/names.h"

namespace scx::sema {

// Pass `lower_tests`.
// Reads: the tests of Declarations, Constants, the layers; `folder`, the policy's, for the hosts that tests
// name. Writes: the tests of the model.
// Invariant: every task can exist; domains index `layers`, matchers Declarations::matchers.
std::vector<model::Test> lower_tests(const Declarations& declarations, const Constants& constants,
                                     const std::vector<LoweredLayer>& layers, const std::string& folder,
                                     diag::Diagnostics& diagnostics);

}  // namespace scx::sema
