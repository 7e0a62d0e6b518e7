#include "compiler/driver/machine_fit.h"

#include <optional>

#include "compiler/driver/manifest.h"
#include "runtime/base/file.h"
#include "runtime/explain/host_plan.h"

namespace scx::driver {

Result<topology::Topology> read_machine(const std::string& name, topology::Devices devices) {
  Result<topology::Topology> machine = name == "live" ? topology::live(devices) : topology::from_source(name);
  if (machine || !machine.error().help.empty()) return machine;
  Error error = std::move(machine).error();
  error.help =
      "`--host` takes an hwloc file (`lstopo machine.xml` writes one), a description as `2n4c2t`, or `live` "
      "for this machine";
  return error;
}

Result<std::vector<NamedMachine>> read_machines(const std::vector<std::string>& names) {
  std::vector<NamedMachine> out;
  for (const std::string& name : names) {
    SCX_TRY(topology::Topology machine, read_machine(name, topology::Devices::kGpus));
    out.push_back({name, std::move(machine)});
  }
  return out;
}

void check_fit(const std::vector<NamedMachine>& machines, Compilation& compilation) {
  if (machines.empty() || compilation.diagnostics.has_errors()) return;
  const model::Policy& policy = *compilation.policy;
  const abi::Manifest manifest = manifest_of_policy(policy, *compilation.classifier, compilation.sources);
  const std::vector<bool> told = analysis::check_places(policy, machines, compilation.diagnostics);
  std::optional<diag::Builder> report;
  for (size_t i = 0; i < machines.size(); ++i) {
    if (told[i]) continue;
    const Result<explain::HostPlan> plan = explain::plan_on_host(manifest, 0, machines[i].topology);
    if (plan) continue;
    std::string why =
        fmt::format("does not fit the machine `{}`: {}", machines[i].name, plan.error().message);
    if (report) {
      report->note("it also " + why);
      continue;
    }
    report.emplace(compilation.diagnostics.report(diag::Kind::kDoesNotFit, policy.cells.front().span,
                                                  "the policy {}", why));
    if (!plan.error().help.empty()) report->help(plan.error().help);
  }
}

}  // namespace scx::driver
