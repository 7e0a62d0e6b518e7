#include "runtime/plan/cell_sizes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "runtime/plan/room.h"
#include "runtime/plan/targets.h"

namespace scx::plan {
namespace {

uint32_t in_units(const CellSeat& seat, uint32_t cpus) {
  return (cpus + seat.step - 1) / seat.step * seat.step;
}

// Floors in whole units, while that is no more than the cell may own.
uint32_t unit_floor(const CellSeat& seat, uint32_t floor) {
  const uint32_t whole = in_units(seat, floor);
  return whole <= seat.allowed ? whole : floor;
}

double weight_of(const CellSeat& seat) { return std::max(1U, seat.request->weight); }

std::optional<double> cell_demand(const CellSeat& seat, const Demand& demand) {
  if (const uint32_t id = seat.request->id; id < demand.cells.size() && demand.cells[id].has_value())
    return demand.cells[id];
  double sum = 0;
  for (const LayerRequest& layer : seat.request->layers) {
    const std::optional<double> use = demand_of(demand, layer.domain);
    if (!use.has_value()) return std::nullopt;
    sum += *use;
  }
  return sum;
}

// What each cell may compete with. Lists share their CPUs before all others share the rest.
struct Shares {
  std::vector<std::optional<double>> demand;  // only where the size follows it
  double threshold = 0;
  bool by_demand = false;
};

Shares shares_of(const std::vector<CellSeat>& seats, const Demand& demand) {
  Shares shares;
  for (const CellSeat& seat : seats) {
    if (!seat.request->rebalance.has_value() || seat.is_list) continue;
    const double threshold = std::max(0.0, *seat.request->rebalance);
    shares.threshold = shares.by_demand ? std::min(shares.threshold, threshold) : threshold;
    shares.by_demand = true;
  }
  for (const CellSeat& seat : seats) {
    const bool follows = shares.by_demand && !seat.is_list &&
                         (seat.request->rebalance.has_value() || seat.request->id == kRootCell);
    shares.demand.push_back(follows ? cell_demand(seat, demand) : std::nullopt);
  }
  return shares;
}

// Idle cells take part in what is left over, with a weight that any use outdoes.
constexpr double kIdleWeight = 0.01;

// By demand, contended CPUs go by weight and what nobody needs in proportion to use, so that all cells are
// used alike: settled sizes depend on use alone, never on the sizes before.
std::vector<uint32_t> computed_sizes(const Classes& classes, const std::vector<CellSeat>& seats,
                                     const std::vector<uint32_t>& kept, const Shares& shares, Work& work) {
  Room room(classes, work);
  std::vector<uint32_t> given = kept;
  for (uint32_t c = 0; c < seats.size(); ++c) room.give(c, kept[c]);
  std::vector<Claim> lists;
  std::vector<Claim> needs;
  std::vector<Claim> rest;
  for (uint32_t c = 0; c < seats.size(); ++c) {
    const CellSeat& seat = seats[c];
    const bool units = seat.align != Alignment::kNone;
    const uint32_t step = seat.is_list && seat.align == Alignment::kNone ? 1 : seat.step;
    // A cell whose floor was cut to nothing shares root's CPUs, rather than take one from a floor.
    const uint32_t most = kept[c] == 0 ? 0 : std::max(kept[c], std::min(seat.ceiling, seat.allowed));
    const bool saturated = !shares.demand[c].has_value();
    const double use = shares.demand[c].value_or(0);
    const uint32_t need = saturated || use >= most
                              ? most
                              : std::max(kept[c], in_units(seat, static_cast<uint32_t>(std::ceil(use))));
    lists.push_back({seat.is_list ? most : kept[c], weight_of(seat), step, units});
    needs.push_back({std::min(need, most), weight_of(seat), step, units});
    rest.push_back({most, saturated ? weight_of(seat) : std::max(kIdleWeight, use), step, units});
  }
  share(room, lists, given, work);
  share(room, needs, given, work);
  if (shares.by_demand) share(room, rest, given, work);
  given.back() += room.left();
  return given;
}

// Whether the sizes of now are near enough to the fair ones: within the threshold, or within what rounding to
// units may take.
bool balanced(const Classes& classes, const std::vector<CellSeat>& seats, const std::vector<uint32_t>& kept,
              const std::vector<uint32_t>& current, const std::vector<uint32_t>& computed,
              const Shares& shares) {
  std::vector<FairClaim> claims;
  for (uint32_t c = 0; c < seats.size(); ++c) {
    const bool fixed = seats[c].is_list || kept[c] == 0;
    if (current[c] < kept[c] || (fixed && current[c] != computed[c])) return false;
    const double floor = fixed ? computed[c] : kept[c];
    const double most = fixed ? floor : std::max(floor, double(std::min(seats[c].ceiling, seats[c].allowed)));
    if (c + 1 < seats.size() && current[c] > most) return false;
    claims.push_back({floor, std::clamp(shares.demand[c].value_or(most), floor, most), weight_of(seats[c])});
  }
  const double cpus = static_cast<double>(classes.of.size());
  std::vector<double> fair = fair_shares(claims, cpus);
  if (std::accumulate(fair.begin(), fair.end(), 0.0) < cpus - 0.5) {
    for (uint32_t c = 0; c < seats.size(); ++c) {
      const bool fixed = seats[c].is_list || kept[c] == 0;
      claims[c].floor = fair[c];
      claims[c].cap =
          fixed ? fair[c] : std::max(fair[c], double(std::min(seats[c].ceiling, seats[c].allowed)));
      claims[c].weight = std::max(kIdleWeight, shares.demand[c].value_or(weight_of(seats[c])));
    }
    fair = fair_shares(claims, cpus);
  }
  for (uint32_t c = 0; c < seats.size(); ++c) {
    // A size rounded from its fair share is at most half a unit away; a quarter more keeps use that wavers
    // around the half from moving CPUs to and fro.
    const double slack = std::max(shares.threshold * current[c], 0.75 * seats[c].step);
    if (std::abs(fair[c] - current[c]) > slack) return false;
  }
  return true;
}

}  // namespace

uint32_t unit_size(const Machine& machine, const Mask& mask, Alignment align) {
  if (align == Alignment::kNone) return machine.threads;
  std::vector<uint32_t> size;
  uint32_t largest = 1;
  for (uint32_t i = 0; i < machine.cpus.size(); ++i) {
    if (!mask.empty() && mask[i] == 0) continue;
    uint32_t unit = machine.core[i];
    if (align == Alignment::kLlc) unit = machine.llc[i];
    if (align == Alignment::kNode) unit = machine.llc_node[machine.llc[i]];
    if (unit >= size.size()) size.resize(unit + 1, 0);
    largest = std::max(largest, ++size[unit]);
  }
  return largest;
}

Classes classes_of(const Machine& machine, const std::vector<CellSeat>& seats, Work& work) {
  std::vector<const Mask*> masks;
  for (const CellSeat& seat : seats) masks.push_back(seat.mask.empty() ? nullptr : &seat.mask);
  return {static_cast<uint32_t>(machine.cpus.size()), masks, work};
}

KeptFloors keep_floors(const Classes& classes, const std::vector<CellSeat>& seats, Work& work) {
  Room room(classes, work);
  KeptFloors kept{std::vector<uint32_t>(seats.size(), 0), false};
  kept.floors.back() = room.give(static_cast<uint32_t>(seats.size()) - 1, 1);
  for (const bool may_go_without : {false, true}) {
    std::vector<Claim> claims;
    for (const CellSeat& seat : seats) {
      const bool now = seat.request->overflow.has_value() == may_go_without || seat.request->id == kRootCell;
      claims.push_back({now ? seat.floor : 0, std::max(1.0, double(seat.floor))});
    }
    share(room, claims, kept.floors, work);
  }
  for (size_t c = 0; c < seats.size(); ++c) kept.cut = kept.cut || kept.floors[c] < seats[c].floor;
  return kept;
}

// Whether floors in whole units leave every cell with as much as floors in CPUs do.
static bool whole_units_fit(const Classes& classes, const std::vector<CellSeat>& seats, Work& work) {
  std::vector<CellSeat> whole = seats;
  for (CellSeat& seat : whole) seat.floor = unit_floor(seat, seat.floor);
  const KeptFloors in_cpus = keep_floors(classes, seats, work);
  const KeptFloors in_units = keep_floors(classes, whole, work);
  for (size_t c = 0; c < seats.size(); ++c) {
    const bool all_kept = in_cpus.floors[c] == seats[c].floor;
    if (in_units.floors[c] < (all_kept ? whole[c].floor : in_cpus.floors[c])) return false;
  }
  return true;
}

void relax_alignment(const Machine& machine, const Classes& classes, std::vector<CellSeat>& seats,
                     std::vector<Note>& notes, Work& work) {
  for (Alignment level : {Alignment::kNode, Alignment::kLlc, Alignment::kCore}) {
    std::vector<CellSeat*> here;
    std::vector<std::string> names;
    for (CellSeat& seat : seats)
      if (seat.align == level) {
        here.push_back(&seat);
        names.push_back(seat.request->name);
      }
    if (here.empty()) continue;
    if (whole_units_fit(classes, seats, work)) continue;
    const auto lower = static_cast<Alignment>(static_cast<int>(level) - 1);
    notes.push_back({.kind = Note::Kind::kUnitsTooFew, .cells = std::move(names), .unit = level});
    for (CellSeat* seat : here) {
      seat->align = lower;
      seat->step = unit_size(machine, seat->mask, lower);
    }
  }
  for (CellSeat& seat : seats) {
    seat.floor = unit_floor(seat, seat.floor);
    seat.ceiling = std::max(seat.floor, seat.ceiling);
  }
}

CellSizes cell_sizes(const Classes& classes, const std::vector<CellSeat>& seats,
                     const std::vector<uint32_t>& kept, const Demand& demand,
                     const std::vector<uint32_t>& current, Work& work) {
  const Shares shares = shares_of(seats, demand);
  CellSizes sizes;
  sizes.computed = computed_sizes(classes, seats, kept, shares, work);
  const bool stay = shares.by_demand && balanced(classes, seats, kept, current, sizes.computed, shares);
  sizes.cpus = stay ? current : sizes.computed;
  return sizes;
}

}  // namespace scx::plan
