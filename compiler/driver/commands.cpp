#include "compiler/driver/commands.h"

#include "compiler/diagnostics/explain.h"
#include "compiler/driver/command_line.h"
#include "compiler/driver/report.h"

namespace scx::driver {

int run_command(const Options& options) {
  switch (options.command) {
    case Command::kCompile:
      return compile(options);
    case Command::kLint:
      if (options.schema) {
        print_out(diag::finding_schema());
        return kExitOk;
      }
      return options.list_rules ? list_rules(options) : lint(options);
    case Command::kCheck:
      return check(options);
    case Command::kFmt:
      return format(options);
    case Command::kTest:
      return test(options);
    case Command::kDiff:
      return diff(options);
    case Command::kExplain:
      if (options.cleanup) return explain_cleanup(options);
      if (!options.layer.empty()) return explain_layer(options);
      return options.explains_task() ? explain_task(options) : explain(options);
    case Command::kVerify:
      return verify(options);
    case Command::kCompletion:
      print_out(completion_script(options.shell));
      return kExitOk;
  }
  return kExitUsage;
}

}  // namespace scx::driver
