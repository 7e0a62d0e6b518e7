// The tables that the BPF side reads, laid out from a topology and a plan as
// runtime/abi/feed.h says. Pure; the loader calls it, tests compare it.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/abi/feed.h"
#include "runtime/abi/manifest.h"
#include "runtime/plan/plan.h"
#include "runtime/topology/topology.h"

namespace scx::load {

// Words of 64 CPUs that a set of CPUs takes in the map `plan`.
uint32_t row_words(const topology::Topology& topology);
// Words of 64 domains that a set of domains takes in the map `cpus`.
uint32_t domain_words(const abi::Manifest& manifest);
// Rows of the map `plan`: one a domain, then those of the manifest's layout.
uint32_t row_count(const abi::Manifest& manifest);

// What the BPF side is told of one plan; entries compare equal when there is nothing to tell.
struct Feed {
  std::vector<std::vector<uint64_t>> rows;  // row_count() of row_words()
  // By CPU id: struct scx_cpu as words, then the domains at home, then the guests; ids that are not possible
  // stand in cache 0.
  std::vector<std::vector<uint64_t>> cpus;
};
// Precondition: the plan is one of the manifest's requests, cells numbered by slot.
Feed make_feed(const topology::Topology& topology, const abi::Manifest& manifest, const plan::Plan& plan);

// Map `near`: for each cache all caches by distance, itself first, then those of its own node, then by node
// distance; ties to the following index, so that caches do not all look at the same one first.
std::vector<scx_near> near_entries(const topology::Topology& topology);

// Map `place_words`: row_words() words for each place. A place that the machine does not have holds no CPU.
std::vector<uint64_t> place_entries(const topology::Topology& topology,
                                    const std::vector<abi::Place>& places);

}  // namespace scx::load
