// Which settings a plan asks for: the layers' properties on the CPUs that they
// own now. Pure; the loader asks after each plan that it has pushed.
#pragma once

#include <vector>

#include "runtime/abi/manifest.h"
#include "runtime/plan/plan.h"
#include "runtime/settings/setting.h"

namespace scx::settings {

// Whether any layer changes settings at all: without one there is no journal and no guardian.
bool changes_settings(const std::vector<abi::Domain>& domains);
// Precondition: the plan is one for these domains.
std::vector<Wanted> wanted(const plan::Plan& plan, const std::vector<abi::Domain>& domains);

}  // namespace scx::settings
