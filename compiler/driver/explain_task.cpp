// `scxc explain FILE --task …` and `--pid PID`: which layer a task is in, why, and
// where it may run.
#include "compiler/driver/asked_task.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/explain_host.h"
#include "compiler/driver/manifest.h"
#include "compiler/driver/pipeline.h"
#include "compiler/driver/report.h"
#include "runtime/explain/task_report.h"

namespace scx::driver {

int explain_task(const Options& options) {
  Timings timings;
  Compilation compilation;
  if (const auto failed =
          run_for_result(options, options.files.front(), Phase::kAutomata, compilation, timings))
    return *failed;
  const abi::Manifest manifest =
      manifest_of_policy(*compilation.policy, *compilation.classifier, compilation.sources);
  const Result<explain::AskedTask> task = options.pid ? task_of_pid(*options.pid, *compilation.classifier)
                                                      : task_of_words(options.task, *compilation.policy);
  if (!task) {
    report_error(options, task.error());
    return task.error().reason == "bad-task" ? kExitUsage : kExitEnvironment;
  }
  const explain::TaskReport report = explain::report_on(manifest, *task);
  AskedHost host;
  if (const auto failed = plan_on_asked_host(options, manifest, report.verdict.domain, host)) return *failed;
  if (options.format == Format::kJson) {
    nlohmann::json document = explain::task_json(manifest, report);
    document["version"] = 1;
    add_host(host, document);
    print_out(explain::json_line(document));
  } else {
    print_out(explain::task_text(manifest, report) + host_text(host));
  }
  report_timings(options, timings);
  return end_with_host(options, host);
}

}  // namespace scx::driver
