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

CellRequest request_of(const abi::Cell& cell, uint32_t slot, const std::vector<abi::Domain>& domains) {
  CellRequest request;
  request.id = slot;
  request.name = cell.name;
  if (cell.source == abi::CellCpus::kAmount) request.claim = {CellClaim::Kind::kAmount, cell.cpus, {}};
  if (cell.source == abi::CellCpus::kList)
    request.claim = {CellClaim::Kind::kList, {}, ids_of(cell.cpu_list)};
  request.weight = cell.weight;
  request.min = cell.min;
  request.required = {ids_of(cell.nodes), ids_of(cell.llcs)};
  request.align = cell.align;
  request.overflow = cell.overflow;
  if (cell.rebalance.has_value()) request.rebalance = cell.rebalance->threshold / 100.0;
  const uint32_t first = cell.first_domain + (slot - cell.first_slot) * cell.layer_count;
  for (uint32_t id = first; id < first + cell.layer_count; ++id) {
    const abi::Domain& domain = domains.at(id);
    LayerRequest layer{id, domain.layer, domain.kind, domain.cpus, domain.weight};
    layer.util = domain.util;
    layer.protects = domain.is_protected;
    layer.grow = domain.grow;
    layer.required = {ids_of(domain.nodes), ids_of(domain.llcs)};
    layer.near.nodes = ids_of(domain.near_nodes);
    layer.near_gpus = domain.near_gpus;
    request.layers.push_back(std::move(layer));
  }
  return request;
}

std::vector<CellRequest> static_requests(const std::vector<abi::Cell>& cells,
                                         const std::vector<abi::Domain>& domains) {
  std::vector<CellRequest> requests;
  for (const abi::Cell& cell : cells) {
    if (cell.kind == abi::CellKind::kFamily) continue;
    CellRequest& request = requests.emplace_back(request_of(cell, cell.first_slot, domains));
    if (!cell.share_with.has_value()) continue;
    request.share_with = kRootCell;
    for (const abi::Cell& host : cells)
      if (host.name == *cell.share_with && host.kind == abi::CellKind::kStatic)
        request.share_with = host.first_slot;
  }
  return requests;
}

std::vector<CellRequest> sample_requests(const std::vector<abi::Cell>& cells,
                                         const std::vector<abi::Domain>& domains) {
  std::vector<CellRequest> requests = static_requests(cells, domains);
  for (const abi::Cell& cell : cells)
    if (cell.kind == abi::CellKind::kFamily) {
      CellRequest& request = requests.emplace_back(request_of(cell, cell.first_slot, domains));
      request.overflow = request.overflow.value_or(Overflow::kRoot);
    }
  return requests;
}

}  // namespace scx::plan
