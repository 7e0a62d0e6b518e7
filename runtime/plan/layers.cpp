#include "runtime/plan/layers.h"

#include <algorithm>
#include <numeric>

#include "runtime/plan/placement.h"
#include "runtime/plan/room.h"
#include "runtime/plan/targets.h"

namespace scx::plan {
namespace {

using abi::LayerKind;

// The claimants of a cell: its confined and grouped layers, rising domain ids, then the pool.
struct Claimants {
  std::vector<const LayerRequest*> layers;
  std::vector<const LayerRequest*> open;
  std::vector<Mask> masks;         // by layer; empty: everywhere
  std::vector<uint32_t> floors;    // by layer
  std::vector<uint32_t> ceilings;  // by layer, at least the floor
  [[nodiscard]] uint32_t pool() const { return static_cast<uint32_t>(layers.size()); }
};

Claimants claimants_of(const topology::Topology& topology, const CellRequest& cell, const Machine& machine) {
  Claimants all;
  for (const LayerRequest& layer : cell.layers)
    (layer.kind == LayerKind::kOpen ? all.open : all.layers).push_back(&layer);
  auto by_domain = [](const LayerRequest* a, const LayerRequest* b) { return a->domain < b->domain; };
  std::sort(all.layers.begin(), all.layers.end(), by_domain);
  std::sort(all.open.begin(), all.open.end(), by_domain);
  const auto cpus = static_cast<uint32_t>(machine.cpus.size());
  for (const LayerRequest* layer : all.layers) {
    all.floors.push_back(cpus_of(layer->cpus.floor, cpus, machine.threads));
    // A floor beats a ceiling.
    all.ceilings.push_back(std::max(all.floors.back(), cpus_of(layer->cpus.ceiling, cpus, machine.threads)));
    Mask mask;
    if (!layer->required.empty()) mask = required_mask(topology, machine, layer->required);
    if (!mask.empty() && is_full(mask)) mask.clear();
    all.masks.push_back(std::move(mask));
  }
  return all;
}

Classes classes_of(const Claimants& all, uint32_t cpus, Work& work) {
  std::vector<const Mask*> masks;
  for (const Mask& mask : all.masks) masks.push_back(mask.empty() ? nullptr : &mask);
  masks.push_back(nullptr);
  return {cpus, masks, work};
}

// The floors that can be kept when the pool keeps `reserve` CPUs; in proportion if not all can.
std::vector<uint32_t> kept_floors(const Claimants& all, const Classes& classes, uint32_t reserve,
                                  Work& work) {
  Room room(classes, work);
  room.give(all.pool(), reserve);
  std::vector<Claim> claims;
  for (uint32_t floor : all.floors) claims.push_back({floor, static_cast<double>(floor)});
  std::vector<uint32_t> kept(claims.size(), 0);
  share(room, claims, kept, work);
  return kept;
}

std::string places_text(const Places& places) {
  std::string text;
  if (!places.nodes.empty()) text += fmt::format("nodes {}", fmt::join(places.nodes, ", "));
  if (!places.nodes.empty() && !places.llcs.empty()) text += " and ";
  if (!places.llcs.empty()) text += fmt::format("LLCs {}", fmt::join(places.llcs, ", "));
  return text;
}

Error floors_error(const CellRequest& cell, const Claimants& all, const std::vector<uint32_t>& kept,
                   uint32_t cpus) {
  std::string parts;
  uint64_t sum = 0;
  for (size_t i = 0; i < all.layers.size(); ++i) {
    parts += fmt::format("{}`{}` {}", i == 0 ? "" : ", ", all.layers[i]->name, all.floors[i]);
    sum += all.floors[i];
  }
  Error error = make_error("the layers of cell `{}` need at least {} CPUs ({}), it has {}", cell.name, sum,
                           parts, cpus);
  for (size_t i = 0; i < all.layers.size() && sum <= cpus; ++i)
    if (kept[i] < all.floors[i] && !all.masks[i].empty()) {
      error.message = fmt::format("layer `{}` needs at least {} CPUs in {}, cell `{}` has {} there for it",
                                  all.layers[i]->name, all.floors[i], places_text(all.layers[i]->required),
                                  cell.name, kept[i]);
      break;
    }
  error.help = "lower the first number of `cpus` in a layer, or give the cell more CPUs";
  error.reason = "floors-do-not-fit";
  return error;
}

void note_cuts(const CellRequest& cell, const Claimants& all, const std::vector<uint32_t>& kept,
               uint32_t cpus, std::vector<Note>& notes) {
  for (size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] >= all.floors[i]) continue;
    notes.push_back({.kind = kept[i] == 0 ? Note::Kind::kLayerWithoutCpus : Note::Kind::kLayerFloorCut,
                     .cells = {cell.name},
                     .layer = all.layers[i]->name,
                     .in_root = cell.id == kRootCell,
                     .floor = all.floors[i],
                     .kept = kept[i],
                     .online = cpus});
  }
}

