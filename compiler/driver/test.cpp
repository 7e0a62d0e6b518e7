// `scxc test FILE…`: the tests that policies carry, on both engines.
#include <algorithm>
#include <optional>

#include <unistd.h>

#include "compiler/analysis/coverage.h"
#include "compiler/analysis/generated_tests.h"
#include "compiler/analysis/policy_tests.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/host_engine.h"
#include "compiler/driver/pipeline.h"
#include "compiler/driver/policy_files.h"
#include "compiler/driver/report.h"
#include "runtime/base/file.h"

namespace scx::driver {

namespace {

// The tests that the policy lacks, ready to be appended.
int generate(const Options& options, WholePolicy& policy, Timings& timings) {
  auto& [file, compilation, ran] = policy;
  if (const auto failed = report_for_result(options, ran, compilation)) return *failed;
  const auto generated = timings.measure(
      "generate", [&] { return analysis::generate_tests(*compilation.policy, *compilation.classifier); });
  print_out(options.format == Format::kJson ? analysis::to_json(generated) : analysis::to_text(generated));
  return kExitOk;
}

// Says what is missing of what `--coverage-at-least` asks for.
bool covers_enough(const Options& options, const std::string& file, const analysis::Coverage& coverage) {
  const analysis::Coverage::Share layers = coverage.of_layers();
  if (layers.seen * 100 >= layers.all * options.coverage_at_least) return true;
  Error error = make_error("the tests of {} reach {} of {} layers, less than {}%", scx::quoted(file),
                           layers.seen, layers.all, options.coverage_at_least);
  error.help = "`scxc test --generate` proposes tests for the others";
  report_error(options, error);
  return false;
}

int test_one(const Options& options, WholePolicy& policy, Timings& timings) {
  auto& [file, compilation, ran] = policy;
  if (const auto failed = report_for_result(options, ran, compilation)) return *failed;
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
  std::optional<analysis::Coverage> coverage;
  if (options.coverage)
    coverage = timings.measure("coverage", [&] {
      return analysis::cover(*compilation.policy, *compilation.classifier, compilation.sources);
    });
  if (options.format == Format::kJson) {
    print_out(analysis::to_json(report, *compilation.classifier, coverage ? &*coverage : nullptr));
  } else {
    print_out(analysis::to_text(report, *compilation.classifier));
    if (coverage) print_out(analysis::to_text(*coverage, use_color(options.color, STDOUT_FILENO)));
  }
  const bool is_enough = !coverage || covers_enough(options, file.name, *coverage);
  return report.passed() && is_enough ? kExitOk : kExitErrors;
}

}  // namespace

int test(const Options& options) {
  int exit_code = kExitOk;
  Timings timings;
  Result<std::deque<WholePolicy>> policies = whole_policies(options, Phase::kAutomata, timings);
  if (!policies) {
    report_error(options, policies.error());
    return kExitEnvironment;
  }
  if (options.generate && policies->size() > 1) {
    report_error(options,
                 make_error("`--generate` takes one policy at a time, and there are {}", policies->size()));
    return kExitUsage;
  }
  for (WholePolicy& policy : *policies)
    exit_code = std::max(exit_code, options.generate ? generate(options, policy, timings)
                                                     : test_one(options, policy, timings));
  report_timings(options, timings);
  return exit_code;
}

}  // namespace scx::driver
