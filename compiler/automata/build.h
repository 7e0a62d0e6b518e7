// From the model to abi::Classifier: predicates and domains one to one, string
// tests packed into few automata. The driver calls it once a compilation;
// code generation, manifest, analyses and the reference classifier read the result.
#pragma once

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/model/model.h"
#include "compiler/support/source.h"
#include "runtime/abi/classifier.h"

namespace scx::automata {

// Predicate i of the result is predicate i of the policy, domains are in file
// order. A string predicate that alone exceeds the budget of an automaton and
// expressions that nest too deeply are reported, and the result is then not to
// be used. Precondition: sema accepted the policy, its patterns parse.
//
// Automata are not mixed: those that only predicates outside every layer use
// (matchers that only tests name) come last, and comm tests that need no
// automaton in BPF (words.h) are apart from those that do, so code generation
// can leave whole automata out.
abi::Classifier build_classifier(const model::Policy& policy, const Sources& sources,
                                 diag::Diagnostics& diagnostics);

// Where a span begins; no file if it is in none.
abi::Location locate(const Sources& sources, Span span);

// For each predicate whether a layer's expression or a cell's claim reads it.
std::vector<bool> used_by_layers(const model::Policy& policy);

}  // namespace scx::automata
