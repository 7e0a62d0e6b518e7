// `scxc diff`: what a change of a policy means. Which classes of tasks go
// somewhere else, with a task for each that shows it, what is new, removed or
// only called differently, and which settings have other values. Pure; the
// driver calls it and prints what it gives.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/analysis/pair_classifier.h"
#include "compiler/analysis/task_search.h"
#include "compiler/model/model.h"
#include "compiler/support/source.h"

namespace scx::analysis {

// A layer of one of the policies.
struct LayerPlace {
  uint32_t cell = 0;
  uint32_t layer = 0;
  auto operator<=>(const LayerPlace&) const = default;
};

// Tasks that the old policy gives to `from` and the new one to `to`.
struct Move {
  LayerPlace from, to;
  bool is_decided = true;   // false: a bound was hit, whether there is such a task is open
  bool needs_full = false;  // only while families of cells are full, which then refuse a cgroup
  TaskFinding task;         // if decided
};

// The same under another name: a cell that begins at the same cgroups, a layer that has the same tasks, or
// the same match where some of its tasks move all the same.
struct Rename {
  uint32_t old_cell = 0, new_cell = 0;
  std::optional<uint32_t> old_layer, new_layer;  // of a layer
  bool same_tasks = true;
};

// A value that differs, in the words of the language. One of them is empty where nothing is written and the
// language's default has no words.
struct ChangedSetting {
  model::Scope scope = model::Scope::kPolicy;
  LayerPlace before, after;          // kCell: the cells
  std::string name;                  // `weight`
  std::string old_value, new_value;  // `weight 200`
};

struct PolicyDiff {
  std::vector<Rename> renames;
  // Without what belongs to a cell that is listed itself.
  std::vector<uint32_t> removed_cells, added_cells;
  std::vector<LayerPlace> removed_layers, added_layers;
  std::vector<Move> moves;  // in the order of the old policy, then of the new one
  std::vector<ChangedSetting> settings;
  size_t goals = 0;  // of the search for moves, see Moves
  [[nodiscard]] bool is_empty() const;
};

// The layers of two policies, by name, and what changes between them: moves, exact but for those that say so.
// Every task found is confirmed by the reference classifiers of both.
// `counterpart`: for each layer of the old policy its own in the new one, if it has one.
using Counterparts = std::vector<std::vector<std::optional<LayerPlace>>>;
struct Moves {
  std::vector<Move> moves;
  size_t goals = 0;  // that were collected and searched for
};
// What all searches of one comparison may cost together: some seconds. What is left then is not decided.
inline constexpr size_t kMaxGoals = 2'000'000;
Moves find_moves(const PolicySide& old_side, const PolicySide& new_side, const Counterparts& counterparts);

// What is written differently of cells and layers that both policies have.
std::vector<ChangedSetting> find_changed_settings(const model::Policy& old_policy,
                                                  const model::Policy& new_policy,
                                                  const std::vector<std::optional<uint32_t>>& cells,
                                                  const Counterparts& layers);

// One of the compared policies, for the report.
struct DiffSubject {
  PolicySide side;
  const Sources* sources = nullptr;
};

// For people, with colours if wanted: nothing at all for an empty difference but a line that says so.
std::string to_text(const PolicyDiff& diff, const DiffSubject& old_one, const DiffSubject& new_one,
                    bool color);
// For tools: one JSON object, `version` 1, ends in a newline.
std::string to_json(const PolicyDiff& diff, const DiffSubject& old_one, const DiffSubject& new_one);

// Preconditions: both policies are sound, each classifier was built of its policy.
PolicyDiff diff_policies(const PolicySide& old_side, const PolicySide& new_side);

}  // namespace scx::analysis
