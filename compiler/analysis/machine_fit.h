// What a policy asks for and a machine does not have. The driver reads the
// machine that the user names.
#pragma once

#include <string_view>

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/model/model.h"
#include "runtime/topology/topology.h"

namespace scx::analysis {

// Reports tests of affinity, and `nodes` and `llcs` of cells and layers, that name nodes and caches of which
// the machine has none. `name`: the machine as the user named it.
void check_places(const model::Policy& policy, const topology::Topology& machine, std::string_view name,
                  diag::Diagnostics& diagnostics);

}  // namespace scx::analysis
