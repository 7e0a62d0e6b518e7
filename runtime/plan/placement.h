// Which CPUs each claimant gets, given how many. Called by plan() only.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/topology/topology.h"

namespace scx::plan {

// `targets[c]` CPUs for claimant c out of `cpus` (online, rising ids), whose sum is at most their number. The
// last claimant is the pool and takes whatever remains. `before[i]` is the claimant that had cpus[i], or
// targets.size() for none: each claimant keeps min(what it had, its target) CPUs. Returns the claimant of
// each CPU.
std::vector<uint32_t> place(const topology::Topology& topology, const std::vector<topology::Cpu>& cpus,
                            const std::vector<uint32_t>& targets, const std::vector<uint32_t>& before);

}  // namespace scx::plan
