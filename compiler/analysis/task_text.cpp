#include "compiler/analysis/task_text.h"

#include "runtime/classify/task_text.h"

namespace scx::analysis {

std::string task_text(const TaskFinding& found) { return classify::task_text(found.task, found.ids); }

bool fits_a_test(const TaskFinding& found) {
  const classify::TaskFacts& task = found.task;
  const bool known_class =
      task.sched == abi::kSchedNormal || task.sched == abi::kSchedBatch || task.sched == abi::kSchedIdle;
  return known_class && task.gpu_age_ns == 0 && task.affinity_full && !task.affinity_pinned &&
         task.affinity_node < 0 && task.affinity_llc < 0;
}

}  // namespace scx::analysis
