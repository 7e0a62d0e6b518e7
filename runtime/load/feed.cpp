#include "runtime/load/feed.h"

#include <algorithm>
#include <tuple>

namespace scx::load {

uint32_t plan_words(const topology::Topology& topology) { return (topology.id_limit() + 63) / 64; }

std::vector<CpuEntry> cpu_entries(const topology::Topology& topology) {
  std::vector<CpuEntry> entries(topology.id_limit());
  for (const topology::Cpu& cpu : topology.cpus)
    entries[cpu.id] = {cpu.llc, cpu.node < topology.node_ids.size() ? topology.node_ids[cpu.node] : cpu.node};
  return entries;
}

std::vector<uint32_t> near_entries(const topology::Topology& topology) {
  const uint32_t count = topology.llc_count;
  std::vector<uint32_t> node_of(count, 0);
  for (const topology::Cpu& cpu : topology.cpus) node_of[cpu.llc] = cpu.node;
  std::vector<uint32_t> entries;
  entries.reserve(size_t{count} * count);
  for (uint32_t llc = 0; llc < count; ++llc) {
    std::vector<uint32_t> order;
    for (uint32_t other = 0; other < count; ++other) order.push_back(other);
    auto rank = [&](uint32_t other) {
      return std::tuple{other != llc, topology.distance(node_of[llc], node_of[other]),
                        (other + count - llc) % count};
    };
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return rank(a) < rank(b); });
    entries.insert(entries.end(), order.begin(), order.end());
  }
  return entries;
}

namespace {

bool holds(const abi::Place& place, const topology::Cpu& cpu, const topology::Topology& topology) {
  switch (place.kind) {
    case abi::Place::Kind::kNode:
      return cpu.node < topology.node_ids.size() && topology.node_ids[cpu.node] == place.id;
    case abi::Place::Kind::kLlc:
      return cpu.llc == place.id;
    case abi::Place::Kind::kOnline:
      return false;  // it is known by the CPUs that it has
  }
  return false;
}

}  // namespace

std::vector<uint64_t> place_entries(const topology::Topology& topology,
                                    const std::vector<abi::Place>& places) {
  const uint32_t words = plan_words(topology);
  std::vector<uint64_t> entries(places.size() * words, 0);
  for (size_t p = 0; p < places.size(); ++p)
    for (const topology::Cpu& cpu : topology.cpus)
      if (cpu.online && !holds(places[p], cpu, topology))
        entries[p * words + cpu.id / 64] |= uint64_t{1} << (cpu.id % 64);
  return entries;
}

std::vector<uint64_t> plan_entries(const topology::Topology& topology, const plan::Plan& plan) {
  const uint32_t words = plan_words(topology);
  std::vector<uint64_t> entries(plan.domains.size() * words, 0);
  for (size_t d = 0; d < plan.domains.size(); ++d)
    for (uint32_t id : plan.domains[d].home) entries[d * words + id / 64] |= uint64_t{1} << (id % 64);
  return entries;
}

}  // namespace scx::load
