#include "runtime/explain/task_report.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/abi/settings_text.h"
#include "runtime/base/file.h"
#include "runtime/classify/task_text.h"
#include "runtime/explain/cpu_rule.h"

namespace scx::explain {
namespace {

using nlohmann::json;

std::string kind_text(const abi::Domain& layer) {
  std::string out(abi::spelling(layer.kind));
  for (const std::string& property : abi::property_texts(layer)) out += ", " + property;
  return out;
}

// The layers that were asked: up to the one that took the task.
size_t asked_count(const abi::Manifest& manifest, const TaskReport& report) {
  const size_t layers = manifest.classifier.cells[report.verdict.cell].layers.size();
  return std::min<size_t>(layers, size_t{report.verdict.match} + 1);
}

const std::string& layer_name(const abi::Manifest& manifest, const abi::DomainMatch& match) {
  return manifest.domains[match.domain].layer;
}

}  // namespace

TaskReport report_on(const abi::Manifest& manifest, AskedTask task) {
  TaskReport out;
  out.verdict = classify::classify(manifest.classifier, task.facts, task.ids);
  out.begins = std::string(classify::place_of(manifest.classifier, task.facts.cgroup).begins);
  out.task = std::move(task);
  return out;
}

std::string read_by(const abi::Manifest& manifest, const TaskReport& report, uint32_t predicate) {
  if (predicate < report.shown.size() && !report.shown[predicate].empty()) return report.shown[predicate];
  return classify::spelled_value(report.task.facts, manifest.classifier.predicates[predicate].attribute,
                                 report.task.ids);
}

const abi::Domain& taker(const abi::Manifest& manifest, const TaskReport& report) {
  SCX_CHECK(report.verdict.domain != classify::kNoDomain, "the last layer of a cell takes every task");
  return manifest.domains[report.verdict.domain];
}

std::string task_text(const abi::Manifest& manifest, const TaskReport& report) {
  const classify::TaskFacts& facts = report.task.facts;
  const std::string& cell = manifest.cells[report.verdict.cell].name;
  std::string out = classify::task_text(facts, report.task.ids) + "\n";
  out += report.begins.empty()
             ? fmt::format("is in the cell `{}`: no cell begins at its cgroup or above it\n", cell)
             : fmt::format("is in the cell `{}`, which begins at {}\n", cell, quoted(report.begins));
  const auto& layers = manifest.classifier.cells[report.verdict.cell].layers;
  for (size_t i = 0; i < asked_count(manifest, report); ++i) {
    const bool takes = i == report.verdict.match;
    out += fmt::format("\n{} `{}` ({})\n", takes ? "taken by" : "not for", layer_name(manifest, layers[i]),
                       place_text(layers[i].where));
    const std::vector<uint32_t> tests = classify::predicates_of(layers[i].match);
    if (tests.empty()) out += "    yes  *\n";
    for (const uint32_t index : tests) {
      const abi::Predicate& predicate = manifest.classifier.predicates[index];
      out +=
          fmt::format("    {}  {} ({}): it has {}\n", report.verdict.predicates[index].value ? "yes" : "no ",
                      predicate.text, place_text(predicate.where), read_by(manifest, report, index));
    }
  }
  out += fmt::format("\nlayer `{}` in `{}`: {}\n", taker(manifest, report).layer, cell,
                     kind_text(taker(manifest, report)));
  for (const std::string& sentence : cpu_rule(manifest, report.verdict.domain))
    out += fmt::format("    {}\n", sentence);
  return out;
}

json task_json(const abi::Manifest& manifest, const TaskReport& report) {
  json layers = json::array();
  const auto& matches = manifest.classifier.cells[report.verdict.cell].layers;
  for (size_t i = 0; i < asked_count(manifest, report); ++i) {
    json predicates = json::array();
    for (const uint32_t index : classify::predicates_of(matches[i].match)) {
      const abi::Predicate& predicate = manifest.classifier.predicates[index];
      predicates.push_back({{"text", predicate.text},
                            {"value", report.verdict.predicates[index].value},
                            {"attribute", spelling(predicate.attribute)},
                            {"task", read_by(manifest, report, index)},
                            {"where", place_json(predicate.where)}});
    }
    layers.push_back({{"layer", layer_name(manifest, matches[i])},
                      {"takes", i == report.verdict.match},
                      {"where", place_json(matches[i].where)},
                      {"predicates", std::move(predicates)}});
  }
  const abi::Domain& taken_by = taker(manifest, report);
  return {{"policy", manifest.policy},
          {"task", classify::task_text(report.task.facts, report.task.ids)},
          {"cell", manifest.cells[report.verdict.cell].name},
          {"cell_begins", report.begins},
          {"layer", taken_by.layer},
          {"properties", abi::property_texts(taken_by)},
          {"cpu_rule", cpu_rule(manifest, report.verdict.domain)},
          {"layers", std::move(layers)}};
}

std::string place_text(const abi::Location& where) {
  return where.file.empty() ? "added by the compiler" : fmt::format("{}:{}", where.file, where.line);
}

json place_json(const abi::Location& where) {
  return {{"file", where.file}, {"line", where.line}, {"column", where.column}};
}

std::string json_line(const json& document) {
  return document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace scx::explain
