#include "compiler/driver/commands.h"

#include "compiler/driver/completion.h"
#include "compiler/driver/report.h"

namespace scx::driver {

int run_command(const Options& options) {
  switch (options.command) {
    case Command::kCompile:
      return compile(options);
    case Command::kLint:
      return lint(options);
    case Command::kCheck:
      return check(options);
    case Command::kTest:
      return test(options);
    case Command::kExplain:
      if (options.cleanup) return explain_cleanup(options);
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
