// Manifests with cells, made by hand: what the tests of cells run on.
#pragma once

#include <string>
#include <vector>

#include "runtime/abi/manifest.h"

namespace scx::cells {

// Cells of one policy with the domains of their slots.
struct Cells {
  std::vector<abi::Cell> cells;
  std::vector<abi::Domain> domains;

  // Adds a declaration whose layers have these names; returned for its settings. Slots and domains follow.
  abi::Cell& add(const std::string& name, abi::CellKind kind, uint32_t max,
                 const std::vector<std::string>& layers = {"default"}) {
    abi::Cell cell;
    cell.name = name;
    cell.kind = kind;
    cell.max = max;
    cell.first_slot = abi::slot_count(cells);
    cell.first_domain = static_cast<uint32_t>(domains.size());
    cell.layer_count = static_cast<uint32_t>(layers.size());
    for (uint32_t k = 0; k < max; ++k)
      for (const std::string& layer : layers) {
        abi::Domain domain;
        domain.cell = name;
        domain.slot = cell.first_slot + k;
        domain.layer = layer;
        domain.slice_ns = 20'000'000;
        domains.push_back(domain);
      }
    return cells.emplace_back(cell);
  }
};

// Root; `db`, in slot 1; `tenants`, a family in slots 2 … 1 + max with the layers `latency` and `bulk`.
inline Cells root_db_tenants(uint32_t max) {
  Cells c;
  c.add("root", abi::CellKind::kRoot, 1);
  c.add("db", abi::CellKind::kStatic, 1);
  c.add("tenants", abi::CellKind::kFamily, max, {"latency", "bulk"});
  for (abi::Domain& domain : c.domains)
    if (domain.layer == "latency") domain.kind = abi::LayerKind::kConfined;
  return c;
}

}  // namespace scx::cells
