// What a policy says of a layer and of a cell, in one form for the model, the
// manifest and the planner: the compiler fills it in, the loader acts on it.
// Plain values; what they mean is the language's (grammar/README.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/abi/classifier.h"

namespace scx::abi {

enum class LayerKind : uint8_t { kConfined, kGrouped, kOpen };
enum class QueueOrder : uint8_t { kVtime, kFifo };
// Which CPUs a layer takes next when it grows; runtime/plan says what each means.
enum class GrowOrder : uint8_t { kSticky, kLinear, kReverse, kTopo, kNodeSpread };
// The words of the language for them; the manifest has the same.
std::string_view spelling(LayerKind kind);
std::string_view spelling(QueueOrder order);
std::string_view spelling(GrowOrder order);

// A bound on a number of CPUs, as written: a count, cores, or a share of the cell's CPUs.
struct CpuAmount {
  enum class Unit : uint8_t { kCpus, kCores, kPercent };
  Unit unit = Unit::kCpus;
  uint32_t value = 0;
  bool operator==(const CpuAmount&) const = default;
};
struct CpuRange {
  CpuAmount floor{CpuAmount::Unit::kCpus, 1};
  CpuAmount ceiling{CpuAmount::Unit::kPercent, 100};
  bool operator==(const CpuRange&) const = default;
};

// Percent of used CPU time per owned CPU: a layer grows above `high` and shrinks below `low`.
struct UtilRange {
  uint32_t low = 50;
  uint32_t high = 80;
  bool operator==(const UtilRange&) const = default;
};

// No idle state takes as long as this to leave: a longer bound would bound nothing.
inline constexpr uint64_t kMaxResumeLatencyNs = 1'000'000'000;

// All of yield's part of a slice is given up, the kernel's own way.
inline constexpr uint32_t kYieldAll = 1000;

// How a layer's tasks are scheduled and its CPUs are chosen: the same in the model, here, and for the
// planner.
struct LayerSettings {
  LayerKind kind = LayerKind::kOpen;
  // Owning kinds only:
  CpuRange cpus;
  UtilRange util;
  GrowOrder grow = GrowOrder::kSticky;
  bool is_protected = false;
  std::vector<IntRange> nodes;  // the kernel's ids; empty: all
  std::vector<IntRange> llcs;   // dense indexes; empty: all
  // `place`: what it fills first, if it can.
  bool near_gpus = false;
  std::vector<IntRange> near_nodes;  // the kernel's ids
  // The longest that one of its CPUs may take to leave an idle state, whole microseconds; 0: they do not
  // enter any that takes time; nothing: as the machine has it.
  std::optional<uint64_t> resume_latency_ns;
  // All kinds:
  uint64_t slice_ns = 0;
  uint32_t weight = 100;
  QueueOrder order = QueueOrder::kVtime;
  bool preempt = false;
  uint64_t min_run_ns = 0;          // the least that a run is charged
  uint32_t yield_loss = kYieldAll;  // thousandths of a slice that a yield gives up
  bool operator==(const LayerSettings&) const = default;
};

// Units that a cell's CPUs come in.
enum class Alignment : uint8_t { kNone, kCore, kLlc, kNode };
// What a cell does for which there are no CPUs or no slot. kRoot: its tasks are root's. kShare: it runs on
// root's CPUs within its own cpuset, or, if root has none there, shares that set with its owners.
enum class Overflow : uint8_t { kRoot, kShare };
// `affinity`: whether its tasks may ask for a part of its CPUs only.
enum class CellAffinity : uint8_t { kAllow, kReject };
std::string_view spelling(Alignment alignment);
std::string_view spelling(Overflow overflow);
std::string_view spelling(CellAffinity affinity);

// Where a cell's CPUs come from.
enum class CellCpus : uint8_t {
  kWeight,  // a share of the machine by `weight`
  kAmount,  // `cpus a..b`: a share by weight between the bounds
  kList,    // `cpus list "0-3,8"`
  kCpuset,  // `cpus from cpuset`: the cgroup's own; by weight while it has none
};
std::string_view spelling(CellCpus source);

// `rebalance { … }`: the cell's size follows its demand.
struct Rebalance {
  uint32_t threshold = 20;            // percent of its fair share that it may be off
  uint64_t every_ns = 5'000'000'000;  // how often sizes may change
  uint32_t smoothing = 300;           // thousandths that a new measurement counts
  uint64_t cooldown_ns = 0;           // pause after a change
  bool operator==(const Rebalance&) const = default;
};

// `borrow idle`: idle CPUs of cells that lend may be used.
struct Borrow {
  // The owner gets its CPU back within this; without it when the borrower's slice ends.
  std::optional<uint64_t> return_within_ns;
  bool operator==(const Borrow&) const = default;
};

struct CellSettings {
  CellCpus source = CellCpus::kWeight;
  CpuRange cpus{{CpuAmount::Unit::kCpus, 1}, {CpuAmount::Unit::kPercent, 100}};  // kAmount
  std::vector<IntRange> cpu_list;                                                // kList
  uint32_t weight = 100;
  CpuAmount min{CpuAmount::Unit::kCpus, 1};
  std::vector<IntRange> nodes;  // the kernel's ids; empty: all
  std::vector<IntRange> llcs;   // dense indexes; empty: all
  Alignment align = Alignment::kNone;
  std::optional<Borrow> borrow;
  bool lends = true;
  std::optional<Rebalance> rebalance;
  CellAffinity affinity = CellAffinity::kAllow;
  std::optional<std::string> share_with;  // the name of a cell
  std::optional<Overflow> overflow;
  bool operator==(const CellSettings&) const = default;
};

// kRoot: owns what no other cell owns and takes every other task. kStatic: one cell, for the cgroups that it
// names. kFamily: one for each cgroup that its pattern matches, at most `max` at a time.
enum class CellKind : uint8_t { kRoot, kStatic, kFamily };
std::string_view spelling(CellKind kind);

}  // namespace scx::abi
