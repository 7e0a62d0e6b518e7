#include "runtime/report/figures.h"

#include <algorithm>

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

constexpr double kNsPerSecond = 1e9;

// The change of each counter of a domain in the interval.
std::array<double, SCX_STAT_COUNT> change_of(const Reading& reading, uint32_t domain) {
  std::array<double, SCX_STAT_COUNT> change{};
  if (domain >= reading.now.size()) return change;
  for (size_t k = 0; k < SCX_STAT_COUNT; ++k) {
    const uint64_t earlier = domain < reading.before.size() ? reading.before[domain][k] : 0;
    const uint64_t later = reading.now[domain][k];
    change[k] = later > earlier ? static_cast<double>(later - earlier) : 0.0;
  }
  return change;
}

// From `total`, `rate` and `cpus`; `at_home` is the CPU time on those per second, in ns.
void derive(Figures& figures, double at_home) {
  figures.cpus_used = figures.rate[SCX_STAT_RUNTIME] / kNsPerSecond;
  figures.borrowed = figures.rate[SCX_STAT_BORROWED_NS] / kNsPerSecond;
  if (!figures.cpus.empty())
    figures.utilization = at_home / kNsPerSecond / static_cast<double>(figures.cpus.size());
  if (figures.rate[SCX_STAT_RUNS] > 0)
    figures.wait_ns = figures.rate[SCX_STAT_WAIT] / figures.rate[SCX_STAT_RUNS];
  const uint64_t entered = figures.total[SCX_STAT_ENTERED];
  const uint64_t left = figures.total[SCX_STAT_LEFT];
  figures.tasks = entered > left ? entered - left : 0;
}

LayerFigures layer_figures(const Reading& reading, uint32_t id) {
  const abi::Domain& domain = reading.manifest.domains[id];
  LayerFigures figures;
  figures.domain = id;
  figures.layer = domain.layer;
  figures.kind = domain.kind;
  figures.weight = domain.weight;
  if (const plan::DomainPlan* planned = reading.plan.find(id)) {
    figures.cpus = planned->home;
    figures.owns_cpus = !planned->owned.empty();
  }
  if (id < reading.now.size()) figures.total = reading.now[id];
  const std::array<double, SCX_STAT_COUNT> change = change_of(reading, id);
  for (size_t k = 0; k < SCX_STAT_COUNT; ++k) figures.rate[k] = change[k] / reading.interval_s;
  derive(figures, figures.rate[SCX_STAT_RUNTIME_HOME]);
  return figures;
}

void place(CellFigures& figures, const plan::Plan& plan) {
  const plan::CellPlan* cell = plan.find_cell(figures.view.slot);
  if (cell == nullptr) return;
  figures.cpus = cell->owned;
  figures.owns_cpus = !cell->owned.empty();
  if (figures.owns_cpus) return;
  if (const plan::CellPlan* host = plan.find_cell(cell->runs_in)) figures.runs_in = host->name;
  for (const LayerFigures& layer : figures.layers)
    figures.cpus.insert(figures.cpus.end(), layer.cpus.begin(), layer.cpus.end());
  std::sort(figures.cpus.begin(), figures.cpus.end());
  figures.cpus.erase(std::unique(figures.cpus.begin(), figures.cpus.end()), figures.cpus.end());
}

CellFigures cell_figures(const Reading& reading, const cells::CellView& view) {
  CellFigures figures;
  figures.view = view;
  for (uint32_t id = 0; id < reading.manifest.domains.size(); ++id) {
    if (reading.manifest.domains[id].slot != view.slot) continue;
    const LayerFigures& layer = figures.layers.emplace_back(layer_figures(reading, id));
    for (size_t k = 0; k < SCX_STAT_COUNT; ++k) {
      figures.total[k] += layer.total[k];
      figures.rate[k] += layer.rate[k];
    }
  }
  place(figures, reading.plan);
  // A layer's guests on another layer's CPUs are at home in the cell.
  derive(figures, figures.rate[SCX_STAT_RUNTIME] - figures.rate[SCX_STAT_BORROWED_NS]);
  return figures;
}

}  // namespace

std::span<const Field, SCX_STAT_COUNT> fields() { return kFields; }

Frame make_frame(const Reading& reading) {
  Frame frame;
  frame.policy = reading.manifest.policy;
  frame.fingerprint = reading.manifest.fingerprint;
  frame.elapsed_s = reading.elapsed_s;
  frame.interval_s = reading.interval_s;
  frame.online = reading.plan.online;
  frame.pool = reading.plan.pool;
  frame.declares_cells = reading.manifest.cells.size() > 1;
  for (size_t c = 0; c < reading.cells.size(); ++c) {
    CellFigures& figures = frame.cells.emplace_back(cell_figures(reading, reading.cells[c]));
    if (c < reading.queued.size()) figures.queued = reading.queued[c];
  }
  return frame;
}

}  // namespace scx::report