// What the pool's claimants use together. They have no bounds of their own: the default ones hold.
std::optional<double> open_demand(const Claimants& all, const Demand& demand) {
  double sum = 0;
  for (const LayerRequest* layer : all.open) {
    const std::optional<double> use = demand_of(demand, layer->domain);
    if (!use.has_value()) return std::nullopt;
    sum += *use;
  }
  return sum;
}

// Beyond the kept floors: first up to what each needs, then up to what each may keep, both by weight. The
// first round depends on demand alone and the second never lowers anybody, so a second call changes nothing.
std::vector<uint32_t> share_by_use(const Claimants& all, const Classes& classes, const Machine& machine,
                                   const Demand& demand, const std::vector<uint32_t>& kept, uint32_t reserve,
                                   const std::vector<uint32_t>& current, Work& work) {
  const auto cpus = static_cast<uint32_t>(machine.cpus.size());
  std::vector<Claim> needs;
  std::vector<Claim> most;
  auto add = [&](uint32_t floor, uint32_t ceiling, const Want& wanted, double weight) {
    needs.push_back({std::clamp(wanted.need, floor, ceiling), weight, machine.threads});
    most.push_back({std::clamp(wanted.most, floor, ceiling), weight, machine.threads});
  };
  for (uint32_t c = 0; c < all.pool(); ++c) {
    const LayerRequest& layer = *all.layers[c];
    // A layer whose floor was cut to nothing stays in the pool, rather than take the last free CPU.
    const uint32_t ceiling = kept[c] == 0 ? 0 : std::max(kept[c], std::min(cpus, all.ceilings[c]));
    add(kept[c], ceiling, want(demand_of(demand, layer.domain), layer.util, current[c], cpus),
        std::max(1U, layer.weight));
  }
  double open_weight = 0;
  for (const LayerRequest* layer : all.open) open_weight += std::max(1U, layer->weight);
  add(reserve, all.open.empty() ? reserve : cpus,
      want(open_demand(all, demand), {}, current[all.pool()], cpus), std::max(1.0, open_weight));

  Room room(classes, work);
  std::vector<uint32_t> given = kept;
  given.push_back(reserve);
  for (uint32_t c = 0; c < given.size(); ++c) room.give(c, given[c]);
  share(room, needs, given, work);
  share(room, most, given, work);
  // Whatever nobody may or wants to own stays in the pool.
  given.back() += room.left();
  return given;
}

std::vector<uint32_t> numbers(const Claimants& all, const Classes& classes, const Machine& machine,
                              const Demand& demand, const std::vector<uint32_t>& claimant_before,
                              const std::vector<uint32_t>& without_reserve, std::vector<uint32_t>& kept,
                              Work& work) {
  uint32_t reserve = all.open.empty() ? 0 : 1;
  kept = reserve == 0 ? without_reserve : kept_floors(all, classes, reserve, work);
  // A layer without a CPU of its own lives in the pool, so there must be one: this also keeps protected
  // layers from the last CPU of the cell.
  if (reserve == 0 && std::find(kept.begin(), kept.end(), 0U) != kept.end()) {
    reserve = 1;
    kept = kept_floors(all, classes, reserve, work);
  }
  std::vector<uint32_t> current(all.layers.size() + 1, 0);
  for (uint32_t c : claimant_before)
    if (c < current.size()) ++current[c];
  return share_by_use(all, classes, machine, demand, kept, reserve, current, work);
}

