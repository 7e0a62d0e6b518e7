#include "runtime/report/figures.h"

namespace scx::report {
namespace {

constexpr std::array<Field, SCX_STAT_COUNT> kFields{{
    {"runs", "times a task of the layer got a CPU"},
    {"runtime_ns", "CPU time used"},
    {"runtime_home_ns", "CPU time used on the layer's home CPUs"},
    {"wait_ns", "time between becoming queued and running, summed over runs"},
    {"idle_picks", "placed on an idle CPU at wake-up"},
    {"queued", "put into a queue"},
    {"forced", "runs on a CPU of another layer because affinity left no choice"},
    {"preempted", "times it preempted a task of another layer"},
    {"cross_llc", "tasks taken from a queue of another last-level cache"},
    {"cross_node", "those of them that came from another NUMA node"},
    {"borrowed", "runs on a CPU of another cell that lends"},
    {"borrowed_ns", "CPU time used on such CPUs"},
    {"entered", "tasks that were classified into the layer"},
    {"left", "tasks that left it: reclassified or ended"},
}};
static_assert(SCX_STAT_RUNS == 0 && SCX_STAT_CROSS_LLC == 8 && SCX_STAT_LEFT == 13,
              "kFields follows enum scx_stat");

}  // namespace

std::span<const Field, SCX_STAT_COUNT> fields() { return kFields; }

Frame make_frame(const abi::Manifest& manifest, const plan::Plan& plan, const std::vector<Counters>& before,
                 const std::vector<Counters>& now, double interval_s, double elapsed_s) {
  Frame frame;
  frame.policy = manifest.policy;
  frame.fingerprint = manifest.fingerprint;
  frame.elapsed_s = elapsed_s;
  frame.interval_s = interval_s;
  frame.online = plan.online;
  frame.pool = plan.pool;
  for (uint32_t d = 0; d < manifest.domains.size(); ++d) {
    const abi::Domain& domain = manifest.domains[d];
    LayerFigures figures;
    figures.domain = d;
    figures.cell = domain.cell;
    figures.layer = domain.layer;
    figures.kind = domain.kind;
    figures.weight = domain.weight;
    if (const plan::DomainPlan* planned = plan.find(d)) {
      figures.cpus = planned->home;
      figures.owns_cpus = !planned->owned.empty();
    }
    if (d < now.size()) figures.total = now[d];
    std::array<double, SCX_STAT_COUNT> change{};
    for (size_t k = 0; k < SCX_STAT_COUNT; ++k) {
      const uint64_t earlier = d < before.size() ? before[d][k] : 0;
      change[k] = figures.total[k] > earlier ? static_cast<double>(figures.total[k] - earlier) : 0.0;
      figures.rate[k] = change[k] / interval_s;
    }
    constexpr double kNsPerSecond = 1e9;
    figures.cpus_used = figures.rate[SCX_STAT_RUNTIME] / kNsPerSecond;
    if (!figures.cpus.empty())
      figures.utilization =
          figures.rate[SCX_STAT_RUNTIME_HOME] / kNsPerSecond / static_cast<double>(figures.cpus.size());
    if (change[SCX_STAT_RUNS] > 0) figures.wait_ns = change[SCX_STAT_WAIT] / change[SCX_STAT_RUNS];
    const uint64_t entered = figures.total[SCX_STAT_ENTERED];
    const uint64_t left = figures.total[SCX_STAT_LEFT];
    figures.tasks = entered > left ? entered - left : 0;
    frame.layers.push_back(std::move(figures));
  }
  return frame;
}

}  // namespace scx::report
