#include "runtime/control/demand.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/check.h"

namespace scx::control {

DemandMeter::DemandMeter(std::vector<abi::Domain> domains)
    : domains_(std::move(domains)), before_(domains_.size()), smoothed_(domains_.size()) {}

plan::Demand DemandMeter::update(const std::vector<load::Counters>& counters, const plan::Plan& plan,
                                 double seconds) {
  SCX_CHECK(counters.size() == domains_.size() && seconds > 0, "counters of every domain over some time");
  const double keep = std::exp2(-seconds / kHalfLife);
  plan::Demand demand;
  demand.cpus.resize(domains_.size());
  for (size_t id = 0; id < domains_.size(); ++id) {
    const auto rate = [&](scx_stat stat) {
      return static_cast<double>(counters[id][stat] - before_[id][stat]) / (seconds * 1e9);
    };
    const double used = rate(SCX_STAT_RUNTIME_HOME);
    double wanted = used;
    const plan::DomainPlan* planned = plan.find(static_cast<uint32_t>(id));
    const size_t owned = planned == nullptr ? 0 : planned->owned.size();
    if (used * 100 >= static_cast<double>(owned * domains_[id].util.high))
      wanted += std::min(rate(SCX_STAT_WAIT), std::max(used, 1.0));
    smoothed_[id] = std::max(wanted, wanted + (smoothed_[id] - wanted) * keep);
    demand.cpus[id] = smoothed_[id];
  }
  before_ = counters;
  return demand;
}

bool sized_by_use(const plan::Plan& plan) {
  return std::any_of(plan.domains.begin(), plan.domains.end(), [](const plan::DomainPlan& domain) {
    return domain.kind != abi::LayerKind::kOpen && domain.floor < domain.ceiling;
  });
}

}  // namespace scx::control
