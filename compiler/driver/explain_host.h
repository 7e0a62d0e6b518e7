// `--host` of `scxc explain`: the machine that was named, and what a domain of
// the policy has on it. Used by the explain commands.
#pragma once

#include <cstdint>
#include <optional>

#include "compiler/driver/options.h"
#include "runtime/abi/manifest.h"
#include "runtime/explain/host_plan.h"

namespace scx::driver {

// Fills `out` if a machine was named. The exit code if there can be no plan, which was said then: a wrong
// name is usage, a machine that the policy does not fit the policy's fault.
std::optional<int> plan_on_asked_host(const Options& options, const abi::Manifest& manifest, uint32_t domain,
                                      std::optional<explain::HostPlan>& out);

}  // namespace scx::driver
