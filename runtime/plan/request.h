// What cells and layers ask of the planner, and what the caller knows of their
// use. The loader fills it from the manifest and from the cells that exist
// now, the compiler from the model; plan() reads it and nothing else does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/abi/manifest.h"

namespace scx::plan {

// The root cell: there is always one, it owns what no other cell owns.
inline constexpr uint32_t kRootCell = 0;

// A set of places: NUMA nodes by the kernel's numbers, last-level caches by
// the topology's dense indexes, both in the order in which they are written.
struct Places {
  std::vector<uint32_t> nodes = {};
  std::vector<uint32_t> llcs = {};
  [[nodiscard]] bool empty() const { return nodes.empty() && llcs.empty(); }
  bool operator==(const Places&) const = default;
};

// In which order a layer takes CPUs when it grows. It gives them back in the
// reverse order. All orders finish a core before the next one, prefer whole
// free cores to broken ones, and take only what `required` allows.
//   kSticky      where it already is; else the cache that its need fits most tightly, nearest nodes first
//   kLinear      rising CPU ids, whatever the caches
//   kReverse     falling CPU ids
//   kTopo        cache after cache: `llcs` as listed, else the caches of `nodes` as listed, else by index
//   kNodeSpread  the node where it has least, so that every node has as many until one is full
using abi::GrowOrder;

// Units that a cell's CPUs come in, and what a cell does that gets no CPUs.
using abi::Alignment;
using abi::Overflow;

struct LayerRequest {
  uint32_t domain = 0;
  std::string name;
  abi::LayerKind kind = abi::LayerKind::kOpen;
  abi::CpuRange cpus;  // read for confined and grouped layers only, as is all that follows `weight`
  uint32_t weight = 100;
  abi::UtilRange util = {};
  bool protects = false;  // `protected`: nobody else runs on its CPUs
  GrowOrder grow = GrowOrder::kSticky;
  Places required = {};    // `nodes` and `llcs`: only CPUs in both sets; an empty set allows all
  Places near = {};        // filled first: a CPU in either set is near
  bool near_gpus = false;  // and so are those of the topology's caches that are near a GPU
};

struct CellClaim {
  enum class Kind : uint8_t {
    kWeight,  // a share of the machine by weight
    kAmount,  // a share by weight between the bounds of `amount`; percentages are of the online CPUs
    kList,    // `list` and nothing else: `cpus list` or the cgroup's cpuset
  };
  Kind kind = Kind::kWeight;
  abi::CpuRange amount = {};
  std::vector<uint32_t> list = {};  // CPU ids in any order; offline ones count once they are back
};

struct CellRequest {
  uint32_t id = kRootCell;
  std::string name;
  std::vector<LayerRequest> layers;
  // Root's claim is kAmount for `root cell { cpus 8..; }` and kWeight without it, never kList.
  CellClaim claim = {};
  uint32_t weight = 100;
  abi::CpuAmount min = {abi::CpuAmount::Unit::kCpus, 1};
  Places required = {};
  // The effective cpuset of its cgroups, if that is less than the machine. The cell owns nothing outside.
  std::optional<std::vector<uint32_t>> allowed = {};
  Alignment align = Alignment::kNone;
  // Its CPUs are those of this cell, in time shared by weight; it owns none.
  std::optional<uint32_t> share_with = {};
  // With a value the cell may be left without CPUs when floors do not fit, before any cell that says nothing.
  std::optional<Overflow> overflow = {};
  // `rebalance { threshold }` as a fraction: the cell's size follows its demand. Root takes part when any
  // cell does.
  std::optional<double> rebalance = {};
};

// CPU time that each domain wants, in CPUs, by domain id: home run time plus waiting time per second,
// smoothed by the caller; a task that never stops counts while it runs. Without a value (also: beyond the
// end) a domain counts as saturated.
struct Demand {
  std::vector<std::optional<double>> cpus = {};
  // The same for cells, by id, where their sizes follow a measurement of their own (`rebalance { smoothing
  // }`): anywhere they ran, and smoothed over longer. Without a value it is the sum over the cell's domains.
  std::vector<std::optional<double>> cells = {};
};

// What the cell in a slot of a declaration asks for, its layers with that slot's domains. What only the
// cgroups of the cell say is missing: `cpus from cpuset` is by weight, and nothing is shared or limited.
CellRequest request_of(const abi::Cell& cell, uint32_t slot, const std::vector<abi::Domain>& domains);

// The cells of a policy while every cell with a name runs, and no cell of a family.
std::vector<CellRequest> static_requests(const std::vector<abi::Cell>& cells,
                                         const std::vector<abi::Domain>& domains);

// The same and one cell of each family, with no claim on a CPU: plan() finds in them what the machine lacks.
std::vector<CellRequest> sample_requests(const std::vector<abi::Cell>& cells,
                                         const std::vector<abi::Domain>& domains);

// CPUs that an amount means in a cell of `cell_cpus` CPUs with `threads_per_core` threads: percentages round
// down, and nothing is less than 1.
uint32_t cpus_of(const abi::CpuAmount& amount, uint32_t cell_cpus, uint32_t threads_per_core);

}  // namespace scx::plan
