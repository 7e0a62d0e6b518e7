// The online CPUs that one step of planning hands out (all of them, or those
// of one cell), with cores and caches under dense indexes of their own, and
// the sets of them that requests name. Called by the steps of plan() only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/plan/request.h"
#include "runtime/topology/topology.h"

namespace scx::plan {

// By position in Machine::cpus: whether a claimant may own the CPU.
using Mask = std::vector<uint8_t>;

inline constexpr uint32_t kNone = ~0U;

struct Machine {
  std::vector<topology::Cpu> cpus;  // rising ids; "position" is an index here
  std::vector<uint32_t> core;       // by position; cores in the order of their lowest CPU
  std::vector<uint32_t> llc;        // by position, the cache of the core's first CPU; in the topology's order
  std::vector<std::vector<uint32_t>> core_cpus;  // positions, rising
  std::vector<uint32_t> core_llc;
  std::vector<std::vector<uint32_t>> llc_cores;
  std::vector<uint32_t> llc_index;  // the topology's
  std::vector<uint32_t> llc_node;   // the topology's dense index
  uint32_t threads = 1;             // of the widest core
};

// The online CPUs of a topology, in whatever order it lists them.
Machine whole_machine(const topology::Topology& topology);
// The CPUs at `positions` (rising) of `from`.
Machine part_of(const Machine& from, const std::vector<uint32_t>& positions);

// An error with reason "no-such-node" or "no-such-llc" that names the ids the machine lacks; `whose` is
// "layer `web`".
Result<void> check_places(const topology::Topology& topology, const Places& places, const std::string& whose);
// The same for CPU ids that are not possible on the machine, reason "no-such-cpu".
Result<void> check_cpus(const topology::Topology& topology, const std::vector<uint32_t>& ids,
                        const std::string& whose);

// CPUs of the machine in both sets; an empty set allows all.
Mask required_mask(const topology::Topology& topology, const Machine& machine, const Places& places);
// Takes CPUs whose id is not in `ids` out of `mask`.
void keep_ids(const Machine& machine, const std::vector<uint32_t>& ids, Mask& mask);

uint32_t count(const Mask& mask);
bool is_full(const Mask& mask);

}  // namespace scx::plan
