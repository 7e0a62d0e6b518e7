// `scxc explain FILE --layer NAME`: what a layer takes, what it is left, and
// what it has.
#include "compiler/analysis/layer_report.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/explain_host.h"
#include "compiler/driver/manifest.h"
#include "compiler/driver/pipeline.h"
#include "compiler/driver/report.h"
#include "runtime/explain/cpu_rule.h"
#include "runtime/explain/task_report.h"

namespace scx::driver {

int explain_layer(const Options& options) {
  Timings timings;
  Compilation compilation;
  if (const auto failed =
          run_for_result(options, options.files.front(), Phase::kAutomata, compilation, timings))
    return *failed;
  const model::Policy& policy = *compilation.policy;
  const abi::Classifier& classifier = *compilation.classifier;
  const Result<analysis::LayerId> id = analysis::find_layer(policy, options.layer);
  if (!id) {
    report_error(options, id.error());
    return kExitUsage;
  }
  const abi::Manifest manifest = manifest_of_policy(policy, classifier, compilation.sources);
  const uint32_t domain = policy.cells[id->cell].first_domain + id->layer;
  AskedHost host;
  if (const auto failed = plan_on_asked_host(options, manifest, domain, host)) return *failed;
  const analysis::LayerReport report =
      timings.measure("search", [&] { return analysis::report_on_layer(policy, classifier, *id); });
  const std::vector<std::string> rule = explain::cpu_rule(manifest, domain);
  if (options.format == Format::kJson) {
    nlohmann::json document = analysis::layer_json(policy, classifier, compilation.sources, report);
    document["version"] = 1;
    document["cpu_rule"] = rule;
    add_host(host, document);
    print_out(explain::json_line(document));
  } else {
    std::string text = analysis::layer_text(policy, classifier, compilation.sources, report);
    text += "\nCPUs\n";
    for (const std::string& sentence : rule) text += "    " + sentence + "\n";
    print_out(text + host_text(host));
  }
  report_timings(options, timings);
  return end_with_host(options, host);
}

}  // namespace scx::driver
