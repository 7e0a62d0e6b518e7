// The manifest: what scx-run must know about a compiled policy, a versioned
// JSON document in the ELF section `.scx.manifest` of the object. scxc writes
// it, scx-run and the explain commands read it; nothing else travels beside
// the object.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/abi/classifier.h"
#include "runtime/base/result.h"

namespace scx::abi {

// Raised when a reader of the previous version would misread the document.
inline constexpr uint32_t kManifestVersion = 2;
// Device nodes that a policy may list as GPUs: SCX_GPU_NODES of feed.h.
inline constexpr size_t kMaxGpuDevices = 16;
inline constexpr const char* kManifestSection = ".scx.manifest";

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
  // All kinds:
  uint64_t slice_ns = 0;
  uint32_t weight = 100;
  QueueOrder order = QueueOrder::kVtime;
  bool preempt = false;
  uint64_t min_run_ns = 0;          // the least that a run is charged
  uint32_t yield_loss = kYieldAll;  // thousandths of a slice that a yield gives up
  bool operator==(const LayerSettings&) const = default;
};

// One (cell, layer) pair: the unit that owns CPUs, queues and a clock. Its
// position in Manifest::domains is its id everywhere.
struct Domain : LayerSettings {
  std::string cell;  // "root" for the root cell
  std::string layer;
  Location where;
  bool operator==(const Domain&) const = default;
};

// A kernel function that the object calls. `weak`: used only where present.
struct KernelFunction {
  std::string name;
  bool weak = false;
  bool operator==(const KernelFunction&) const = default;
};

struct Manifest {
  uint32_t version = kManifestVersion;
  std::string compiler;     // "scxc 0.1.0"
  std::string policy;       // policy name, also the scheduler's name
  std::string fingerprint;  // hex, of the model: same meaning, same fingerprint
  std::string min_kernel;   // "6.16"
  uint64_t watchdog_ns = 0;
  std::vector<Domain> domains;
  Classifier classifier;
  std::vector<Place> places;  // for tests of the affinity
  // Paths of device nodes that count as GPUs beside those of known drivers.
  std::vector<std::string> gpu_devices;
  std::vector<KernelFunction> kernel_functions;
  bool operator==(const Manifest&) const = default;
};

// JSON text, keys sorted, ends in a newline; the same manifest gives the same bytes.
std::string to_json(const Manifest& manifest);
// Rejects, with the JSON path in the message: malformed JSON, a version that
// this build does not read, missing or mistyped members, and indexes
// (predicates, automata, states, domains) that point outside their tables.
Result<Manifest> manifest_from_json(std::string_view text);

}  // namespace scx::abi
