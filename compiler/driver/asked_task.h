// The task that `scxc explain` is asked about: from words, or a live one from
// /proc.
#pragma once

#include <string>
#include <vector>

#include "compiler/model/model.h"
#include "runtime/base/result.h"
#include "runtime/explain/task_report.h"

namespace scx::driver {

// `comm=nginx,cgroup=/web.slice,nice=-5`; flags by their name alone or `not-leader`. What is not named is as
// in a `test` block; `\,` is a comma of a value. Names of users and groups have the ids of tests. Errors are
// the user's: reason "bad-task".
Result<explain::AskedTask> task_of_words(const std::vector<std::string>& words, const model::Policy& policy);

// The thread `pid` of this machine as it is now, names of users and groups as this machine knows them. What
// GPUs it opened is not to be seen from outside. Errors: no such thread, /proc that cannot be read.
Result<explain::AskedTask> task_of_pid(int pid, const abi::Classifier& classifier);

}  // namespace scx::driver
