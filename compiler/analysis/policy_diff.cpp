#include "compiler/analysis/policy_diff.h"

#include <algorithm>
#include <map>
#include <set>

namespace scx::analysis {
namespace {

using CellPairs = std::vector<std::optional<uint32_t>>;  // for each old cell the new one

std::optional<uint32_t> find_cell(const model::Policy& policy, const std::string& name) {
  for (uint32_t i = 0; i < policy.cells.size(); ++i)
    if (policy.cells[i].name == name) return i;
  return std::nullopt;
}

std::optional<uint32_t> find_layer(const model::Cell& cell, const std::string& name) {
  for (uint32_t i = 0; i < cell.layers.size(); ++i)
    if (cell.layers[i].name == name) return i;
  return std::nullopt;
}

// Namesakes, and cells without one that begin at the same cgroups.
CellPairs pair_cells(const model::Policy& old_policy, const model::Policy& new_policy,
                     std::vector<Rename>& renames) {
  CellPairs out;
  std::map<std::string, uint32_t> nameless;  // new cells without a namesake, by what they claim
  for (uint32_t b = 1; b < new_policy.cells.size(); ++b)
    if (!find_cell(old_policy, new_policy.cells[b].name))
      nameless.emplace(canonical_text(new_policy, new_policy.cells[b].claim), b);
  for (uint32_t a = 0; a < old_policy.cells.size(); ++a) {
    const model::Cell& cell = old_policy.cells[a];
    out.push_back(find_cell(new_policy, cell.name));
    if (out.back()) continue;
    const auto same = nameless.find(canonical_text(old_policy, cell.claim));
    if (same == nameless.end() || new_policy.cells[same->second].kind != cell.kind) continue;
    out.back() = same->second;
    renames.push_back({a, same->second, std::nullopt, std::nullopt});
  }
  return out;
}

Counterparts pair_layers(const model::Policy& old_policy, const model::Policy& new_policy,
                         const CellPairs& cells) {
  Counterparts out;
  for (uint32_t a = 0; a < old_policy.cells.size(); ++a) {
    std::vector<std::optional<LayerPlace>>& row = out.emplace_back();
    for (const model::Layer& layer : old_policy.cells[a].layers) {
      row.emplace_back();
      if (!cells[a]) continue;
      if (const auto same = find_layer(new_policy.cells[*cells[a]], layer.name))
        row.back() = LayerPlace{*cells[a], *same};
    }
  }
  return out;
}

std::set<LayerPlace> taken_places(const Counterparts& layers) {
  std::set<LayerPlace> out;
  for (const auto& row : layers)
    for (const auto& place : row)
      if (place) out.insert(*place);
  return out;
}

// Layers without a namesake that are written alike.
void pair_by_match(const model::Policy& old_policy, const model::Policy& new_policy, const CellPairs& cells,
                   Counterparts& layers, std::vector<Rename>& renames) {
  const std::set<LayerPlace> taken = taken_places(layers);
  for (uint32_t a = 0; a < cells.size(); ++a) {
    if (!cells[a]) continue;
    const std::vector<model::Layer>& news = new_policy.cells[*cells[a]].layers;
    std::map<std::string, uint32_t> nameless;
    for (uint32_t j = 0; j < news.size(); ++j)
      if (!taken.contains({*cells[a], j})) nameless.emplace(canonical_text(new_policy, news[j].match), j);
    for (uint32_t i = 0; i < layers[a].size(); ++i) {
      if (layers[a][i]) continue;
      const auto same = nameless.find(canonical_text(old_policy, old_policy.cells[a].layers[i].match));
      if (same == nameless.end()) continue;
      layers[a][i] = LayerPlace{*cells[a], same->second};
      renames.push_back({a, *cells[a], i, same->second});
      nameless.erase(same);
    }
  }
}

// A layer without a namesake whose tasks all go to one without a namesake, to which no others come.
void find_renamed_layers(PolicyDiff& diff, const CellPairs& cells, Counterparts& layers) {
  std::map<LayerPlace, std::set<LayerPlace>> targets, origins;
  for (const Move& move : diff.moves) {
    targets[move.from].insert(move.to);
    origins[move.to].insert(move.from);
  }
  for (Rename& rename : diff.renames)
    if (rename.old_layer)
      rename.same_tasks = !targets.contains({rename.old_cell, *rename.old_layer}) &&
                          !origins.contains({rename.new_cell, *rename.new_layer});
  const std::set<LayerPlace> namesakes = taken_places(layers);
  std::set<std::pair<LayerPlace, LayerPlace>> renamed;
  for (const Move& move : diff.moves) {
    const bool is_only_name = move.is_decided && !layers[move.from.cell][move.from.layer] &&
                              !namesakes.contains(move.to) && cells[move.from.cell] == move.to.cell &&
                              targets[move.from].size() == 1 && origins[move.to].size() == 1;
    if (!is_only_name) continue;
    renamed.insert({move.from, move.to});
    layers[move.from.cell][move.from.layer] = move.to;
    diff.renames.push_back({move.from.cell, move.to.cell, move.from.layer, move.to.layer});
  }
  std::erase_if(diff.moves, [&](const Move& move) { return renamed.contains({move.from, move.to}); });
}

void list_one_sided(const model::Policy& new_policy, const CellPairs& cells, const Counterparts& layers,
                    PolicyDiff& diff) {
  std::set<uint32_t> known_cells;
  std::set<LayerPlace> known;
  for (uint32_t a = 0; a < cells.size(); ++a) {
    if (!cells[a]) {
      diff.removed_cells.push_back(a);
      continue;
    }
    known_cells.insert(*cells[a]);
    for (uint32_t i = 0; i < layers[a].size(); ++i) {
      if (layers[a][i])
        known.insert(*layers[a][i]);
      else
        diff.removed_layers.push_back({a, i});
    }
  }
  for (uint32_t b = 0; b < new_policy.cells.size(); ++b) {
    if (!known_cells.contains(b)) {
      diff.added_cells.push_back(b);
      continue;
    }
    for (uint32_t j = 0; j < new_policy.cells[b].layers.size(); ++j)
      if (!known.contains({b, j})) diff.added_layers.push_back({b, j});
  }
}

}  // namespace

bool PolicyDiff::is_empty() const {
  return renames.empty() && removed_cells.empty() && added_cells.empty() && removed_layers.empty() &&
         added_layers.empty() && moves.empty() && settings.empty();
}

PolicyDiff diff_policies(const PolicySide& old_side, const PolicySide& new_side) {
  PolicyDiff out;
  const CellPairs cells = pair_cells(*old_side.policy, *new_side.policy, out.renames);
  Counterparts layers = pair_layers(*old_side.policy, *new_side.policy, cells);
  pair_by_match(*old_side.policy, *new_side.policy, cells, layers, out.renames);
  Moves found = find_moves(old_side, new_side, layers);
  out.moves = std::move(found.moves);
  out.goals = found.goals;
  find_renamed_layers(out, cells, layers);
  list_one_sided(*new_side.policy, cells, layers, out);
  out.settings = find_changed_settings(*old_side.policy, *new_side.policy, cells, layers);
  return out;
}

}  // namespace scx::analysis
