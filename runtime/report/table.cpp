// The table of render.h.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "runtime/cells/names.h"
#include "runtime/report/render.h"
#include "runtime/topology/topology.h"

namespace scx::report {
namespace {

// What a row of the table is of: a layer, or a cell with those of its layers below it.
struct Row {
  std::string name;
  std::string kind;
  const Figures* figures = nullptr;
  const CellFigures* cell = nullptr;  // only in rows of cells
};

// Columns of the table: everything about one is in its row here.
struct Column {
  std::string_view title;
  bool left;
  bool of_cells;  // only where the policy declares cells
  std::function<std::string(const Row&)> text;
};

std::string count(double value) {
  if (value >= 1e6) return fmt::format("{:.1f}M", value / 1e6);
  if (value >= 1e5) return fmt::format("{:.0f}k", value / 1e3);
  return fmt::format("{:.0f}", value);
}

std::string rate(const Row& row, scx_stat stat) { return count(row.figures->rate[stat]); }

std::string queue_depth(const Row& row) {
  if (row.cell == nullptr) return "";
  return row.cell->queued.has_value() ? count(*row.cell->queued) : "-";
}

std::string cgroups(const Row& row) {
  std::string text;
  if (row.cell != nullptr)
    for (const std::string& path : row.cell->view.cgroups)
      text += fmt::format("{}{}", text.empty() ? "" : " ", cells::shown(path));
  return text;
}

const std::vector<Column>& columns() {
  using R = const Row&;
  static const std::vector<Column> all = {
      {"LAYER", true, false, [](R r) { return r.name; }},
      {"KIND", true, false, [](R r) { return r.kind; }},
      {"CPUS", false, false,
       [](R r) { return fmt::format("{}{}", r.figures->cpus.size(), r.figures->owns_cpus ? "" : "*"); }},
      {"USED", false, false, [](R r) { return fmt::format("{:.2f}", r.figures->cpus_used); }},
      {"UTIL", false, false, [](R r) { return fmt::format("{:.0f}%", r.figures->utilization * 100); }},
      {"RUNS/S", false, false, [](R r) { return rate(r, SCX_STAT_RUNS); }},
      {"WAIT", false, false, [](R r) { return duration(r.figures->wait_ns); }},
      {"WAITING", false, true, queue_depth},
      {"BORROWED", false, true, [](R r) { return fmt::format("{:.2f}", r.figures->borrowed); }},
      {"IDLE/S", false, false, [](R r) { return rate(r, SCX_STAT_IDLE_PICK); }},
      {"QUEUED/S", false, false, [](R r) { return rate(r, SCX_STAT_QUEUED); }},
      {"FORCED/S", false, false, [](R r) { return rate(r, SCX_STAT_FORCED); }},
      {"TASKS", false, false, [](R r) { return count(static_cast<double>(r.figures->tasks)); }},
      {"ON", true, false, [](R r) { return topology::cpu_list(r.figures->cpus); }},
      {"CGROUPS", true, true, cgroups},
  };
  return all;
}

// A name that people tell apart: the short one, unless two cells that run have it. Whoever may make a cgroup
// chooses its length, so it is cut.
std::string shown_name(const Frame& frame, const CellFigures& cell) {
  constexpr size_t kMost = 40;
  std::string name = cell.view.short_name;
  for (const CellFigures& other : frame.cells)
    if (other.view.slot != cell.view.slot && other.view.state == cells::SlotState::kRunning &&
        other.view.short_name == cell.view.short_name)
      name = cell.view.name;
  if (name.size() > kMost)
    name = name.substr(0, kMost / 2) + "..." + name.substr(name.size() - kMost / 2 + 3);
  return name;
}

std::vector<Row> rows_of(const Frame& frame) {
  std::vector<Row> rows;
  for (const CellFigures& cell : frame.cells) {
    if (cell.view.state != cells::SlotState::kRunning) continue;
    if (frame.declares_cells) rows.push_back({shown_name(frame, cell), "cell", &cell, &cell});
    // A cell with a single layer is that layer.
    if (frame.declares_cells && cell.layers.size() == 1) continue;
    for (const LayerFigures& layer : cell.layers)
      rows.push_back({(frame.declares_cells ? "  " : "") + layer.layer,
                      std::string(abi::spelling(layer.kind)), &layer, nullptr});
  }
  return rows;
}

std::string title(const Frame& frame) {
  std::string text =
      fmt::format("policy {}: {:.0f} s, {} CPUs online", frame.policy, frame.elapsed_s, frame.online.size());
  if (!frame.declares_cells) return text + fmt::format(", {} in the pool", frame.pool.size());
  size_t running = 0;
  double borrowed = 0;
  for (const CellFigures& cell : frame.cells) {
    running += cell.view.state == cells::SlotState::kRunning ? 1 : 0;
    borrowed += cell.borrowed;
  }
  text += fmt::format(", {} cell{}", running, running == 1 ? "" : "s");
  if (running < frame.cells.size()) text += fmt::format(", {} ending", frame.cells.size() - running);
  return borrowed > 0 ? text + fmt::format(", {:.2f} CPUs borrowed", borrowed) : text;
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

// Rows that fit between the title and the header above and the lines below, with one line that counts the
// others and one where the cursor stands.
size_t room_for_rows(size_t rows, size_t below, unsigned height) {
  const size_t taken = 3 + below;
  if (height == 0 || taken + rows <= height) return rows;
  return height > taken + 1 ? height - taken - 1 : 1;
}

}  // namespace

std::string table(const Frame& frame, const Style& style, const std::vector<std::string>& below) {
  std::vector<Column> shown;
  for (const Column& column : columns())
    if (frame.declares_cells || !column.of_cells) shown.push_back(column);
  if (frame.declares_cells) shown.front().title = "CELL";
  const std::vector<Row> rows = rows_of(frame);
  std::vector<std::vector<std::string>> texts;
  std::vector<size_t> widths;
  for (const Column& column : shown) widths.push_back(column.title.size());
  for (const Row& row : rows) {
    std::vector<std::string>& cells = texts.emplace_back();
    for (size_t c = 0; c < shown.size(); ++c) {
      cells.push_back(shown[c].text(row));
      widths[c] = std::max(widths[c], cells.back().size());
    }
  }
  const size_t room = std::min(rows.size(), room_for_rows(rows.size(), below.size(), style.height));

  const char* bold = style.color ? "\x1b[1m" : "";
  const char* plain = style.color ? "\x1b[0m" : "";
  std::string text = fmt::format("{}{}{}\n", bold, cut(title(frame), style.width), plain);
  std::string header;
  for (size_t c = 0; c < shown.size(); ++c)
    header += pad(std::string(shown[c].title), widths[c], shown[c].left) + "  ";
  text += fmt::format("{}{}{}\n", bold, cut(header, style.width), plain);
  for (size_t r = 0; r < room; ++r) {
    std::string line;
    for (size_t c = 0; c < shown.size(); ++c) line += pad(texts[r][c], widths[c], shown[c].left) + "  ";
    const bool heads = rows[r].cell != nullptr && rows[r].cell->layers.size() > 1;
    text += fmt::format("{}{}{}\n", heads ? bold : "", cut(line, style.width), heads ? plain : "");
  }
  if (room < rows.size()) text += cut(fmt::format("and {} more", rows.size() - room), style.width) + "\n";
  for (const std::string& line : below) text += cut(line, style.width) + "\n";
  return text;
}

}  // namespace scx::report
