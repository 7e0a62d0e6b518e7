// The tables that the BPF side reads, laid out from a topology and a plan as
// runtime/abi/feed.h says. Pure; the loader calls it, tests compare it.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/abi/manifest.h"
#include "runtime/plan/plan.h"
#include "runtime/topology/topology.h"

namespace scx::load {

// Words of 64 CPUs that one domain takes in the map `plan`.
uint32_t plan_words(const topology::Topology& topology);

struct CpuEntry {
  uint32_t llc = 0;
  uint32_t node = 0;
};
// Map `cpus`, id_limit() entries; ids that are not possible stand in cache 0.
std::vector<CpuEntry> cpu_entries(const topology::Topology& topology);

// Map `near`: for each cache all caches by distance, itself first, then those of its own node, then by node
// distance; ties to the following index, so that caches do not all look at the same one first.
std::vector<uint32_t> near_entries(const topology::Topology& topology);

// Map `place_words`: plan_words() words for each place. A place that the machine does not have holds no CPU.
std::vector<uint64_t> place_entries(const topology::Topology& topology,
                                    const std::vector<abi::Place>& places);

// Map `plan`: plan_words() words for each domain of the plan, in the order of ids.
std::vector<uint64_t> plan_entries(const topology::Topology& topology, const plan::Plan& plan);

}  // namespace scx::load
