// `scxc explain --cleanup FILE…`: what each scope of a policy gives back, when
// and to whom, whether it is written or the default.
#include <algorithm>

#include "compiler/analysis/cleanup.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/pipeline.h"
#include "compiler/driver/report.h"

namespace scx::driver {

namespace {

int explain_one(const Options& options, const std::string& file, Timings& timings) {
  Compilation compilation;
  if (const auto failed = run_for_result(options, file, Phase::kSema, compilation, timings)) return *failed;
  print_out(options.format == Format::kJson
                ? analysis::cleanup_json(*compilation.policy, compilation.sources)
                : analysis::cleanup_text(*compilation.policy, compilation.sources));
  return kExitOk;
}

}  // namespace

int explain_cleanup(const Options& options) {
  int exit_code = kExitOk;
  Timings timings;
  for (const std::string& file : options.files)
    exit_code = std::max(exit_code, explain_one(options, file, timings));
  report_timings(options, timings);
  return exit_code;
}

}  // namespace scx::driver
