// A live thread as the classifier reads tasks: from /proc and the scheduling
// system calls, no scheduler needed. Used by `scxc explain --pid` and `scx-run
// explain`.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/abi/classifier.h"
#include "runtime/base/result.h"
#include "runtime/classify/classify.h"
#include "runtime/topology/topology.h"

namespace scx::explain {

struct LiveTask {
  // What GPUs it opened is not to be seen from outside: none.
  classify::TaskFacts facts;
  char state = '?';     // a letter of proc_pid_stat(5)
  uint32_t cpu = 0;     // that it is on, or was last
  int scheduler = 0;    // SCHED_… of the kernel, without SCHED_RESET_ON_FORK
  uint64_t cgroup = 0;  // the kernel's number of its cgroup; 0: the hierarchy could not be asked
};

// The thread `tid` as it is now; `machine` tells where its CPUs are, null: nothing is said of them. Reasons:
// "no-task". Files that vanish meanwhile are the same.
Result<LiveTask> read_task(int tid, const topology::Topology* machine);

// The name that the kernel's scheduler sees. To a worker of its work queues /proc adds what it did last:
// `kworker/0:1-events`.
std::string scheduled_name(std::string comm, bool kthread);

// Whether sched_ext can have such a task: real-time, deadline and stop tasks are of other classes.
bool is_fair(int scheduler);

// The ids that this machine has for the names which the classifier asks for.
classify::NameIds resolve_names(const abi::Classifier& classifier);

}  // namespace scx::explain
