// The manifest: what scx-run must know about a compiled policy, a versioned
// JSON document in the ELF section `.scx.manifest` of the object. scxc writes
// it, scx-run and the explain commands read it; nothing else travels beside
// the object.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/abi/classifier.h"
#include "runtime/abi/cleanup.h"
#include "runtime/abi/settings.h"
#include "runtime/base/result.h"

namespace scx::abi {

// Raised when a reader of the previous version would misread the document.
inline constexpr uint32_t kManifestVersion = 4;
// Device nodes that a policy may list as GPUs: SCX_GPU_NODES of feed.h.
inline constexpr size_t kMaxGpuDevices = 16;
inline constexpr const char* kManifestSection = ".scx.manifest";

// A cell or a family of cells as the policy declares it. The cells that run are
// numbered: root is 0, then follow the `max` slots of each declaration in order.
struct Cell : CellSettings {
  std::string name;  // "root" for the root cell
  CellKind kind = CellKind::kRoot;
  uint32_t max = 1;           // slots
  uint32_t first_slot = 0;    // the number of its first one
  uint32_t first_domain = 0;  // of that slot; slot k begins k * layer_count further
  uint32_t layer_count = 0;
  Location where;
  CellCleanup cleanup;
  bool operator==(const Cell&) const = default;
};

// One (slot, layer) pair: the unit that owns CPUs, queues and a clock. Its
// position in Manifest::domains is its id everywhere.
struct Domain : LayerSettings {
  std::string cell;   // the declaration's name
  uint32_t slot = 0;  // the number of the cell that runs
  std::string layer;
  Location where;
  DomainCleanup cleanup;
  bool operator==(const Domain&) const = default;
};

// A kernel function that the object calls. `weak`: used only where present.
struct KernelFunction {
  std::string name;
  bool weak = false;
  bool operator==(const KernelFunction&) const = default;
};

// Which sets of CPUs the BPF side wants of the loader, as rows of the map `plan` (runtime/abi/feed.h): one a
// domain, then these.
struct RowLayout {
  uint32_t cells = 0;  // as many as slots, or 0: where the guests of a cell may run
  uint32_t lent = 0;   // 1 or 0: where borrowers may run
  bool operator==(const RowLayout&) const = default;
};

struct Manifest {
  uint32_t version = kManifestVersion;
  std::string compiler;                      // "scxc 0.1.0"
  std::string policy;                        // policy name, also the scheduler's name
  std::string fingerprint;                   // hex, of the model: same meaning, same fingerprint
  std::string min_kernel;                    // "6.16"
  std::optional<Location> min_kernel_where;  // the line that asks for it, if one does
  uint64_t watchdog_ns = 0;
  std::vector<Cell> cells;      // root first
  std::vector<Domain> domains;  // slot by slot
  RowLayout rows;
  PolicyCleanup cleanup;
  Classifier classifier;
  std::vector<Place> places;  // for tests of the affinity
  // Paths of device nodes that count as GPUs beside those of known drivers.
  std::vector<std::string> gpu_devices;
  std::vector<KernelFunction> kernel_functions;
  bool operator==(const Manifest&) const = default;
};

// JSON text, keys sorted, ends in a newline; the same manifest gives the same bytes.
std::string to_json(const Manifest& manifest);
// How many cells may run at a time, root among them.
uint32_t slot_count(const std::vector<Cell>& cells);
// The declaration of a slot. Precondition: slot < slot_count(cells).
const Cell& cell_of_slot(const std::vector<Cell>& cells, uint32_t slot);

// Rejects, with the JSON path in the message: malformed JSON, a version that
// this build does not read, missing or mistyped members, and indexes
// (predicates, automata, states, domains) that point outside their tables.
Result<Manifest> manifest_from_json(std::string_view text);

}  // namespace scx::abi
