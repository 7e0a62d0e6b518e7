// A task that a test can have, in the words of the names of `test` blocks.
#pragma once

#include <string>

#include "compiler/analysis/test_finder.h"

namespace scx::analysis {

// "a kernel thread called kworker", "any task": what stands out of it. Precondition: found.answer is kFound.
std::string description(const TestTaskFinding& found);

}  // namespace scx::analysis
