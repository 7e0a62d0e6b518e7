// `scxc explain FILE --task …` and `--pid N`: which layer a task is in, and why.
#include "compiler/analysis/task_report.h"
#include "compiler/driver/asked_task.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/pipeline.h"
#include "compiler/driver/report.h"

namespace scx::driver {

int explain_task(const Options& options) {
  Timings timings;
  Compilation compilation;
  if (const auto failed =
          run_for_result(options, options.files.front(), Phase::kAutomata, compilation, timings))
    return *failed;
  const model::Policy& policy = *compilation.policy;
  const Result<analysis::AskedTask> task =
      options.pid ? task_of_pid(*options.pid, policy) : task_of_words(options.task, policy);
  if (!task) {
    report_error(options, task.error());
    return task.error().reason == "bad-task" ? kExitUsage : kExitEnvironment;
  }
  print_out(options.format == Format::kJson
                ? analysis::task_report_json(policy, *compilation.classifier, *task)
                : analysis::task_report_text(policy, *compilation.classifier, *task));
  report_timings(options, timings);
  return kExitOk;
}

}  // namespace scx::driver
