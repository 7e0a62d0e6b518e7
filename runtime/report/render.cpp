#include "runtime/report/render.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/base/file.h"
#include "runtime/report/document.h"
#include "runtime/topology/topology.h"

namespace scx::report {
namespace {

Json counters(const Figures& figures) {
  Json out;
  for (size_t k = 0; k < SCX_STAT_COUNT; ++k) {
    out["total"][fields()[k].name] = figures.total[k];
    out["rate"][fields()[k].name] = figures.rate[k];
  }
  return out;
}

void add_figures(Json& entry, const Figures& figures) {
  entry["cpus"] = topology::cpu_list(figures.cpus);
  entry["cpu_count"] = figures.cpus.size();
  entry["owns_cpus"] = figures.owns_cpus;
  entry["tasks"] = figures.tasks;
  entry["cpus_used"] = figures.cpus_used;
  entry["cpus_borrowed"] = figures.borrowed;
  entry["utilization"] = figures.utilization;
  entry["wait_avg_ns"] = figures.wait_ns;
  entry.update(counters(figures));
}

Json layer_value(const LayerFigures& layer) {
  Json entry;
  entry["domain"] = layer.domain;
  entry["kind"] = abi::spelling(layer.kind);
  entry["weight"] = layer.weight;
  add_figures(entry, layer);
  return entry;
}

Json cell_value(const CellFigures& cell) {
  Json entry;
  entry["slot"] = cell.view.slot;
  entry["generation"] = cell.view.generation;
  entry["cgroups"] = cell.view.cgroups;
  entry["runs_in"] = cell.runs_in.empty() ? cell.view.name : cell.runs_in;
  if (cell.queued.has_value()) entry["waiting"] = *cell.queued;
  add_figures(entry, cell);
  entry["layers"] = Json::object();
  for (const LayerFigures& layer : cell.layers) entry["layers"][layer.layer] = layer_value(layer);
  return entry;
}

Json draining_value(const CellFigures& cell) {
  Json entry;
  entry["cell"] = cell.view.name;
  entry["slot"] = cell.view.slot;
  if (cell.queued.has_value()) entry["waiting"] = *cell.queued;
  return entry;
}

// "12", and what is behind it; nothing if no number below `most` begins the text.
std::optional<std::pair<uint32_t, std::string_view>> number_at(std::string_view text, size_t most) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number >= most) return std::nullopt;
  return std::pair(number, text.substr(static_cast<size_t>(end - text.data())));
}

}  // namespace

std::string duration(double nanoseconds) {
  struct Unit {
    double size;
    std::string_view name;
  };
  constexpr Unit kUnits[] = {{3.6e12, "h"}, {6e10, "m"}, {1e9, "s"}, {1e6, "ms"}, {1e3, "us"}};
  for (const Unit& unit : kUnits)
    if (nanoseconds >= unit.size) {
      const double value = nanoseconds / unit.size;
      return value < 9.95 ? fmt::format("{:.1f}{}", value, unit.name)
                          : fmt::format("{:.0f}{}", value, unit.name);
    }
  return nanoseconds > 0 ? fmt::format("{:.0f}ns", nanoseconds) : "-";
}

std::string plain_lines(const Frame& frame) {
  std::string text;
  for (const CellFigures& cell : frame.cells) {
    if (cell.view.state != cells::SlotState::kRunning) continue;
    for (const LayerFigures& l : cell.layers) {
      text += fmt::format(
          "{:7.1f}s {}/{} cpus={} used={:.2f} util={:.0f}% runs/s={:.0f} wait={} idle/s={:.0f} "
          "queued/s={:.0f} forced/s={:.0f} tasks={}",
          frame.elapsed_s, cell.view.name, l.layer, l.cpus.size(), l.cpus_used, l.utilization * 100,
          l.rate[SCX_STAT_RUNS], duration(l.wait_ns), l.rate[SCX_STAT_IDLE_PICK], l.rate[SCX_STAT_QUEUED],
          l.rate[SCX_STAT_FORCED], l.tasks);
      text += frame.declares_cells ? fmt::format(" borrowed={:.2f}\n", l.borrowed) : "\n";
    }
  }
  return text;
}

std::string json(const Frame& frame) {
  Json document = document_head("stats", frame.policy, frame.fingerprint, frame.elapsed_s);
  document["interval_s"] = frame.interval_s;
  document["online"] = topology::cpu_list(frame.online);
  document["pool"] = topology::cpu_list(frame.pool);
  document["cells"] = Json::object();
  document["draining"] = Json::array();
  for (const CellFigures& cell : frame.cells)
    if (cell.view.state == cells::SlotState::kRunning)
      document["cells"][cell.view.name] = cell_value(cell);
    else
      document["draining"].push_back(draining_value(cell));
  return document_line(document);
}

std::string json(const EndFigures& end) {
  Json document = document_head("end", end.policy, end.fingerprint, end.elapsed_s);
  document["orderly"] = end.orderly;
  document["exit"] = {{"kind", end.exit_kind},
                      {"kind_text", exit_kind(end.exit_kind)},
                      {"code", end.exit_code},
                      {"reason", end.reason},
                      {"message", end.message}};
  return document_line(document);
}

CellNames cell_names(const abi::Manifest& manifest, const std::vector<cells::CellView>& cells) {
  CellNames names;
  for (const abi::Cell& cell : manifest.cells)
    for (uint32_t k = 0; k < cell.max; ++k) names.push_back(cell.name);
  for (const cells::CellView& view : cells)
    if (view.slot < names.size()) names[view.slot] = view.name;
  return names;
}

std::string in_policy_terms(std::string_view text, const abi::Manifest& manifest, const CellNames& names) {
  constexpr std::string_view kDomain = "domain ";
  constexpr std::string_view kCell = "cell ";
  std::string out;
  bool starts_word = true;
  while (!text.empty()) {
    if (starts_word && text.starts_with(kDomain)) {
      if (const auto found = number_at(text.substr(kDomain.size()), manifest.domains.size())) {
        const abi::Domain& domain = manifest.domains[found->first];
        out += fmt::format("layer {}/{}", domain.slot < names.size() ? names[domain.slot] : domain.cell,
                           domain.layer);
        text = found->second;
        continue;
      }
    }
    if (starts_word && text.starts_with(kCell)) {
      if (const auto found = number_at(text.substr(kCell.size()), names.size())) {
        out += fmt::format("cell {}", names[found->first]);
        text = found->second;
        continue;
      }
    }
    starts_word = std::isalnum(static_cast<unsigned char>(text.front())) == 0;
    out += text.front();
    text.remove_prefix(1);
  }
  return printable(out);
}

std::string exit_kind(uint32_t kind) {
  // enum scx_exit_kind, the same numbers in every supported kernel.
  switch (kind) {
    case 0:
      return "none";
    case 1:
      return "done";
    case 64:
      return "unregistered by its loader";
    case 65:
      return "unregistered by BPF";
    case 66:
      return "unregistered by the kernel";
    case 67:
      return "ended with SysRq-S";
    case 68:
      return "ended with its parent";
    case 1024:
      return "runtime error";
    case 1025:
      return "error raised by the scheduler";
    case 1026:
      return "stall: a runnable task did not get a CPU";
    default:
      return fmt::format("exit kind {}", kind);
  }
}

}  // namespace scx::report
