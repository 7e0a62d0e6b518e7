// What `test` blocks of a policy can say of a task beyond its attributes: which
// ids names have, and on which CPUs of which machines it may be.
#pragma once

#include "compiler/analysis/task_values.h"
#include "compiler/model/model.h"

namespace scx::analysis {

// `placements` has the usual one first, and beside it, if the policy tests the affinity, places on machines
// that have the nodes and caches that it names: for each pair of a node and a cache that it tells apart, if
// some machine whose nodes have as many caches each has the one in the other. Machines that only a file of
// hwloc describes may have other places.
TestWorld test_world(const model::Policy& policy);

// Whether some layer of the policy tests where a task may run.
bool reads_places(const model::Policy& policy);

}  // namespace scx::analysis
