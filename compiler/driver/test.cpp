// `scxc test FILE…`: the tests that policies carry, on both engines.
#include <algorithm>
#include <optional>

#include "compiler/analysis/policy_tests.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/host_engine.h"
#include "compiler/driver/pipeline.h"
#include "compiler/driver/report.h"

namespace scx::driver {

namespace {

int test_one(const Options& options, const std::string& file, Timings& timings) {
  Compilation compilation;
  if (const auto failed = run_for_result(options, file, Phase::kAutomata, compilation, timings))
    return *failed;
  std::optional<HostEngine> engine;
  if (!compilation.policy->tests.empty()) {
    Result<HostEngine> compiled =
        timings.measure("host", [&] { return HostEngine::compile(options, compilation); });
    if (!compiled) {
      report_error(options, compiled.error());
      return kExitEnvironment;
    }
    engine = *std::move(compiled);
  }
  const auto report = timings.measure("tests", [&] {
    return analysis::run_policy_tests(*compilation.policy, *compilation.classifier, compilation.sources,
                                      engine ? std::optional(engine->engine()) : std::nullopt);
  });
  print_out(options.format == Format::kJson ? analysis::to_json(report, *compilation.classifier)
                                            : analysis::to_text(report, *compilation.classifier));
  return report.passed() ? kExitOk : kExitErrors;
}

}  // namespace

int test(const Options& options) {
  int exit_code = kExitOk;
  Timings timings;
  for (const std::string& file : options.files)
    exit_code = std::max(exit_code, test_one(options, file, timings));
  report_timings(options, timings);
  return exit_code;
}

}  // namespace scx::driver
