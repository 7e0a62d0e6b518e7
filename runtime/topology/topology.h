// What the machine looks like to the planner and to the BPF side: possible
// CPUs, their cores, last-level caches and NUMA nodes under dense indexes, and
// the distances between nodes. scx-run reads it live, the compiler and tests
// read it from a snapshot or a short description. Nothing here changes the
// machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace scx::topology {

// One possible CPU. `id` is the kernel's number; ids may have holes. The
// others are dense indexes from 0 that stay the same for the life of a
// process, also over hotplug.
struct Cpu {
  uint32_t id = 0;
  uint32_t core = 0;
  uint32_t llc = 0;
  uint32_t node = 0;
  bool online = true;
  // Whether core, cache and node were read from the machine. The kernel tells
  // nothing about a CPU that has been offline since boot; such a CPU stands
  // with the first cache of the first node until it comes online.
  bool located = true;
  bool operator==(const Cpu&) const = default;
};

struct Topology {
  std::vector<Cpu> cpus;  // possible CPUs, rising ids
  uint32_t core_count = 0;
  uint32_t llc_count = 0;
  uint32_t node_count = 0;
  std::vector<uint32_t> node_ids;  // the kernel's number of each node, by dense index
  // node_count * node_count, row by row, in the kernel's units (10 is local).
  std::vector<uint32_t> distances;
  // Caches of the CPUs that a GPU's bus is attached to, rising. Empty if there is no GPU, if all caches are
  // as near, or if nobody asked.
  std::vector<uint32_t> gpu_llcs;

  // One more than the highest possible id: the length of every table that is indexed by CPU id.
  [[nodiscard]] uint32_t id_limit() const { return cpus.empty() ? 0 : cpus.back().id + 1; }
  [[nodiscard]] uint32_t online_count() const;
  // Null for an id that is not possible.
  [[nodiscard]] const Cpu* find(uint32_t id) const;
  [[nodiscard]] uint32_t distance(uint32_t from_node, uint32_t to_node) const;
  bool operator==(const Topology&) const = default;
};

// Larger than any machine with x86 or arm64 that there is; the tables grow with the square of the caches.
inline constexpr uint32_t kMaxDescribedCpus = 4096;

// Looking for devices takes longer than everything else: only for policies that place layers near them.
enum class Devices : uint8_t { kNone, kGpus };

// This machine, through hwloc and sysfs; offline CPUs are in the result with online == false.
Result<Topology> live(Devices devices = Devices::kNone);

// An hwloc XML file (`lstopo topology.xml`). All its CPUs count as online.
Result<Topology> from_xml(const std::string& path);

// A description: counts with a letter, outermost first, of n(odes), s(ockets),
// l(ast-level caches), c(ores) and t(hreads): `2s2c2t` is two sockets of two
// cores of two threads. Without `l` a socket (or node) has one cache, without
// `n` it is a node. hwloc's own synthetic strings (`pack:2 l3:1 core:4 pu:2`)
// are accepted too. More than kMaxDescribedCpus are refused.
Result<Topology> synthetic(std::string_view description);

// What `--topology` takes: `live`, the path of an .xml file, or a description.
Result<Topology> from_source(const std::string& source);

// `now` with the indexes of `before` (both of one machine): CPUs that `before`
// knew keep core, cache and node; online comes from `now`. A CPU located since
// then joins the cache of a neighbour that was known.
Topology refreshed(const Topology& before, const Topology& now);

// CPU ids as the kernel writes them: "0-3,8".
std::string cpu_list(const std::vector<uint32_t>& rising_ids);
// The reverse; an error names what could not be read. Accepts an empty list.
Result<std::vector<uint32_t>> parse_cpu_list(std::string_view text);

// "8 CPUs (8 online), 4 cores, 2 last-level caches, 2 nodes".
std::string summary(const Topology& topology);

}  // namespace scx::topology
