// Tasks for `test` blocks: one of a layer, one for which a test of an attribute
// is asked and comes out as wanted; only what a block can say. Used by the
// coverage of tests and by what proposes new ones.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/analysis/task_search.h"
#include "compiler/model/model.h"
#include "runtime/abi/classifier.h"

namespace scx::analysis {

// A task, or why there is none that a test could have. kNone is a proof; where only the machines that were
// tried stand against a task, it is kUndecided.
struct TestTaskFinding {
  Answer answer = Answer::kNone;
  TaskFinding found;        // kFound
  std::string why_not;      // otherwise
  bool is_possible = true;  // otherwise: some task does it, or it was not decided
};

class TestFinder {
 public:
  // Both outlive it.
  TestFinder(const model::Policy& policy, const abi::Classifier& classifier);

  // A task of the cell's layer.
  TestTaskFinding of_layer(uint32_t cell, uint32_t layer);
  // A task for which some layer asks the predicate and gets `value`.
  TestTaskFinding of_predicate(uint32_t predicate, bool value);
  // A task for which the matcher holds, or does not.
  TestTaskFinding of_matcher(uint32_t matcher, bool holds);

 private:
  TestTaskFinding find(const std::vector<Goal>& goals, std::optional<uint32_t> cell);
  // Says of what was not found why.
  void explain(const std::vector<Goal>& goals, std::optional<uint32_t> cell, TestTaskFinding& out);

  const abi::Classifier& classifier_;
  const model::Policy& policy_;
  TestWorld world_;
  TaskSearch search_;
};

}  // namespace scx::analysis
