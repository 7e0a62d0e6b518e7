#include "runtime/plan/request.h"

#include <algorithm>

namespace scx::plan {

using abi::CpuAmount;

namespace {

// More ids than any machine has: whoever asks for so many asks for one that is lacking, which plan() says.
constexpr size_t kMostIds = 65536;

std::vector<uint32_t> ids_of(const std::vector<abi::IntRange>& ranges) {
  std::vector<uint32_t> ids;
  for (const abi::IntRange& range : ranges)
    for (int64_t id = range.low; id <= range.high && ids.size() < kMostIds; ++id)
      ids.push_back(static_cast<uint32_t>(id));
  return ids;
}

}  // namespace

uint32_t cpus_of(const CpuAmount& amount, uint32_t cell_cpus, uint32_t threads_per_core) {
  uint64_t value = amount.value;
  if (amount.unit == CpuAmount::Unit::kPercent)
    value = uint64_t{cell_cpus} * std::min(amount.value, 100U) / 100;
  if (amount.unit == CpuAmount::Unit::kCores) value *= threads_per_core;
  return static_cast<uint32_t>(std::clamp<uint64_t>(value, 1, UINT32_MAX));
}

std::vector<CellRequest> requests(const std::vector<abi::Domain>& domains) {
  std::vector<CellRequest> cells;
  uint32_t next = kRootCell + 1;
  for (size_t i = 0; i < domains.size(); ++i) {
    const abi::Domain& domain = domains[i];
    auto cell =
        std::find_if(cells.begin(), cells.end(), [&](const CellRequest& c) { return c.name == domain.cell; });
    if (cell == cells.end()) {
      CellRequest request;
      request.id = domain.cell == "root" ? kRootCell : next++;
      request.name = domain.cell;
      cell = cells.insert(cells.end(), std::move(request));
    }
    LayerRequest layer{static_cast<uint32_t>(i), domain.layer, domain.kind, domain.cpus, domain.weight};
    layer.util = domain.util;
    layer.protects = domain.is_protected;
    layer.grow = domain.grow;
    layer.required = {ids_of(domain.nodes), ids_of(domain.llcs)};
    cell->layers.push_back(std::move(layer));
  }
  return cells;
}

}  // namespace scx::plan
