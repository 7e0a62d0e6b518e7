// Is there a task for which some expressions hold and others do not? Answered
// with one, or with a proof that there is none, for the whole matcher algebra:
// automata for names and paths, sets for numbers, a search over the boolean
// structure. Pure; the lint rules and the reachability check ask it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/analysis/string_search.h"
#include "compiler/analysis/task_values.h"
#include "compiler/model/model.h"
#include "runtime/abi/classifier.h"
#include "runtime/classify/classify.h"

namespace scx::analysis {

struct Goal {
  const abi::Expression* expression = nullptr;
  bool holds = true;
};

struct TaskFinding {
  Answer answer = Answer::kNone;
  // kFound: a task as the reference classifier takes it, what nobody asked for as in a `test` block; and the
  // ids that make it so. Each value is the shortest or the one nearest to the default.
  classify::TaskFacts task;
  classify::NameIds ids;
  Placement place = {};  // in a world of tests: where that is
};

class TaskSearch {
 public:
  // `classifier`, made of `policy`, outlives the search.
  TaskSearch(const model::Policy& policy, const abi::Classifier& classifier);

  // A search over what two policies say at once: `classifier` has the predicates of both and no cells, each
  // of `tables` the cells of one.
  // `tests`: for examples, if the policies tell where a task may run.
  TaskSearch(const abi::Classifier& classifier, const std::vector<CellTable>& tables, size_t max_positions,
             TestWorld tests = {});

  // A task of the cell (of any, if none is given) for which every goal is met.
  // Users and groups may have any ids, each its own; `root` has 0. Of the machine nothing
  // is known. Bounded: kUndecided beyond some thousand choices, or what
  // StringSearch bounds, for a task that opened several GPUs, or for one whose user or
  // group has several names.
  TaskFinding find(const std::vector<Goal>& goals, std::optional<uint32_t> cell);

  // The same where families may be full: tasks of a cgroup that one refused are in the cell above it. The
  // task found is such a one perhaps.
  TaskFinding find_with_full_families(const std::vector<Goal>& goals, std::optional<uint32_t> cell);

  // The same in a world of one's own: with cells of several tables, or of tests.
  TaskFinding find(const std::vector<Goal>& goals, World world);

  // As `find`, for people: a task that a test can have as it is told, where there is one.
  TaskFinding example(const std::vector<Goal>& goals, const World& world);

  [[nodiscard]] StringSearch& strings() { return strings_; }

 private:
  const abi::Classifier& classifier_;
  std::vector<size_t> cell_counts_;  // of each table
  StringSearch strings_;
  TestWorld tests_;            // no placements: nothing tells where a task may run
  bool reads_leader_ = false;  // some predicate tells leaders from other threads
};

}  // namespace scx::analysis
