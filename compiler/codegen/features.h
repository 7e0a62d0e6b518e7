// What a policy uses, as the words that templates ask for in `//% if`. The one
// place that decides which parts of the templates a scheduler has.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "compiler/model/model.h"
#include "runtime/abi/classifier.h"

namespace scx::codegen {

// Which predicates and automata the BPF side needs.
struct Usage {
  std::vector<bool> predicates;  // a layer's expression reads it
  std::vector<bool> automata;    // such a predicate runs it: those that are word comparisons do not
  // Position among the used automata of the same attribute; meaningless for the others.
  std::vector<uint32_t> automaton_slot;
};

Usage usage_of(const model::Policy& policy, const abi::Classifier& classifier);

// How many used automata read the attribute.
uint32_t automata_of(const abi::Classifier& classifier, const Usage& usage, abi::Attribute attribute);

using Features = std::set<std::string, std::less<>>;

// The words, each explained where it is decided.
Features features_of(const model::Policy& policy, const abi::Classifier& classifier, const Usage& usage);

}  // namespace scx::codegen
