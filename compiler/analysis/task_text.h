// An imagined task in the words of a `test` block.
#pragma once

#include <string>
#include <string_view>

#include "compiler/analysis/task_search.h"

namespace scx::analysis {

// As runtime/classify/task_text.h says. Precondition: found.answer is kFound.
std::string task_text(const TaskFinding& found);

// Text of a policy on one line and fit for a terminal: without comments, each run of spaces outside strings
// one.
std::string one_line(std::string_view written);

}  // namespace scx::analysis
