#include "runtime/plan/plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "runtime/plan/placement.h"
#include "runtime/plan/targets.h"

namespace scx::plan {
namespace {

using abi::CpuAmount;
using abi::LayerKind;

std::vector<topology::Cpu> online_cpus(const topology::Topology& topology) {
  std::vector<topology::Cpu> cpus;
  for (const topology::Cpu& cpu : topology.cpus)
    if (cpu.online) cpus.push_back(cpu);
  std::sort(cpus.begin(), cpus.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return cpus;
}

uint32_t threads_per_core(const std::vector<topology::Cpu>& cpus) {
  std::vector<uint32_t> cores;
  for (const topology::Cpu& cpu : cpus) cores.push_back(cpu.core);
  std::sort(cores.begin(), cores.end());
  uint32_t widest = 1;
  uint32_t run = 0;
  for (size_t i = 0; i < cores.size(); ++i) {
    run = i > 0 && cores[i] == cores[i - 1] ? run + 1 : 1;
    widest = std::max(widest, run);
  }
  return widest;
}

// CPUs that the domain could use, at most `limit`.
uint32_t wanted(const Demand& demand, uint32_t domain, uint32_t limit) {
  if (domain >= demand.cpus.size() || !demand.cpus[domain].has_value()) return limit;
  const double value = std::ceil(std::max(0.0, *demand.cpus[domain]));
  return value >= limit ? limit : static_cast<uint32_t>(value);
}

struct Claims {
  std::vector<LayerRequest> layers;  // confined and grouped, rising domain ids
  std::vector<LayerRequest> open;
};

Claims sort_claims(const CellRequest& cell) {
  Claims claims;
  for (const LayerRequest& layer : cell.layers)
    (layer.kind == LayerKind::kOpen ? claims.open : claims.layers).push_back(layer);
  auto by_domain = [](const LayerRequest& a, const LayerRequest& b) { return a.domain < b.domain; };
  std::sort(claims.layers.begin(), claims.layers.end(), by_domain);
  std::sort(claims.open.begin(), claims.open.end(), by_domain);
  return claims;
}

Error floors_error(const std::string& cell, const std::vector<LayerRequest>& layers,
                   const std::vector<uint32_t>& floors, uint64_t sum, uint32_t cpus) {
  std::string parts;
  for (size_t i = 0; i < layers.size(); ++i)
    parts += fmt::format("{}`{}` {}", i == 0 ? "" : ", ", layers[i].name, floors[i]);
  Error error =
      make_error("the layers of cell `{}` need at least {} CPUs ({}), it has {}", cell, sum, parts, cpus);
  error.help = "lower the first number of `cpus` in a layer, or use a machine with more CPUs";
  error.reason = "floors-do-not-fit";
  return error;
}

// The floors that can be kept: all of them, or fewer with a note for each that is cut.
std::vector<uint32_t> kept_floors(const Claims& claims, const std::vector<uint32_t>& floors, uint32_t cpus,
                                  std::vector<std::string>& notes) {
  uint32_t reserve = claims.open.empty() ? 0 : 1;
  std::vector<uint32_t> kept = fit_floors(floors, cpus - std::min(cpus, reserve));
  // A layer without a CPU of its own lives in the pool, so there must be one.
  if (reserve == 0 && std::count(kept.begin(), kept.end(), 0U) > std::count(floors.begin(), floors.end(), 0U))
    kept = fit_floors(floors, cpus - std::min(cpus, 1U));
  for (size_t i = 0; i < kept.size(); ++i)
    if (kept[i] < floors[i])
      notes.push_back(
          kept[i] == 0
              ? fmt::format("layer `{}` gets no CPUs of its own and shares the others' (its floor is {}, "
                            "the cell has {} CPUs)",
                            claims.layers[i].name, floors[i], cpus)
              : fmt::format("layer `{}` keeps {} of the {} CPUs of its floor: the cell has {}",
                            claims.layers[i].name, kept[i], floors[i], cpus));
  return kept;
}

struct Targets {
  std::vector<uint32_t> floors;
  std::vector<uint32_t> ceilings;
  std::vector<uint32_t> cpus;  // per layer claim, then the pool
};

Result<Targets> find_targets(const CellRequest& cell, const Claims& claims, const Demand& demand,
                             uint32_t cpus, uint32_t threads, bool at_load, std::vector<std::string>& notes) {
  Targets targets;
  uint64_t floor_sum = 0;
  for (const LayerRequest& layer : claims.layers) {
    targets.floors.push_back(cpus_of(layer.cpus.floor, cpus, threads));
    // A floor beats a ceiling.
    targets.ceilings.push_back(std::max(targets.floors.back(), cpus_of(layer.cpus.ceiling, cpus, threads)));
    floor_sum += targets.floors.back();
  }
  if (floor_sum > cpus && at_load)
    return floors_error(cell.name, claims.layers, targets.floors, floor_sum, cpus);
  const std::vector<uint32_t> kept = kept_floors(claims, targets.floors, cpus, notes);

  std::vector<Claim> shares;
  for (size_t i = 0; i < claims.layers.size(); ++i) {
    const LayerRequest& layer = claims.layers[i];
    const uint32_t cap = std::min(targets.ceilings[i], wanted(demand, layer.domain, cpus));
    // A layer whose floor was cut to nothing stays in the pool, rather than take the last free CPU.
    const uint32_t most = kept[i] == 0 && targets.floors[i] > 0 ? 0 : std::max(kept[i], cap);
    shares.push_back({kept[i], most, std::max(1U, layer.weight)});
  }
  const uint32_t kept_sum = std::accumulate(kept.begin(), kept.end(), 0U);
  if (!claims.open.empty()) {
    Claim open{std::min(1U, cpus - kept_sum), 0, 0};
    uint64_t use = 0;
    for (const LayerRequest& layer : claims.open) {
      open.weight += std::max(1U, layer.weight);
      use += wanted(demand, layer.domain, cpus);
    }
    open.cap = std::max<uint32_t>(open.floor, static_cast<uint32_t>(std::min<uint64_t>(use, cpus)));
    shares.push_back(open);
  }
  targets.cpus = share(shares, cpus, threads);
  if (claims.open.empty()) targets.cpus.push_back(0);
  // Whatever nobody may or wants to own stays in the pool.
  targets.cpus.back() += cpus - std::accumulate(targets.cpus.begin(), targets.cpus.end(), 0U);
  return targets;
}

// The claimant that had each CPU: a position in claims.layers, the pool, or one more for a CPU that was not
// there.
std::vector<uint32_t> owners_before(const Plan* previous, const std::vector<topology::Cpu>& cpus,
                                    const Claims& claims) {
  const auto pool = static_cast<uint32_t>(claims.layers.size());
  std::vector<uint32_t> before(cpus.size(), pool + 1);
  if (previous == nullptr) return before;
  for (size_t i = 0; i < cpus.size(); ++i) {
    if (!std::binary_search(previous->online.begin(), previous->online.end(), cpus[i].id)) continue;
    const uint32_t owner = previous->owner[cpus[i].id];
    if (owner == kPool) {
      before[i] = pool;
      continue;
    }
    for (uint32_t c = 0; c < claims.layers.size(); ++c)
      if (claims.layers[c].domain == owner) before[i] = c;
  }
  return before;
}

DomainPlan domain_plan(const std::string& cell, const LayerRequest& layer) {
  DomainPlan domain;
  domain.domain = layer.domain;
  domain.cell = cell;
  domain.layer = layer.name;
  domain.kind = layer.kind;
  domain.weight = layer.weight;
  return domain;
}

}  // namespace

const DomainPlan* Plan::find(uint32_t domain) const {
  auto it = std::lower_bound(domains.begin(), domains.end(), domain,
                             [](const DomainPlan& d, uint32_t id) { return d.domain < id; });
  return it != domains.end() && it->domain == domain ? &*it : nullptr;
}

uint32_t cpus_of(const CpuAmount& amount, uint32_t cell_cpus, uint32_t threads_per_core) {
  uint64_t value = amount.value;
  if (amount.unit == CpuAmount::Unit::kPercent)
    value = uint64_t{cell_cpus} * std::min(amount.value, 100U) / 100;
  if (amount.unit == CpuAmount::Unit::kCores) value *= threads_per_core;
  return static_cast<uint32_t>(std::clamp<uint64_t>(value, 1, UINT32_MAX));
}

std::vector<CellRequest> requests(const std::vector<abi::Domain>& domains) {
  std::vector<CellRequest> cells;
  for (size_t i = 0; i < domains.size(); ++i) {
    const abi::Domain& domain = domains[i];
    auto cell =
        std::find_if(cells.begin(), cells.end(), [&](const CellRequest& c) { return c.name == domain.cell; });
    if (cell == cells.end()) cell = cells.insert(cells.end(), CellRequest{domain.cell, {}});
    cell->layers.push_back({static_cast<uint32_t>(i), domain.layer, domain.kind, domain.cpus, domain.weight});
  }
  return cells;
}

Result<Plan> plan(const topology::Topology& topology, const std::vector<CellRequest>& cells,
                  const Demand& demand, const Plan* previous) {
  if (cells.size() != 1)
    return Error{fmt::format("the policy has {} cells, this version plans for one", cells.size()),
                 "compile the policy with the scxc of this version", "unsupported-cells"};
  const std::vector<topology::Cpu> cpus = online_cpus(topology);
  if (cpus.empty()) return make_error("the topology has no online CPU");
  const CellRequest& cell = cells.front();
  const Claims claims = sort_claims(cell);
  const auto count = static_cast<uint32_t>(cpus.size());

  Plan result;
  SCX_TRY(const Targets targets, find_targets(cell, claims, demand, count, threads_per_core(cpus),
                                              previous == nullptr, result.notes));
  const std::vector<uint32_t> claimant =
      place(topology, cpus, targets.cpus, owners_before(previous, cpus, claims));

  uint32_t id_limit = 0;
  for (const topology::Cpu& cpu : topology.cpus) id_limit = std::max(id_limit, cpu.id + 1);
  result.owner.assign(id_limit, kPool);
  for (size_t c = 0; c < claims.layers.size(); ++c) {
    DomainPlan domain = domain_plan(cell.name, claims.layers[c]);
    domain.floor = targets.floors[c];
    domain.ceiling = targets.ceilings[c];
    result.domains.push_back(std::move(domain));
  }
  for (size_t i = 0; i < cpus.size(); ++i) {
    const uint32_t id = cpus[i].id;
    result.online.push_back(id);
    if (claimant[i] == claims.layers.size()) {
      result.pool.push_back(id);
      continue;
    }
    result.owner[id] = claims.layers[claimant[i]].domain;
    result.domains[claimant[i]].owned.push_back(id);
  }
  for (const LayerRequest& layer : claims.open) result.domains.push_back(domain_plan(cell.name, layer));
  std::sort(result.domains.begin(), result.domains.end(),
            [](const DomainPlan& a, const DomainPlan& b) { return a.domain < b.domain; });
  for (DomainPlan& domain : result.domains) {
    domain.home = domain.owned;
    if (domain.home.empty()) domain.home = result.pool.empty() ? result.online : result.pool;
  }
  return result;
}

namespace {

std::string where(const std::vector<uint32_t>& cpus, const topology::Topology& topology) {
  std::vector<uint32_t> llcs;
  for (uint32_t id : cpus)
    if (const topology::Cpu* cpu = topology.find(id)) llcs.push_back(cpu->llc);
  std::sort(llcs.begin(), llcs.end());
  llcs.erase(std::unique(llcs.begin(), llcs.end()), llcs.end());
  return fmt::format("{} {}", llcs.size() == 1 ? "LLC" : "LLCs", topology::cpu_list(llcs));
}

}  // namespace

std::string explain(const Plan& plan, const topology::Topology& topology) {
  std::string text = fmt::format("{} CPUs online ({}), {} in the pool\n", plan.online.size(),
                                 topology::cpu_list(plan.online), plan.pool.size());
  for (const DomainPlan& domain : plan.domains) {
    text += fmt::format("  {}/{} ({}, weight {}): ", domain.cell, domain.layer, abi::spelling(domain.kind),
                        domain.weight);
    if (!domain.owned.empty())
      text += fmt::format("owns {} ({}), {}; floor {}, ceiling {}\n", domain.owned.size(),
                          topology::cpu_list(domain.owned), where(domain.owned, topology), domain.floor,
                          domain.ceiling);
    else
      text += fmt::format("shares {} ({}), {}\n", domain.home.size(), topology::cpu_list(domain.home),
                          where(domain.home, topology));
  }
  for (const std::string& note : plan.notes) text += fmt::format("  note: {}\n", note);
  return text;
}

}  // namespace scx::plan