// The claimant that had each CPU: a position in all.layers, the pool, or one more for a CPU that was not
// there.
std::vector<uint32_t> claimants_before(const Claimants& all, const Before& before) {
  std::vector<uint32_t> result;
  for (uint32_t owner : before.owner) {
    uint32_t c = all.pool() + 1;
    if (owner == kPool) c = all.pool();
    auto it = std::lower_bound(all.layers.begin(), all.layers.end(), owner,
                               [](const LayerRequest* layer, uint32_t id) { return layer->domain < id; });
    if (it != all.layers.end() && (*it)->domain == owner) c = static_cast<uint32_t>(it - all.layers.begin());
    result.push_back(c);
  }
  return result;
}

std::vector<Seat> seats_of(const topology::Topology& topology, const Machine& machine, const Claimants& all,
                           const std::vector<uint32_t>& targets) {
  std::vector<Seat> seats(targets.size());
  for (uint32_t c = 0; c < targets.size(); ++c) {
    seats[c].target = targets[c];
    if (c == all.pool()) continue;
    const LayerRequest& layer = *all.layers[c];
    seats[c].order = layer.grow;
    Places near = layer.near;
    if (layer.near_gpus)
      near.llcs.insert(near.llcs.end(), topology.gpu_llcs.begin(), topology.gpu_llcs.end());
    seats[c].near = caches_in(topology, machine, near);
    if (layer.grow == GrowOrder::kTopo) seats[c].llc_order = cache_order(topology, machine, layer.required);
  }
  return seats;
}

}  // namespace

DomainPlan domain_plan(const CellRequest& cell, const LayerRequest& layer) {
  DomainPlan domain;
  domain.domain = layer.domain;
  domain.cell = cell.name;
  domain.layer = layer.name;
  domain.kind = layer.kind;
  domain.weight = layer.weight;
  domain.cell_id = cell.id;
  domain.protects = layer.protects && layer.kind != LayerKind::kOpen;
  return domain;
}

Result<LayerPlans> plan_layers(const topology::Topology& topology, const CellRequest& cell,
                               const Machine& machine, const Demand& demand, const Before& before,
                               Work& work) {
  const auto cpus = static_cast<uint32_t>(machine.cpus.size());
  const Claimants all = claimants_of(topology, cell, machine);
  const Classes classes = classes_of(all, cpus, work);
  const std::vector<uint32_t> possible = kept_floors(all, classes, 0, work);
  if (!before.any && !cell.overflow.has_value() && possible != all.floors)
    return floors_error(cell, all, possible, cpus);

  LayerPlans result;
  std::vector<uint32_t> kept;
  const std::vector<uint32_t> claimant_before = claimants_before(all, before);
  const std::vector<uint32_t> targets =
      numbers(all, classes, machine, demand, claimant_before, possible, kept, work);
  note_cuts(cell, all, kept, cpus, result.notes);
  const Placement placed = place(topology, machine, seats_of(topology, machine, all, targets), classes,
                                 claimant_before, std::vector<uint8_t>(cpus, 0), work);

  for (size_t c = 0; c < all.layers.size(); ++c) {
    DomainPlan domain = domain_plan(cell, *all.layers[c]);
    domain.floor = all.floors[c];
    domain.ceiling = all.ceilings[c];
    result.domains.push_back(std::move(domain));
  }
  for (uint32_t i = 0; i < cpus; ++i) {
    const uint32_t id = machine.cpus[i].id;
    const uint32_t c = placed.claimant[i];
    (c == all.pool() ? result.pool : result.domains[c].owned).push_back(id);
    if (c == all.pool() || !result.domains[c].protects) result.unprotected.push_back(id);
  }
  for (const LayerRequest* layer : all.open) result.domains.push_back(domain_plan(cell, *layer));
  std::sort(result.domains.begin(), result.domains.end(),
            [](const DomainPlan& a, const DomainPlan& b) { return a.domain < b.domain; });
  return result;
}

}  // namespace scx::plan
