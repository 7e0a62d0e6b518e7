#include "compiler/driver/explain_host.h"

#include <algorithm>
#include <utility>

#include "compiler/driver/machine_fit.h"
#include "compiler/driver/report.h"
#include "runtime/base/file.h"
#include "runtime/topology/topology.h"

namespace scx::driver {
namespace {

// As scx-run looks for them: only where a layer is placed near them.
topology::Devices devices_of(const abi::Manifest& manifest) {
  const bool near = std::any_of(manifest.domains.begin(), manifest.domains.end(),
                                [](const abi::Domain& domain) { return domain.near_gpus; });
  return near ? topology::Devices::kGpus : topology::Devices::kNone;
}

}  // namespace

std::optional<int> plan_on_asked_host(const Options& options, const abi::Manifest& manifest, uint32_t domain,
                                      AskedHost& out) {
  if (options.host.empty()) return std::nullopt;
  const Result<topology::Topology> machine = read_machine(options.host, devices_of(manifest));
  if (!machine) {
    report_error(options, machine.error());
    return options.host == "live" ? kExitEnvironment : kExitUsage;
  }
  Result<explain::HostPlan> plan = explain::plan_on_host(manifest, domain, *machine);
  if (plan.ok()) {
    out.plan = *std::move(plan);
    return std::nullopt;
  }
  out.misfit = std::move(plan).error();
  out.misfit->message = fmt::format("the policy does not fit the machine {}: {}", scx::quoted(options.host),
                                    out.misfit->message);
  return std::nullopt;
}

void add_host(const AskedHost& host, nlohmann::json& document) {
  if (host.plan) document["host"] = explain::host_plan_json(*host.plan);
  if (host.misfit) document["host"] = nullptr;
}

std::string host_text(const AskedHost& host) {
  return host.plan ? "\n" + explain::host_plan_text(*host.plan) : "";
}

int end_with_host(const Options& options, const AskedHost& host) {
  if (!host.misfit) return kExitOk;
  report_error(options, *host.misfit);
  return kExitErrors;
}

}  // namespace scx::driver
