// The cheap part of satisfiability: pairs of tests that no value satisfies
// together, or of which every value satisfies one. What needs automata or more
// than two attributes at once is left to analysis/.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "compiler/model/model.h"
#include "compiler/sema/matchers.h"

namespace scx::sema {

// Two tests that cannot both hold (their integer ranges, together with those of
// tests between them, have nothing in common; fixed texts exclude each other;
// one is the other's negation).
std::optional<std::pair<Literal, Literal>> find_contradiction(
    const std::vector<Literal>& literals, const std::vector<model::Predicate>& predicates);

// Two tests of which (together with tests between them) one always holds.
std::optional<std::pair<Literal, Literal>> find_tautology(const std::vector<Literal>& literals,
                                                          const std::vector<model::Predicate>& predicates);

}  // namespace scx::sema
