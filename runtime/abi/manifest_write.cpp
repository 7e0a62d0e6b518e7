#include <algorithm>

#include <nlohmann/json.hpp>

#include "runtime/abi/manifest.h"
#include "runtime/abi/words.h"

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

json to_value(const Domain& domain) {
  return {{"cell", domain.cell},
          {"layer", domain.layer},
          {"kind", words::word(words::kLayerKinds, domain.kind)},
          {"cpus", {{"floor", to_value(domain.cpus.floor)}, {"ceiling", to_value(domain.cpus.ceiling)}}},
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

json to_value(const Classifier& classifier) {
  return {{"predicates", to_array(classifier.predicates)},
          {"automata", to_array(classifier.automata)},
          {"domains", to_array(classifier.domains)}};
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

std::string to_json(const Manifest& manifest) {
  json document = {{"version", manifest.version},
                   {"compiler", manifest.compiler},
                   {"policy", manifest.policy},
                   {"fingerprint", manifest.fingerprint},
                   {"min_kernel", manifest.min_kernel},
                   {"watchdog_ns", manifest.watchdog_ns},
                   {"domains", to_array(manifest.domains)},
                   {"classifier", to_value(manifest.classifier)},
                   {"kernel_functions", to_array(manifest.kernel_functions)}};
  // Only policies that test affinities have places.
  if (!manifest.places.empty()) document["places"] = to_array(manifest.places);
  if (!manifest.gpu_devices.empty()) document["gpu_devices"] = manifest.gpu_devices;
  std::string out;
  write(document, 0, out);
  out += '\n';
  return out;
}

}  // namespace scx::abi
