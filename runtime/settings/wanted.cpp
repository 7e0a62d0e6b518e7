#include "runtime/settings/wanted.h"

#include <algorithm>

namespace scx::settings {

bool changes_settings(const std::vector<abi::Domain>& domains) {
  return std::any_of(domains.begin(), domains.end(),
                     [](const abi::Domain& domain) { return domain.resume_latency_ns.has_value(); });
}

std::vector<Wanted> wanted(const plan::Plan& plan, const std::vector<abi::Domain>& domains) {
  std::vector<Wanted> out;
  for (const plan::DomainPlan& planned : plan.domains) {
    const abi::Domain& domain = domains[planned.domain];
    if (!domain.resume_latency_ns) continue;
    for (const uint32_t cpu : planned.owned)
      out.push_back({{Kind::kResumeLatency, cpu}, resume_latency_value(*domain.resume_latency_ns)});
  }
  return out;
}

}  // namespace scx::settings
