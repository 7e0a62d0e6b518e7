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
      // A cell may have begun in the slot between the counters and restart().
      const uint64_t before = std::min(before_[id][stat], counters[id][stat]);
      return static_cast<double>(counters[id][stat] - before) / (seconds * 1e9);
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

void DemandMeter::restart(uint32_t slot) {
  for (size_t id = 0; id < domains_.size(); ++id) {
    if (domains_[id].slot != slot) continue;
    before_[id] = {};
    smoothed_[id] = 0;
  }
}

void CellDemandMeter::measure(const abi::Cell& cell, double wanted, double now, Measured& out) const {
  const abi::Rebalance& rule = *cell.rebalance;
  out.sum += wanted;
  ++out.count;
  if (!out.value) out.value = wanted;
  if (now - out.since < static_cast<double>(rule.every_ns) / 1e9 || now < out.settled) return;
  const double part = rule.smoothing / 1000.0;
  out.value = *out.value * (1 - part) + out.sum / out.count * part;
  out.sum = 0;
  out.count = 0;
  out.since = now;
}

void CellDemandMeter::update(const plan::Plan& plan, double now, plan::Demand& demand) {
  std::map<uint32_t, double> wanted;
  for (const plan::DomainPlan& domain : plan.domains)
    if (domain.domain < demand.cpus.size()) wanted[domain.cell_id] += demand.cpus[domain.domain].value_or(0);
  std::erase_if(by_slot_, [&](const auto& entry) { return plan.find_cell(entry.first) == nullptr; });
  demand.cells.assign(abi::slot_count(cells_), std::nullopt);
  for (const plan::CellPlan& row : plan.cells) {
    const abi::Cell& cell = abi::cell_of_slot(cells_, row.id);
    if (!cell.rebalance) continue;
    Measured& measured = by_slot_[row.id];
    if (measured.owned != row.owned.size())
      measured.settled = now + static_cast<double>(cell.rebalance->cooldown_ns) / 1e9;
    measured.owned = row.owned.size();
    measure(cell, wanted[row.id], now, measured);
    demand.cells[row.id] = measured.value;
  }
}

bool sized_by_use(const plan::Plan& plan, const std::vector<abi::Cell>& cells) {
  // A policy that rebalances cells measures all the time: they come when they come.
  if (std::any_of(cells.begin(), cells.end(),
                  [](const abi::Cell& cell) { return cell.rebalance.has_value(); }))
    return true;
  return std::any_of(plan.domains.begin(), plan.domains.end(), [](const plan::DomainPlan& domain) {
    return domain.kind != abi::LayerKind::kOpen && domain.floor < domain.ceiling;
  });
}

}  // namespace scx::control
