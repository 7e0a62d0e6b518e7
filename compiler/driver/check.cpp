// `scxc check FILE…`: errors, warnings and notes of each policy, no output file.
#include <algorithm>

#include "compiler/driver/commands.h"
#include "compiler/driver/machine_fit.h"
#include "compiler/driver/pipeline.h"
#include "compiler/driver/policy_files.h"
#include "compiler/driver/report.h"

namespace scx::driver {

int check(const Options& options) {
  int exit_code = kExitOk;
  const Result<std::vector<NamedMachine>> machines = read_machines(options.hosts);
  if (!machines) {
    report_error(options, machines.error());
    return kExitUsage;
  }
  Timings timings;
  Result<std::deque<WholePolicy>> policies = whole_policies(options, Phase::kAutomata, timings);
  if (!policies) {
    report_error(options, policies.error());
    return kExitEnvironment;
  }
  for (auto& [file, compilation, ran] : *policies) {
    if (ran) check_fit(*machines, compilation);
    heed_allowances(compilation, false);
    report_diagnostics(options, compilation, false);
    if (!ran) report_error(options, ran.error());
    const int own = !ran ? kExitEnvironment : compilation.diagnostics.has_errors() ? kExitErrors : kExitOk;
    exit_code = std::max(exit_code, own);
  }
  report_timings(options, timings);
  return exit_code;
}

}  // namespace scx::driver
