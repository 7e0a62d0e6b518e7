#include <algorithm>

#include <nlohmann/json.hpp>

#include "runtime/abi/manifest.h"
#include "runtime/abi/words.h"
#include "runtime/base/check.h"

namespace scx::abi {
namespace {

using nlohmann::json;  // objects keep their keys sorted

json to_value(const Location& where) {
  return {{"file", where.file}, {"line", where.line}, {"column", where.column}};
}

json to_value(const CpuAmount& amount) {
  return {{"unit", words::word(words::kUnits, amount.unit)}, {"value", amount.value}};
}

json to_value(const std::vector<IntRange>& ranges) {
  json out = json::array();
  for (const IntRange& range : ranges) out.push_back(json::array({range.low, range.high}));
  return out;
}

json to_value(const CpuRange& range) {
  return {{"floor", to_value(range.floor)}, {"ceiling", to_value(range.ceiling)}};
}

// Those that every domain has.
json members_of(const Domain& domain) {
  return {{"layer", domain.layer},
          {"kind", words::word(words::kLayerKinds, domain.kind)},
          {"cpus", to_value(domain.cpus)},
          {"util", json::array({domain.util.low, domain.util.high})},
          {"grow", words::word(words::kGrowOrders, domain.grow)},
          {"protected", domain.is_protected},
          {"nodes", to_value(domain.nodes)},
          {"llcs", to_value(domain.llcs)},
          {"slice_ns", domain.slice_ns},
          {"weight", domain.weight},
          {"order", words::word(words::kQueueOrders, domain.order)},
          {"preempt", domain.preempt},
          {"min_run_ns", domain.min_run_ns},
          {"yield_loss", domain.yield_loss},
          {"where", to_value(domain.where)}};
}

// What goes to a cell names it; what has its default is not written.
template <typename Way, typename Words>
json to_value(const Manifest& manifest, const Way& way, const Words& table) {
  json out = {{"to", words::word(table, way.to)}};
  if (way.to == Way::To::kCell) out["cell"] = manifest.cells[way.cell].name;
  return out;
}

json cleanup_value(const Manifest& manifest, const CellCleanup& cleanup) {
  json out = json::object();
  for (const auto& [event, name] : words::kCellEventWords)
    if (const CpuReturn& way = cleanup.cpus[static_cast<size_t>(event)]; way != CpuReturn{})
      out["cpus"][std::string(name)] = to_value(manifest, way, words::kCpuReturns);
  if (cleanup.keep_stats_ns) out["keep_stats_ns"] = *cleanup.keep_stats_ns;
  return out;
}

json cleanup_value(const Manifest& manifest, const DomainCleanup& cleanup) {
  json out = json::object();
  const auto tasks = [&](CellEvent event, const TaskDrain& way) {
    if (way != TaskDrain{})
      out["tasks"][std::string(spelling(event))] = to_value(manifest, way, words::kTaskDrains);
  };
  tasks(CellEvent::kCgroupExit, cleanup.on_cgroup_exit);
  tasks(CellEvent::kCellEnd, cleanup.on_cell_end);
  if (cleanup.keep_stats_ns) out["keep_stats_ns"] = *cleanup.keep_stats_ns;
  return out;
}

json to_value(const PolicyCleanup& cleanup) {
  return {{"stall", words::word(words::kEndActions, cleanup.on_stall)},
          {"cpu offline", words::word(words::kEndActions, cleanup.on_cpu_offline)}};
}

json layer_value(const Domain& domain) {
  json out = members_of(domain);
  if (domain.near_gpus) out["near_gpus"] = true;
  if (!domain.near_nodes.empty()) out["near_nodes"] = to_value(domain.near_nodes);
  if (domain.resume_latency_ns) out["resume_latency_ns"] = *domain.resume_latency_ns;
  return out;
}

// The slots of a declaration have the same layers: they stand here once.
json cell_value(const Manifest& manifest, const Cell& cell) {
  json out = {{"name", cell.name},
              {"kind", words::word(words::kCellKinds, cell.kind)},
              {"max", cell.max},
              {"source", words::word(words::kCellCpus, cell.source)},
              {"cpus", to_value(cell.cpus)},
              {"cpu_list", to_value(cell.cpu_list)},
              {"weight", cell.weight},
              {"min", to_value(cell.min)},
              {"nodes", to_value(cell.nodes)},
              {"llcs", to_value(cell.llcs)},
              {"align", words::word(words::kAlignments, cell.align)},
              {"lends", cell.lends},
              {"affinity", words::word(words::kCellAffinities, cell.affinity)},
              {"where", to_value(cell.where)}};
  if (cell.borrow) {
    out["borrow"] = json::object();
    if (cell.borrow->return_within_ns) out["borrow"]["return_within_ns"] = *cell.borrow->return_within_ns;
  }
  if (cell.rebalance)
    out["rebalance"] = {{"threshold", cell.rebalance->threshold},
                        {"every_ns", cell.rebalance->every_ns},
                        {"smoothing", cell.rebalance->smoothing},
                        {"cooldown_ns", cell.rebalance->cooldown_ns}};
  if (cell.share_with) out["share_with"] = *cell.share_with;
  if (cell.overflow) out["overflow"] = words::word(words::kOverflows, *cell.overflow);
  if (cell.cleanup != CellCleanup{}) out["cleanup"] = cleanup_value(manifest, cell.cleanup);
  json layers = json::array();
  for (uint32_t k = 0; k < cell.layer_count; ++k) {
    const Domain& domain = manifest.domains[cell.first_domain + k];
    layers.push_back(layer_value(domain));
    if (domain.cleanup != DomainCleanup{}) layers.back()["cleanup"] = cleanup_value(manifest, domain.cleanup);
  }
  out["layers"] = std::move(layers);
  return out;
}

json to_value(const Predicate& predicate) {
  json out = {{"attribute", spelling(predicate.attribute)},
              {"text", predicate.text},
              {"where", to_value(predicate.where)}};
  if (is_string(predicate.attribute)) {
    out["automaton"] = predicate.automaton;
    out["bit"] = predicate.bit;
    return out;
  }
  if (predicate.device) out["device"] = *predicate.device;
  if (predicate.for_ns != 0) out["for_ns"] = predicate.for_ns;
  out["ranges"] = to_value(predicate.ranges);
  out["names"] = predicate.names;
  out["negated_names"] = predicate.negated_names;
  return out;
}

json to_value(const Expression& expression) {
  json out = {{"kind", words::word(words::kExpressionKinds, expression.kind)}};
  if (expression.kind == Expression::Kind::kTest) out["predicate"] = expression.predicate;
  if (!expression.operands.empty()) {
    json operands = json::array();
    for (const Expression& operand : expression.operands) operands.push_back(to_value(operand));
    out["operands"] = std::move(operands);
  }
  return out;
}

json to_value(const Automaton& automaton) {
  return {{"attribute", spelling(automaton.attribute)},
          {"class_count", automaton.class_count},
          {"class_of", automaton.class_of},
          {"next", automaton.next},
          {"entered", automaton.entered},
          {"final", automaton.final}};
}

json to_value(const DomainMatch& match) {
  return {{"domain", match.domain}, {"match", to_value(match.match)}, {"where", to_value(match.where)}};
}

json to_value(const KernelFunction& function) { return {{"name", function.name}, {"weak", function.weak}}; }

json to_value(const Place& place) {
  return {{"kind", words::word(words::kPlaceKinds, place.kind)}, {"id", place.id}};
}

template <typename T>
json to_array(const std::vector<T>& items) {
  json out = json::array();
  for (const T& item : items) out.push_back(to_value(item));
  return out;
}

json cell_value(const CellMatch& cell) {
  return {{"claim", to_value(cell.claim)}, {"layers", to_array(cell.layers)}};
}

json to_value(const Classifier& classifier) {
  json cells = json::array();
  for (const CellMatch& cell : classifier.cells) cells.push_back(cell_value(cell));
  return {{"predicates", to_array(classifier.predicates)},
          {"automata", to_array(classifier.automata)},
          {"cells", std::move(cells)}};
}

// Bytes that are not UTF-8 become U+FFFD: JSON cannot carry them.
std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

// One member or structured element a line, arrays of plain values in one line:
// people read the manifest, and a table of 65,536 numbers must not be as many lines.
void write(const json& value, size_t depth, std::string& out) {
  const bool structured =
      std::any_of(value.begin(), value.end(), [](const json& v) { return v.is_structured(); });
  if (!structured) {
    out += dump(value);
    return;
  }
  const std::string indent(2 * (depth + 1), ' ');
  out += value.is_object() ? "{\n" : "[\n";
  bool first = true;
  for (const auto& item : value.items()) {
    if (!first) out += ",\n";
    first = false;
    out += indent;
    if (value.is_object()) out += dump(json(item.key())) + ": ";
    write(item.value(), depth + 1, out);
  }
  out += '\n' + std::string(2 * depth, ' ');
  out += value.is_object() ? '}' : ']';
}

}  // namespace

std::string_view spelling(LayerKind kind) { return words::word(words::kLayerKinds, kind); }
std::string_view spelling(QueueOrder order) { return words::word(words::kQueueOrders, order); }
std::string_view spelling(GrowOrder order) { return words::word(words::kGrowOrders, order); }

std::string_view spelling(Alignment alignment) { return words::word(words::kAlignments, alignment); }
std::string_view spelling(Overflow overflow) { return words::word(words::kOverflows, overflow); }
std::string_view spelling(CellAffinity affinity) { return words::word(words::kCellAffinities, affinity); }
std::string_view spelling(CellCpus source) { return words::word(words::kCellCpus, source); }
std::string_view spelling(CellEvent event) { return words::word(words::kCellEventWords, event); }
std::string_view spelling(CellKind kind) { return words::word(words::kCellKinds, kind); }

uint32_t slot_count(const std::vector<Cell>& cells) {
  return cells.empty() ? 0 : cells.back().first_slot + cells.back().max;
}

const Cell& cell_of_slot(const std::vector<Cell>& cells, uint32_t slot) {
  SCX_CHECK(slot < slot_count(cells), "the slot is one of the manifest's");
  return *std::prev(std::upper_bound(cells.begin(), cells.end(), slot,
                                     [](uint32_t s, const Cell& cell) { return s < cell.first_slot; }));
}

std::string to_json(const Manifest& manifest) {
  json cells = json::array();
  for (const Cell& cell : manifest.cells) cells.push_back(cell_value(manifest, cell));
  json document = {{"version", manifest.version},
                   {"compiler", manifest.compiler},
                   {"policy", manifest.policy},
                   {"fingerprint", manifest.fingerprint},
                   {"min_kernel", manifest.min_kernel},
                   {"watchdog_ns", manifest.watchdog_ns},
                   {"cells", std::move(cells)},
                   {"rows", {{"cells", manifest.rows.cells}, {"lent", manifest.rows.lent}}},
                   {"cleanup", to_value(manifest.cleanup)},
                   {"classifier", to_value(manifest.classifier)},
                   {"kernel_functions", to_array(manifest.kernel_functions)}};
  // Only policies that test affinities have places.
  if (!manifest.places.empty()) document["places"] = to_array(manifest.places);
  if (manifest.min_kernel_where) document["min_kernel_where"] = to_value(*manifest.min_kernel_where);
  if (!manifest.gpu_devices.empty()) document["gpu_devices"] = manifest.gpu_devices;
  std::string out;
  write(document, 0, out);
  out += '\n';
  return out;
}

}  // namespace scx::abi
