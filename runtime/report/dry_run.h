// What `scx-run --dry-run` found out: the cost of each program at load, and the
// plan. Pure text; called by scx-run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace scx::report {

struct ProgramCost {
  std::string name;
  std::string section;
  uint64_t instructions = 0;
  uint64_t verified_instructions = 0;
  uint64_t verify_us = 0;
  uint64_t stack_bytes = 0;
  uint64_t total_states = 0;
  uint64_t peak_states = 0;
};

// A family of cells: how many may run at a time.
struct Family {
  std::string name;
  uint32_t max = 0;
};

struct DryRun {
  std::string policy;
  std::string fingerprint;
  std::string kernel;
  uint64_t load_us = 0;
  uint64_t map_bytes = 0;  // kernel memory of its maps
  std::vector<ProgramCost> programs;
  std::string plan;  // of root and of every cell with a name
  std::vector<Family> families;
};

// Raised like kStatsVersion.
inline constexpr int kDryRunVersion = 1;

std::string text(const DryRun& result);
// One line of JSON: {"schema": "scx-run.dry-run", …}.
std::string json(const DryRun& result);

}  // namespace scx::report
