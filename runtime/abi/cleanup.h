// The ways back that a policy chooses: where the CPUs and the tasks of a cell
// go when something takes them away, how long figures outlive their cell, and
// what the loader does when the scheduler cannot go on. The compiler fills it
// in (`cleanup` scopes, grammar/README.md), the loader acts on it; without a
// word of the policy every member has its default.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace scx::abi {

// Takes CPUs from a cell; kCgroupExit and kCellEnd take its tasks, too. kCgroupExit: its last cgroup is gone;
// kCellEnd: it ends for another reason.
enum class CellEvent : uint8_t { kCgroupExit, kCpusetClear, kCpusetChange, kCellEnd, kCpuOffline };
inline constexpr size_t kCellEvents = 5;

// kDonors: the cells that had the CPUs before; kSiblings: the other cells of the family. What nobody of them
// can take goes to root. kCell: `cell` is the index of its declaration; it encloses the cell that gives.
struct CpuReturn {
  enum class To : uint8_t { kRoot, kDonors, kSiblings, kCell };
  To to = To::kRoot;
  uint32_t cell = 0;
  bool operator==(const CpuReturn&) const = default;
};

// kParent: the enclosing cell, root if there is none.
struct TaskDrain {
  enum class To : uint8_t { kParent, kRoot, kCell };
  To to = To::kParent;
  uint32_t cell = 0;
  bool operator==(const TaskDrain&) const = default;
};

// A day: what outlives its cell takes memory.
inline constexpr uint64_t kMaxKeepStatsNs = 24ULL * 3600 * 1'000'000'000;

// Of a declaration of cells.
struct CellCleanup {
  std::array<CpuReturn, kCellEvents> cpus{};  // by CellEvent
  std::optional<uint64_t> keep_stats_ns;      // none: the figures end with the cell
  bool operator==(const CellCleanup&) const = default;
};

// Of a domain. Those of one cell drain to the same place.
struct DomainCleanup {
  TaskDrain on_cgroup_exit;
  TaskDrain on_cell_end;
  std::optional<uint64_t> keep_stats_ns;
  bool operator==(const DomainCleanup&) const = default;
};

// What the loader does with the scheduler.
enum class EndAction : uint8_t { kExit, kRestart };
struct PolicyCleanup {
  EndAction on_stall = EndAction::kExit;
  EndAction on_cpu_offline = EndAction::kExit;  // that the scheduler cannot follow
  bool operator==(const PolicyCleanup&) const = default;
};

std::string_view spelling(CellEvent event);

}  // namespace scx::abi
