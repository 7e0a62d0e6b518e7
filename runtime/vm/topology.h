// The shape of a guest: sockets, dies, cores, threads, NUMA nodes and their
// distances. Written by users as `2s2c2t`, turned into QEMU's arguments. Used by
// run_vm and by everything that takes a --topology.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace scx::vm {

// Every count is per unit of the level above: `cores` per die, `dies` per socket.
// One last-level cache per die. Nodes take equal, consecutive shares of the CPUs.
struct VmTopology {
  unsigned sockets = 2;
  unsigned dies = 1;
  unsigned cores = 2;
  unsigned threads = 2;
  unsigned nodes = 2;
  // nodes x nodes, row by row, 10 on the diagonal; empty: 21 between nodes.
  std::vector<unsigned> distances;

  [[nodiscard]] unsigned cpus() const { return sockets * dies * cores * threads; }
};

// `2s2c2t` (sockets, cores, threads), with dies and nodes when they are not one
// per socket: `1s2d4c2t`, `2s2c2t1n`, `1s4c1t`. Distances follow a colon, one
// per pair of different nodes in the order 01 02 … 12 …: `3s1c1t:21,31,21`.
// Reason of errors: "bad-topology".
Result<VmTopology> parse_topology(std::string_view text);

// The canonical spelling, which parse_topology reads.
std::string topology_text(const VmTopology& topology);

// QEMU's -smp, -m and -numa arguments.
std::vector<std::string> topology_arguments(const VmTopology& topology, unsigned memory_mib);

}  // namespace scx::vm
