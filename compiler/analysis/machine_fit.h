// What a policy asks for and a machine does not have. The driver reads the
// machine that the user names.
#pragma once

#include <string>
#include <vector>

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/model/model.h"
#include "runtime/topology/topology.h"

namespace scx::analysis {

struct NamedMachine {
  std::string name;  // as the user named it
  topology::Topology topology;
};

// Reports tests of affinity, and `nodes` and `llcs` of cells and layers, that name nodes and caches of which
// a machine has none: one report each, with the machines in it. For each machine, whether something of it was
// reported.
std::vector<bool> check_places(const model::Policy& policy, const std::vector<NamedMachine>& machines,
                               diag::Diagnostics& diagnostics);

}  // namespace scx::analysis
