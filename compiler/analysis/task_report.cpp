#include "compiler/analysis/task_report.h"

#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/analysis/task_text.h"
#include "runtime/base/file.h"

namespace scx::analysis {
namespace {

using nlohmann::json;

// The layers that were asked: up to the one that took the task.
struct Asked {
  const abi::DomainMatch* match = nullptr;
  const model::Layer* layer = nullptr;
  std::vector<uint32_t> predicates;
  bool takes = false;
};

struct Report {
  classify::Verdict verdict;
  classify::CellPlace place;
  std::vector<Asked> layers;
};

Report report_on(const model::Policy& policy, const abi::Classifier& classifier, const AskedTask& task) {
  Report out;
  out.verdict = classify::classify(classifier, task.facts, task.ids);
  out.place = classify::place_of(classifier, task.facts.cgroup);
  const auto& matches = classifier.cells[out.verdict.cell].layers;
  for (uint32_t i = 0; i < matches.size() && i <= out.verdict.match; ++i) {
    out.layers.push_back({&matches[i], &policy.cells[out.verdict.cell].layers[i],
                          classify::predicates_of(matches[i].match), i == out.verdict.match});
  }
  return out;
}

std::string place_text(const abi::Location& where) {
  return where.file.empty() ? "added by the compiler" : fmt::format("{}:{}", where.file, where.line);
}

std::string kind_text(const model::Layer& layer) {
  std::string out(model::spelling(layer.kind));
  for (const std::string& property : model::property_texts(layer)) out += ", " + property;
  return out;
}

}  // namespace

std::string task_report_text(const model::Policy& policy, const abi::Classifier& classifier,
                             const AskedTask& task) {
  const Report report = report_on(policy, classifier, task);
  const std::string& cell = policy.cells[report.verdict.cell].name;
  std::string out = task_text({Answer::kFound, task.facts, task.ids}) + "\n";
  out += report.place.begins.empty()
             ? fmt::format("is in the cell `{}`: no cell begins at its cgroup or above it\n", cell)
             : fmt::format("is in the cell `{}`, which begins at {}\n", cell,
                           quoted(std::string(report.place.begins)));
  for (const Asked& asked : report.layers) {
    out += fmt::format("\n{} `{}` ({})\n", asked.takes ? "taken by" : "not for", asked.layer->name,
                       place_text(asked.match->where));
    if (asked.predicates.empty()) out += "    yes  *\n";
    for (const uint32_t index : asked.predicates) {
      const abi::Predicate& predicate = classifier.predicates[index];
      out +=
          fmt::format("    {}  {} ({}): it has {}\n", report.verdict.predicates[index].value ? "yes" : "no ",
                      predicate.text, place_text(predicate.where),
                      classify::spelled_value(task.facts, predicate.attribute));
    }
  }
  const Asked& taker = report.layers.back();
  out += fmt::format("\nlayer `{}` in `{}`: {}\n", taker.layer->name, cell, kind_text(*taker.layer));
  return out;
}

std::string task_report_json(const model::Policy& policy, const abi::Classifier& classifier,
                             const AskedTask& task) {
  const Report report = report_on(policy, classifier, task);
  const auto where = [](const abi::Location& place) {
    return json{{"file", place.file}, {"line", place.line}, {"column", place.column}};
  };
  json layers = json::array();
  for (const Asked& asked : report.layers) {
    json predicates = json::array();
    for (const uint32_t index : asked.predicates) {
      const abi::Predicate& predicate = classifier.predicates[index];
      predicates.push_back({{"text", predicate.text},
                            {"value", report.verdict.predicates[index].value},
                            {"attribute", spelling(predicate.attribute)},
                            {"task", classify::spelled_value(task.facts, predicate.attribute)},
                            {"where", where(predicate.where)}});
    }
    layers.push_back({{"layer", asked.layer->name},
                      {"takes", asked.takes},
                      {"where", where(asked.match->where)},
                      {"predicates", std::move(predicates)}});
  }
  const Asked& taker = report.layers.back();
  json out = {{"version", 1},
              {"policy", policy.name},
              {"task", task_text({Answer::kFound, task.facts, task.ids})},
              {"cell", policy.cells[report.verdict.cell].name},
              {"cell_begins", std::string(report.place.begins)},
              {"layer", taker.layer->name},
              {"properties", model::property_texts(*taker.layer)},
              {"layers", std::move(layers)}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace scx::analysis
