#include "runtime/report/render.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <functional>
#include <vector>

#include <nlohmann/json.hpp>

#include "runtime/base/file.h"
#include "runtime/topology/topology.h"

namespace scx::report {
namespace {

// Columns of the table: everything about one is in its row here.
struct Column {
  std::string_view title;
  bool left;
  std::function<std::string(const LayerFigures&)> cell;
};

std::string count(double value) {
  if (value >= 1e6) return fmt::format("{:.1f}M", value / 1e6);
  if (value >= 1e5) return fmt::format("{:.0f}k", value / 1e3);
  return fmt::format("{:.0f}", value);
}

std::string rate(const LayerFigures& layer, scx_stat stat) { return count(layer.rate[stat]); }

std::string name(const LayerFigures& layer) {
  return layer.cell == "root" ? layer.layer : fmt::format("{}/{}", layer.cell, layer.layer);
}

const std::vector<Column>& columns() {
  static const std::vector<Column> all = {
      {"LAYER", true, name},
      {"KIND", true, [](const LayerFigures& l) { return std::string(abi::spelling(l.kind)); }},
      {"CPUS", false,
       [](const LayerFigures& l) { return fmt::format("{}{}", l.cpus.size(), l.owns_cpus ? "" : "*"); }},
      {"USED", false, [](const LayerFigures& l) { return fmt::format("{:.2f}", l.cpus_used); }},
      {"UTIL", false, [](const LayerFigures& l) { return fmt::format("{:.0f}%", l.utilization * 100); }},
      {"RUNS/S", false, [](const LayerFigures& l) { return rate(l, SCX_STAT_RUNS); }},
      {"WAIT", false, [](const LayerFigures& l) { return duration(l.wait_ns); }},
      {"IDLE/S", false, [](const LayerFigures& l) { return rate(l, SCX_STAT_IDLE_PICK); }},
      {"QUEUED/S", false, [](const LayerFigures& l) { return rate(l, SCX_STAT_QUEUED); }},
      {"FORCED/S", false, [](const LayerFigures& l) { return rate(l, SCX_STAT_FORCED); }},
      {"TASKS", false, [](const LayerFigures& l) { return count(static_cast<double>(l.tasks)); }},
      {"ON", true, [](const LayerFigures& l) { return topology::cpu_list(l.cpus); }},
  };
  return all;
}

std::string pad(const std::string& text, size_t width, bool left) {
  const std::string fill(width > text.size() ? width - text.size() : 0, ' ');
  return left ? text + fill : fill + text;
}

std::string cut(std::string line, unsigned width) {
  while (!line.empty() && line.back() == ' ') line.pop_back();
  if (line.size() > width) line.resize(width);
  return line;
}

using Json = nlohmann::ordered_json;

// Bytes that are no UTF-8 must not end the program.
std::string dump(const Json& document) {
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Json head(std::string_view type, const std::string& policy, const std::string& fingerprint,
          double elapsed_s) {
  Json document;
  document["schema"] = "scx-run.stats";
  document["version"] = kStatsVersion;
  document["type"] = type;
  document["policy"] = policy;
  document["fingerprint"] = fingerprint;
  document["elapsed_s"] = elapsed_s;
  return document;
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

std::string table(const Frame& frame, const Style& style) {
  const std::vector<Column>& all = columns();
  std::vector<std::vector<std::string>> rows;
  std::vector<size_t> widths;
  for (const Column& column : all) widths.push_back(column.title.size());
  for (const LayerFigures& layer : frame.layers) {
    std::vector<std::string>& row = rows.emplace_back();
    for (size_t c = 0; c < all.size(); ++c) {
      row.push_back(all[c].cell(layer));
      widths[c] = std::max(widths[c], row.back().size());
    }
  }
  const char* bold = style.color ? "\x1b[1m" : "";
  const char* plain = style.color ? "\x1b[0m" : "";
  std::string text =
      fmt::format("{}{}{}\n", bold,
                  cut(fmt::format("policy {}: {:.0f} s, {} CPUs online, {} in the pool", frame.policy,
                                  frame.elapsed_s, frame.online.size(), frame.pool.size()),
                      style.width),
                  plain);
  std::string header;
  for (size_t c = 0; c < all.size(); ++c)
    header += pad(std::string(all[c].title), widths[c], all[c].left) + "  ";
  text += fmt::format("{}{}{}\n", bold, cut(header, style.width), plain);
  for (const auto& row : rows) {
    std::string line;
    for (size_t c = 0; c < all.size(); ++c) line += pad(row[c], widths[c], all[c].left) + "  ";
    text += cut(line, style.width) + "\n";
  }
  return text;
}

std::string plain_lines(const Frame& frame) {
  std::string text;
  for (const LayerFigures& l : frame.layers)
    text += fmt::format(
        "{:7.1f}s {}/{} cpus={} used={:.2f} util={:.0f}% runs/s={:.0f} wait={} idle/s={:.0f} queued/s={:.0f} "
        "forced/s={:.0f} tasks={}\n",
        frame.elapsed_s, l.cell, l.layer, l.cpus.size(), l.cpus_used, l.utilization * 100,
        l.rate[SCX_STAT_RUNS], duration(l.wait_ns), l.rate[SCX_STAT_IDLE_PICK], l.rate[SCX_STAT_QUEUED],
        l.rate[SCX_STAT_FORCED], l.tasks);
  return text;
}

std::string json(const Frame& frame) {
  Json document = head("stats", frame.policy, frame.fingerprint, frame.elapsed_s);
  document["interval_s"] = frame.interval_s;
  document["online"] = topology::cpu_list(frame.online);
  document["pool"] = topology::cpu_list(frame.pool);
  Json& cells = document["cells"] = Json::object();
  for (const LayerFigures& layer : frame.layers) {
    Json& entry = cells[layer.cell]["layers"][layer.layer] = Json::object();
    entry["domain"] = layer.domain;
    entry["kind"] = abi::spelling(layer.kind);
    entry["weight"] = layer.weight;
    entry["cpus"] = topology::cpu_list(layer.cpus);
    entry["cpu_count"] = layer.cpus.size();
    entry["owns_cpus"] = layer.owns_cpus;
    entry["tasks"] = layer.tasks;
    entry["cpus_used"] = layer.cpus_used;
    entry["utilization"] = layer.utilization;
    entry["wait_avg_ns"] = layer.wait_ns;
    for (size_t k = 0; k < SCX_STAT_COUNT; ++k) {
      entry["total"][fields()[k].name] = layer.total[k];
      entry["rate"][fields()[k].name] = layer.rate[k];
    }
  }
  return dump(document);
}

std::string json(const EndFigures& end) {
  Json document = head("end", end.policy, end.fingerprint, end.elapsed_s);
  document["orderly"] = end.orderly;
  document["exit"] = {{"kind", end.exit_kind},
                      {"kind_text", exit_kind(end.exit_kind)},
                      {"code", end.exit_code},
                      {"reason", end.reason},
                      {"message", end.message}};
  return dump(document);
}

std::string in_policy_terms(std::string_view text, const abi::Manifest& manifest) {
  constexpr std::string_view kWord = "domain ";
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const bool starts_word = i == 0 || std::isalnum(static_cast<unsigned char>(text[i - 1])) == 0;
    if (starts_word && text.substr(i).starts_with(kWord)) {
      uint32_t domain = 0;
      const char* begin = text.data() + i + kWord.size();
      const auto [end, error] = std::from_chars(begin, text.data() + text.size(), domain);
      if (error == std::errc{} && domain < manifest.domains.size()) {
        out += fmt::format("layer {}/{}", manifest.domains[domain].cell, manifest.domains[domain].layer);
        i = static_cast<size_t>(end - text.data());
        continue;
      }
    }
    out += text[i];
    ++i;
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
