// The generated part of the classifier: tables of automata, one function for
// each predicate, and the decision. codegen.cpp and host.cpp put it between
// their preludes and users.
#pragma once

#include <string>

#include "compiler/codegen/features.h"
#include "compiler/model/model.h"
#include "compiler/support/source.h"

namespace scx::codegen {

// `#define`s that say how many automata read each attribute; preludes size their arrays by them.
std::string automata_counts(const abi::Classifier& classifier, const Usage& usage);

// Tables, tests and `classify`. Empty when there is one domain.
std::string classifier_text(const model::Policy& policy, const abi::Classifier& classifier,
                            const Usage& usage, const Sources& sources);

}  // namespace scx::codegen
