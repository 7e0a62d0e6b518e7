// A task in the words of a `test` block, for explanations. Pure.
#pragma once

#include <string>

#include "runtime/classify/classify.h"

namespace scx::classify {

// `task { comm "nginx"; nice -5; }`: what is not as the language assumes it of a test's task. Where a task
// is on the machine has no words without a machine: `affinity within node 0` stands for it then.
std::string task_text(const TaskFacts& task, const NameIds& ids);

}  // namespace scx::classify
