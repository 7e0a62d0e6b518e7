// The classifiers of two policies as one, so that a search can ask what both
// say of a task: predicates that mean the same are one, and so are expressions
// that differ in spelling only. Used by policy_diff.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/analysis/string_search.h"
#include "compiler/model/model.h"
#include "runtime/abi/classifier.h"

namespace scx::analysis {

// A policy and the classifier made of it.
struct PolicySide {
  const model::Policy* policy = nullptr;
  const abi::Classifier* classifier = nullptr;
};

// Of the one policy, or of the other.
struct SideMatches {
  CellTable cells;
  // By cell and layer: indexes into PairClassifier::expressions.
  std::vector<std::vector<uint32_t>> layers;
};

struct PairClassifier {
  abi::Classifier classifier;                // predicates and automata of both; no cells
  std::vector<abi::Expression> expressions;  // no two of them alike
  std::array<SideMatches, 2> sides;          // the old policy's, the new one's
};

PairClassifier join(const PolicySide& old_side, const PolicySide& new_side);

}  // namespace scx::analysis
