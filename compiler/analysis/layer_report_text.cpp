#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/analysis/layer_report.h"
#include "compiler/analysis/task_text.h"
#include "compiler/analysis/test_meaning.h"

namespace scx::analysis {
namespace {

using nlohmann::json;

std::string place_text(Span span, const Sources& sources) {
  return fmt::format("{}:{}", sources.logical_path(span.file), sources.position(span.file, span.begin).line);
}

json place_json(Span span, const Sources& sources) {
  const LineColumn at = sources.position(span.file, span.begin);
  return {{"file", sources.logical_path(span.file)}, {"line", at.line}, {"column", at.column}};
}

const model::Layer& layer_of(const model::Policy& policy, LayerId id) {
  return policy.cells[id.cell].layers[id.layer];
}

std::string declared_text(const model::Layer& layer, const Sources& sources) {
  return layer.implicit ? "added by the compiler" : place_text(layer.span, sources);
}

std::string match_lines(const model::Policy& policy, const abi::Classifier& classifier,
                        const Sources& sources, LayerId id) {
  const model::Layer& layer = layer_of(policy, id);
  std::string out = fmt::format("match {}\n", model::to_string(policy, layer.match));
  const std::vector<uint32_t> tests = classify::predicates_of(layer.match);
  if (tests.empty()) out += "    every task of the cell that no layer before it takes\n";
  for (const uint32_t index : tests)
    out += fmt::format("    {} ({}): {}\n", classifier.predicates[index].text,
                       place_text(policy.predicates[index].span, sources), meaning(policy.predicates[index]));
  return out;
}

std::string reach_line(const LayerReport& report) {
  switch (report.reached.answer) {
    case Answer::kFound:
      return fmt::format("{} {}\n",
                         report.only_refused ? "only tasks of cgroups that a full family refused reach it, as"
                                             : "reached by",
                         task_text(report.reached));
    case Answer::kNone:
      return "no task reaches it\n";
    case Answer::kUndecided:
      break;
  }
  return "whether a task reaches it was not decided: too many tests to compare\n";
}

// `verb` says what is between the layer and the example.
std::string rival_lines(const model::Policy& policy, const Sources& sources, LayerId id,
                        const std::vector<Rival>& rivals, const char* verb, const char* without) {
  std::string out;
  std::vector<std::string> apart, undecided;
  for (const Rival& rival : rivals) {
    const model::Layer& other = policy.cells[id.cell].layers[rival.layer];
    if (rival.task.answer == Answer::kFound)
      out += fmt::format("    `{}` ({}) {} {}{}\n", other.name, declared_text(other, sources), verb,
                         task_text(rival.task),
                         rival.only_refused ? ", but only tasks of cgroups that a full family refused" : "");
    else
      (rival.task.answer == Answer::kNone ? apart : undecided).push_back("`" + other.name + "`");
  }
  if (!apart.empty()) out += fmt::format("    {}: {}\n", without, fmt::join(apart, ", "));
  if (!undecided.empty()) out += fmt::format("    not decided: {}\n", fmt::join(undecided, ", "));
  return out;
}

std::string property_lines(const Sources& sources, const LayerReport& report) {
  size_t name = 0, value = 0;
  for (const Property& property : report.properties) {
    name = std::max(name, property.name.size());
    value = std::max(value, property.value.size());
  }
  std::string out;
  for (const Property& property : report.properties) {
    std::string from = "default";
    if (property.from == Property::From::kLayer) from = place_text(property.span, sources);
    if (property.from == Property::From::kPolicy)
      from = place_text(property.span, sources) + ", of the policy";
    out += fmt::format("    {:<{}}  {:<{}}  {}\n", property.name, name, property.value, value, from);
  }
  return out;
}

std::string_view from_word(Property::From from) {
  switch (from) {
    case Property::From::kDefault:
      return "default";
    case Property::From::kLayer:
      return "layer";
    case Property::From::kPolicy:
      break;
  }
  return "policy";
}

json task_json(const TaskFinding& found) {
  return found.answer == Answer::kFound ? json(task_text(found)) : json(nullptr);
}

json rivals_json(const model::Policy& policy, LayerId id, const std::vector<Rival>& rivals) {
  json out = json::array();
  for (const Rival& rival : rivals)
    out.push_back({{"layer", policy.cells[id.cell].layers[rival.layer].name},
                   {"task", task_json(rival.task)},
                   {"only_refused", rival.only_refused},
                   {"decided", rival.task.answer != Answer::kUndecided}});
  return out;
}

}  // namespace

std::string layer_text(const model::Policy& policy, const abi::Classifier& classifier, const Sources& sources,
                       const LayerReport& report) {
  const model::Layer& layer = layer_of(policy, report.id);
  const model::Cell& cell = policy.cells[report.id.cell];
  std::string out = fmt::format("layer `{}` in `{}` ({}): {}, layer {} of {}\n\n", layer.name, cell.name,
                                declared_text(layer, sources), model::spelling(layer.kind),
                                report.id.layer + 1, cell.layers.size());
  out += match_lines(policy, classifier, sources, report.id) + "\n" + reach_line(report);
  if (!report.earlier.empty())
    out += "\nlayers before it\n" +
           rival_lines(policy, sources, report.id, report.earlier, "takes", "take nothing that it matches");
  if (!report.later.empty())
    out += "\nlayers behind it\n" + rival_lines(policy, sources, report.id, report.later,
                                                "would get without it", "lose nothing to it");
  return out + "\nproperties\n" + property_lines(sources, report);
}

json layer_json(const model::Policy& policy, const abi::Classifier& classifier, const Sources& sources,
                const LayerReport& report) {
  const model::Layer& layer = layer_of(policy, report.id);
  json tests = json::array();
  for (const uint32_t index : classify::predicates_of(layer.match))
    tests.push_back({{"text", classifier.predicates[index].text},
                     {"attribute", spelling(classifier.predicates[index].attribute)},
                     {"meaning", meaning(policy.predicates[index])},
                     {"where", place_json(policy.predicates[index].span, sources)}});
  json properties = json::array();
  for (const Property& property : report.properties) {
    json one = {{"name", property.name}, {"value", property.value}, {"from", from_word(property.from)}};
    if (property.from != Property::From::kDefault) one["where"] = place_json(property.span, sources);
    properties.push_back(std::move(one));
  }
  return {{"policy", policy.name},
          {"cell", policy.cells[report.id.cell].name},
          {"layer", layer.name},
          {"kind", model::spelling(layer.kind)},
          {"implicit", layer.implicit},
          {"where", place_json(layer.span, sources)},
          {"match", model::to_string(policy, layer.match)},
          {"tests", std::move(tests)},
          {"reached_by", task_json(report.reached)},
          {"reach_decided", report.reached.answer != Answer::kUndecided},
          {"only_refused", report.only_refused},
          {"earlier", rivals_json(policy, report.id, report.earlier)},
          {"later", rivals_json(policy, report.id, report.later)},
          {"properties", std::move(properties)}};
}

}  // namespace scx::analysis
