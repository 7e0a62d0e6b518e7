// An imagined task in the words of a `test` block.
#pragma once

#include <string>
#include <string_view>

#include "compiler/analysis/task_search.h"

namespace scx::analysis {

// `task { comm "nginx"; affinity "0-1"; }`: as runtime/classify/task_text.h says, but with the CPUs of its
// place. Precondition of all: found.answer is kFound.
std::string task_block_text(const TaskFinding& found);
// The same behind the machine on which it is so: `host "2n2c"; task { … }`; alone if none is named.
std::string task_text(const TaskFinding& found);

// Text of a policy on one line and fit for a terminal: without comments, each run of spaces outside strings
// one.
std::string one_line(std::string_view written);

}  // namespace scx::analysis
