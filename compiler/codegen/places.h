// The places of a policy: the sets of CPUs that its tests of affinities compare
// with, numbered as the emitted code and the manifest have them. Codegen emits a
// bit for each, the loader finds the CPUs of each.
#pragma once

#include <vector>

#include "compiler/codegen/features.h"
#include "runtime/abi/classifier.h"

namespace scx::codegen {

// Ascending, without duplicates: nodes, caches, then all online CPUs.
std::vector<abi::Place> places_of(const abi::Classifier& classifier, const Usage& usage);

// `#define NR_PLACES 3` and the number of the place that is all online CPUs.
std::string place_constants(const std::vector<abi::Place>& places);

// The test of an affinity: `subject_within_node(s, 0, 2)`, the last one the place's number.
// Precondition: the predicate's attribute is a place and the predicate is used.
std::string place_test(const abi::Predicate& predicate, const std::vector<abi::Place>& places);

}  // namespace scx::codegen
