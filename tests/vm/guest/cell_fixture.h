// What the checks of cells have in common: load in a cgroup, and what the
// statistics say of a cell.
#pragma once

#include <string>
#include <vector>

#include "tests/vm/guest/scheduler_fixture.h"

namespace scx::testing {

// Tasks of the cgroup that never give up a CPU.
inline std::vector<Task> hogs(size_t count, const std::string& cgroup) {
  return hogs(count, TaskSpec{.cgroup = cgroup});
}

inline bool running(Loaded& scheduler, const std::string& cell) {
  return scheduler->fresh_stats().at("cells").contains(cell);
}

// Waits, by the statistics' clock, until the cell runs, or does not; at most 20 documents.
inline bool until_running(Loaded& scheduler, const std::string& cell, bool expected = true) {
  for (int tries = 0; tries < 20; ++tries)
    if (running(scheduler, cell) == expected) return true;
  return false;
}

// The CPUs of a cell by one document of the statistics; none if it does not run.
inline std::vector<unsigned> cpus_in(const nlohmann::json& stats, const std::string& cell) {
  const nlohmann::json& cells = stats.at("cells");
  return cells.contains(cell) ? parse_cpu_list(cells.at(cell).at("cpus").get<std::string>())
                              : std::vector<unsigned>{};
}

inline std::vector<unsigned> cpus_of(Loaded& scheduler, const std::string& cell) {
  return cpus_in(scheduler->fresh_stats(), cell);
}

// Waits, by the statistics' clock, until these are the cell's CPUs; at most 20 documents.
inline bool until_cpus_are(Loaded& scheduler, const std::string& cell,
                           const std::vector<unsigned>& expected) {
  for (int tries = 0; tries < 20; ++tries)
    if (cpus_of(scheduler, cell) == expected) return true;
  return false;
}

}  // namespace scx::testing
