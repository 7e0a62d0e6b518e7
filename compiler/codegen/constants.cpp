#include "compiler/codegen/constants.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/codegen/codegen.h"

namespace scx::codegen {

namespace {

// The kernel takes letters, digits, `_` and `.` in a scheduler's name, 127 of them.
std::string ops_name(const std::string& name) {
  std::string out = name.substr(0, 127);
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

std::string_view flag(bool value) { return value ? "true" : "false"; }

std::string where(Span span, const Sources& sources) {
  return fmt::format("{}:{}", sources.logical_path(span.file), sources.position(span.file, span.begin).line);
}

// Cells that share CPUs do so by their weights: between layers of one cell the factor is the same.
uint32_t domain_weight(const model::Cell& cell, const model::Layer& layer) {
  return std::max(1U, layer.weight * cell.weight / 100);
}

}  // namespace

std::string policy_constants(const model::Policy& policy) {
  // Longer than the kernel's limit is the kernel's limit.
  const uint64_t watchdog_ms = std::min<uint64_t>(policy.watchdog_ns / 1'000'000, 30'000);
  std::string out = fmt::format(
      "#define OPS_NAME \"{}\"\n#define NR_DOMAINS {}\n"
      "#define ROOT_DOMAIN {} /* root's last layer: it matches everything */\n"
      "#define WATCHDOG_MS {}\n",
      ops_name(policy.name), policy.domains.size(), policy.cells.front().layers.size() - 1, watchdog_ms);
  const abi::RowLayout rows = rows_of(policy);
  // Two slices of the domain whose slices count most: who has all that it may wait for is never further
  // behind.
  double lag = 0;
  for (const model::Cell& cell : policy.cells)
    for (const model::Layer& layer : cell.layers)
      lag = std::max(lag, 2 * static_cast<double>(layer.slice_ns) * 100 / domain_weight(cell, layer));
  if (policy.domains.size() > 1) out += fmt::format("#define SERVICE_LAG_NS {:.0f}ULL\n", lag);
  if (policy.cells.size() > 1) out += fmt::format("#define NR_SLOTS {}\n", policy.slots());
  if (rows.lent != 0) out += fmt::format("#define LENT_ROW {}\n", policy.domains.size() + rows.cells);
  return out;
}

namespace {

// The members of `struct domain` that the policy needs.
std::string domain_members(const Features& features) {
  const auto has = [&](std::string_view name) { return features.contains(name); };
  std::string out = "struct domain {\n\tu64 slice;\n";
  if (has("multi")) out += "\tu32 weight;\n";
  if (has("fifo")) out += "\tbool fifo;\n";
  if (has("preempt")) out += "\tbool preempt;\n";
  if (has("cells")) out += "\tu32 slot; /* the cell that it is a layer of */\n\tu32 layer; /* its name */\n";
  if (has("roams")) out += "\tbool roams; /* beyond its home, while nobody wants the CPU there */\n";
  if (has("borrow")) out += "\tbool borrows; /* idle CPUs of other cells */\n";
  if (has("patient")) out += "\tbool patient; /* keeps a borrowed CPU to the end of its slice */\n";
  if (has("min_run")) out += "\tu32 min_run;\n";
  if (has("yield")) out += "\tu32 yield_loss; /* ns of its slice that a yield gives up */\n";
  return out + "};\n";
}

// The value of a domain: a layer in the cell that `slot` says.
std::string domain_value(const model::Cell& cell, const model::Layer& layer, std::string_view slot,
                         size_t name, const Features& features) {
  const auto has = [&](std::string_view feature) { return features.contains(feature); };
  const bool roams = layer.kind != abi::LayerKind::kConfined;
  const bool borrows = roams && cell.borrow;
  std::string out = fmt::format("{{ .slice = {}ULL", layer.slice_ns);
  if (has("multi")) out += fmt::format(", .weight = {}", domain_weight(cell, layer));
  if (has("fifo")) out += fmt::format(", .fifo = {}", flag(layer.order == abi::QueueOrder::kFifo));
  if (has("preempt")) out += fmt::format(", .preempt = {}", flag(layer.preempt));
  if (has("cells")) out += fmt::format(", .slot = {}, .layer = {}", slot, name);
  if (has("roams")) out += fmt::format(", .roams = {}", flag(roams));
  if (has("borrow")) out += fmt::format(", .borrows = {}", flag(borrows));
  if (has("patient")) out += fmt::format(", .patient = {}", flag(borrows && !cell.borrow->return_within_ns));
  if (has("min_run")) out += fmt::format(", .min_run = {}", layer.min_run_ns);
  if (has("yield"))
    out += fmt::format(", .yield_loss = {}", layer.slice_ns * layer.yield_loss / abi::kYieldAll);
  return out + " }";
}

}  // namespace

std::string domain_table(const model::Policy& policy, const Features& features, const Sources& sources) {
  std::string macros, rows, names;
  size_t name = 0, longest = 0;
  for (size_t c = 0; c < policy.cells.size(); ++c) {
    const model::Cell& cell = policy.cells[c];
    // What the slots of a family have in common is written once.
    const bool family = cell.max > 1;
    const std::string slot = family ? "number" : fmt::to_string(cell.first_slot);
    std::string layers;
    for (const model::Layer& layer : cell.layers) {
      const std::string full = c == 0 ? layer.name : cell.name + "/" + layer.name;
      const std::string comment = fmt::format("/* {}, {}{} */", full, model::spelling(layer.kind),
                                              layer.implicit ? "" : ", " + where(layer.span, sources));
      const std::string value = domain_value(cell, layer, slot, name++, features);
      layers += family ? fmt::format(" \\\n\t{} \\\n\t{},", comment, value)
                       : fmt::format("\t{}\n\t{},\n", comment, value);
      names += fmt::format("\t\"{}\",\n", full);
      longest = std::max(longest, full.size());
    }
    if (!family) {
      rows += layers;
      continue;
    }
    macros += fmt::format("\n#define CELL_{}(number){}\n", c, layers);
    for (uint32_t k = 0; k < cell.max; ++k)
      rows += fmt::format("{}CELL_{}({})", k % 8 == 0 ? "\n\t" : " ", c, cell.first_slot + k);
    rows += '\n';
  }
  return fmt::format(
      "{}{}\nstatic const struct domain domains[NR_DOMAINS] = {{\n{}}};\n"
      "\n#define NR_LAYERS {}\nstatic const char layer_names[NR_LAYERS][{}] = {{\n{}}};\n",
      domain_members(features), macros, rows, name, longest + 1, names);
}

}  // namespace scx::codegen
