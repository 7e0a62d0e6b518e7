// Generated machines for the planner's properties.
#pragma once

#include <algorithm>
#include <random>

#include <rapidcheck.h>

#include "runtime/topology/topology.h"

namespace scx::plan {

// A machine of up to 4,096 CPUs whose ids may have holes, some offline.
inline topology::Topology any_machine(uint32_t most_cpus) {
  const auto threads = *rc::gen::inRange<uint32_t>(1, 3);
  const auto cores = *rc::gen::inRange<uint32_t>(1, 17);
  const auto caches = *rc::gen::inRange<uint32_t>(1, 1 + std::max(1U, most_cpus / (threads * cores)));
  const auto caches_per_node = *rc::gen::inRange<uint32_t>(1, 5);
  const auto gap = *rc::gen::inRange<uint32_t>(1, 3);
  const bool thread_major = *rc::gen::arbitrary<bool>();
  topology::Topology t;
  t.core_count = caches * cores;
  t.llc_count = caches;
  t.node_count = (caches + caches_per_node - 1) / caches_per_node;
  const uint32_t total = t.core_count * threads;
  for (uint32_t i = 0; i < total; ++i) {
    const uint32_t core = thread_major ? i % t.core_count : i / threads;
    const uint32_t llc = core / cores;
    t.cpus.push_back({i * gap, core, llc, llc / caches_per_node, true, true});
  }
  const auto seed = *rc::gen::arbitrary<uint32_t>();
  const auto offline_percent = *rc::gen::element(0U, 0U, 10U, 50U);
  std::mt19937 random(seed);
  for (size_t i = 1; i < t.cpus.size(); ++i) t.cpus[i].online = random() % 100 >= offline_percent;
  return t;
}

}  // namespace scx::plan
