// Sets of integers as sorted, disjoint, not adjacent closed ranges: the normal
// form in which integer predicates are compared, merged and intersected.
#pragma once

#include <vector>

#include "runtime/abi/classifier.h"

namespace scx::model {

using Ranges = std::vector<abi::IntRange>;

// The values that a task can have of an attribute that is a number; -1 stands for none.
abi::IntRange numbers_of(abi::Attribute attribute);

// Any ranges (empty ones too) in normal form.
Ranges normalise(Ranges ranges);
// Operands and results in normal form. The complement is within [low, high].
Ranges complement(const Ranges& ranges, int64_t low, int64_t high);
Ranges intersect(const Ranges& a, const Ranges& b);
Ranges unite(const Ranges& a, const Ranges& b);

}  // namespace scx::model
