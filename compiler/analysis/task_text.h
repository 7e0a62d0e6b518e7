// An imagined task in the words of a `test` block.
#pragma once

#include <string>

#include "compiler/analysis/task_search.h"

namespace scx::analysis {

// As runtime/classify/task_text.h says. Precondition: found.answer is kFound.
std::string task_text(const TaskFinding& found);

// Whether a `test` block can say all of it, without a machine: not where the task is, nor when it opened a
// GPU.
bool fits_a_test(const TaskFinding& found);

}  // namespace scx::analysis
