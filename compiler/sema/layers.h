// The policy block and the layers: from blocks of properties to settings of
// the model.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/model/model.h"
#include "compiler/sema/matchers.h"
#include "compiler/sema/names.h"

namespace scx::sema {

struct PolicySettings {
  std::string name;
  uint64_t slice_ns = 20'000'000;
  std::optional<Span> slice_span;
  uint64_t watchdog_ns = 30'000'000'000;
  model::KernelVersion min_kernel;
  Span min_kernel_span;
  std::vector<std::string> gpu_devices;
  Span gpu_span;
};

// Pass `lower_policy`.
// Reads: the policy block, Constants. Writes: PolicySettings.
// Invariant: every value is within the range of its row.
PolicySettings lower_policy(const Declarations& declarations, const Constants& constants,
                            diag::Diagnostics& diagnostics);

// One layer as written. `weight_span` is empty (begin == end) without a `weight`;
// `matched` tells whether the expression was sound.
struct LoweredLayer {
  model::Layer layer;
  bool matched = false;
  Span weight_span;
  Span cpus_span;
};

// Pass `lower_layers`, for each cell.
// Reads: the cell's layers, Constants, PolicySettings. Writes: the layers, predicates of Matchers.
// Invariant: layers are in file order with their names unique; properties apply to their kinds.
std::vector<LoweredLayer> lower_layers(const std::vector<const ast::Layer*>& layers,
                                       const Constants& constants, const PolicySettings& settings,
                                       Matchers& matchers, diag::Diagnostics& diagnostics);

// The cell that layers are of.
struct LayersOf {
  Span span;
  bool root = false;
  bool alone = true;  // its tasks meet no other cell's on their CPUs
};

// Pass `complete_layers`, for each cell.
// Reads: the layers of a cell. Writes: the implicit default layer at their end.
// Invariant: exactly the last layer matches everything; there are at most kMaxLayers; what the
// layers ask for can be met as far as that is known without a machine.
void complete_layers(std::vector<LoweredLayer>& layers, const PolicySettings& settings, const LayersOf& cell,
                     diag::Diagnostics& diagnostics);

}  // namespace scx::sema
