// Example tasks for the layers of a policy: for each layer one set of facts
// that the reference classifier puts there. Pure; the load generator of --vm
// makes real tasks from it.
#pragma once

#include <vector>

#include "runtime/abi/classifier.h"
#include "runtime/classify/classify.h"

namespace scx::cli {

struct Witness {
  uint32_t domain = 0;
  classify::TaskFacts facts;
};

// The shortest string that sets a bit of an automaton; empty if there is none of at most `most` bytes.
std::string shortest_match(const abi::Automaton& automaton, uint32_t bit, size_t most);

// One witness for each layer of each cell (a family has one cell here) that some task can reach with a comm,
// a cgroup, a nice value, a scheduling policy, a uid and a gid that the predicates and claims name; layers
// that need more have none.
std::vector<Witness> find_witnesses(const abi::Classifier& classifier, const classify::NameIds& ids);

}  // namespace scx::cli
