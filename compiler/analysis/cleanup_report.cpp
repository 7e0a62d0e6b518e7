#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/analysis/cleanup.h"

namespace scx::analysis {
namespace {

using model::CleanupRule;

std::string origin(const CleanupRule& rule, const Sources& sources) {
  if (!rule.written) return "default";
  const LineColumn at = sources.position(rule.span.file, rule.span.begin);
  return fmt::format("{}:{}:{}", sources.display_path(rule.span.file), at.line, at.column);
}

using Line = std::array<std::string, 6>;

Line line_of(const model::Policy& policy, const CleanupRule& rule, const Sources& sources) {
  const model::CleanupRow& row = model::row_of(rule.resource);
  return {scope_text(policy, rule),          std::string(row.name),   std::string(row.owner),
          std::string(spelling(rule.event)), to_string(policy, rule), origin(rule, sources)};
}

}  // namespace

std::string cleanup_text(const model::Policy& policy, const Sources& sources) {
  std::vector<Line> lines = {{"scope", "resource", "owner", "event", "action", "from"}};
  for (const CleanupRule& rule : policy.cleanup) lines.push_back(line_of(policy, rule, sources));
  std::array<size_t, 6> widths{};
  for (const Line& line : lines)
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  std::string out;
  for (const Line& line : lines) {
    for (size_t i = 0; i + 1 < line.size(); ++i) out += fmt::format("{:<{}}  ", line[i], widths[i]);
    out += line.back() + "\n";
  }
  return out;
}

std::string cleanup_json(const model::Policy& policy, const Sources& sources) {
  using Json = nlohmann::json;
  Json rules = Json::array();
  for (const CleanupRule& rule : policy.cleanup) {
    const model::CleanupRow& row = model::row_of(rule.resource);
    Json out = {{"scope", spelling(rule.scope)},
                {"resource", row.name},
                {"owner", row.owner},
                {"event", spelling(rule.event)},
                {"action", to_string(policy, rule)},
                {"default", !rule.written}};
    if (rule.scope != model::Scope::kPolicy) out["cell"] = policy.cells[rule.cell].name;
    if (rule.scope == model::Scope::kLayer) out["layer"] = policy.cells[rule.cell].layers[rule.layer].name;
    if (rule.written) {
      const LineColumn at = sources.position(rule.span.file, rule.span.begin);
      out["where"] = {
          {"file", sources.display_path(rule.span.file)}, {"line", at.line}, {"column", at.column}};
    }
    rules.push_back(std::move(out));
  }
  const Json document = {{"policy", policy.name}, {"cleanup", std::move(rules)}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace scx::analysis
