// A task that a test can have, in the words of `test` blocks and of their names.
#pragma once

#include <string>

#include "compiler/analysis/test_finder.h"

namespace scx::analysis {

// `task { comm "nginx"; affinity "0-1"; }`. Precondition of all: found.answer is kFound.
std::string test_task_text(const TestTaskFinding& found);

// "a kernel thread called kworker", "any task": what stands out of it.
std::string description(const TestTaskFinding& found);

}  // namespace scx::analysis
