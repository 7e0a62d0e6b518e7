#include "runtime/plan/cells.h"

#include <algorithm>

#include "runtime/plan/cell_sizes.h"
#include "runtime/plan/placement.h"

namespace scx::plan {
namespace {

// Takes CPUs out of the mask whose unit is not in it as a whole.
Mask whole_units(const Machine& machine, const Mask& mask, Alignment align) {
  if (align == Alignment::kNone) return mask;
  std::vector<uint8_t> broken;
  auto unit_of = [&](uint32_t i) {
    if (align == Alignment::kCore) return machine.core[i];
    return align == Alignment::kLlc ? machine.llc[i] : machine.llc_node[machine.llc[i]];
  };
  for (uint32_t i = 0; i < mask.size(); ++i) {
    if (unit_of(i) >= broken.size()) broken.resize(unit_of(i) + 1, 0);
    if (mask[i] == 0) broken[unit_of(i)] = 1;
  }
  Mask whole = mask;
  for (uint32_t i = 0; i < mask.size(); ++i)
    if (broken[unit_of(i)] != 0) whole[i] = 0;
  return whole;
}

CellSeat seat_of(const topology::Topology& topology, const Machine& machine, const CellRequest& cell,
                 std::vector<Note>& notes) {
  const auto cpus = static_cast<uint32_t>(machine.cpus.size());
  const CellClaim& claim = cell.claim;
  CellSeat seat;
  seat.request = &cell;
  seat.is_list = claim.kind == CellClaim::Kind::kList;
  Mask mask = required_mask(topology, machine, cell.required);
  if (cell.id != kRootCell && cell.allowed.has_value()) keep_ids(machine, *cell.allowed, mask);
  if (seat.is_list) keep_ids(machine, claim.list, mask);
  // Root takes whatever remains, wherever that is.
  if (cell.id == kRootCell) mask.assign(cpus, 1);

  seat.floor = cpus_of(cell.min, cpus, machine.threads);
  seat.ceiling = cpus;
  if (claim.kind == CellClaim::Kind::kAmount) {
    seat.floor = std::max(seat.floor, cpus_of(claim.amount.floor, cpus, machine.threads));
    seat.ceiling = cpus_of(claim.amount.ceiling, cpus, machine.threads);
  }
  if (seat.is_list) seat.floor = std::min(seat.floor, count(mask));
  // A floor beats a ceiling.
  seat.ceiling = std::max(seat.floor, seat.ceiling);

  const Alignment asked = cell.id == kRootCell ? Alignment::kNone : cell.align;
  seat.align = asked;
  Mask whole = whole_units(machine, mask, seat.align);
  while (seat.align != Alignment::kNone &&
         (count(whole) == 0 || count(whole) < std::min(seat.floor, count(mask)))) {
    seat.align = static_cast<Alignment>(static_cast<int>(seat.align) - 1);
    whole = whole_units(machine, mask, seat.align);
  }
  if (seat.align != asked && count(mask) > 0)
    notes.push_back({.kind = Note::Kind::kCellUnaligned, .cells = {cell.name}, .unit = asked});
  seat.step = unit_size(machine, whole, seat.align);
  seat.allowed = count(whole);
  if (seat.allowed < cpus) seat.mask = std::move(whole);
  return seat;
}

Error cells_error(const std::vector<CellSeat>& seats, const std::vector<uint32_t>& kept, uint32_t cpus) {
  std::string parts;
  uint64_t sum = 0;
  for (const CellSeat& seat : seats) {
    if (seat.request->overflow.has_value()) continue;
    parts += fmt::format("{}`{}` {}", parts.empty() ? "" : ", ", seat.request->name, seat.floor);
    sum += seat.floor;
  }
  Error error =
      make_error("the cells need at least {} CPUs ({}), the machine has {} online", sum, parts, cpus);
  for (size_t c = 0; c < seats.size() && sum <= cpus; ++c)
    if (kept[c] < seats[c].floor && !seats[c].request->overflow.has_value()) {
      error.message = fmt::format("cell `{}` needs at least {} CPUs, {} {} among the {} that it may own",
                                  seats[c].request->name, seats[c].floor, kept[c],
                                  kept[c] == 1 ? "is left" : "are left", seats[c].allowed);
      break;
    }
  error.help =
      "lower `min` or the first number of `cpus` in a cell, or say with `overflow` where its tasks go";
  error.reason = "cells-do-not-fit";
  return error;
}

void note_cuts(const std::vector<CellSeat>& seats, const std::vector<uint32_t>& kept, uint32_t cpus,
               CellPlans& plans) {
  for (uint32_t c = 0; c < seats.size(); ++c) {
    const CellSeat& seat = seats[c];
    if (kept[c] != 0 && kept[c] >= seat.floor) continue;
    plans.notes.push_back({.kind = kept[c] == 0 ? Note::Kind::kCellWithoutCpus : Note::Kind::kCellFloorCut,
                           .cells = {seat.request->name},
                           .floor = seat.floor,
                           .kept = kept[c],
                           .allowed = seat.allowed,
                           .online = cpus});
  }
}

// Lists can move least, then whole units, the largest first; unaligned cells and root take what is between
// them.
uint32_t turn_of(const CellSeat& seat) {
  if (seat.is_list) return 0;
  return 1 + static_cast<uint32_t>(Alignment::kNode) - static_cast<uint32_t>(seat.align);
}

std::vector<Seat> places_for(const std::vector<CellSeat>& seats, const std::vector<uint32_t>& kept,
                             const std::vector<uint32_t>& sizes) {
  std::vector<Seat> result;
  for (size_t c = 0; c < seats.size(); ++c) {
    Seat seat;
    seat.target = sizes[c];
    seat.align = seats[c].align;
    seat.floor = kept[c];
    seat.turn = turn_of(seats[c]);
    result.push_back(std::move(seat));
  }
  return result;
}

// The seat that had each CPU; seats.size() for none.
std::vector<uint32_t> seats_before(const std::vector<CellSeat>& seats, const std::vector<uint32_t>& before) {
  std::vector<uint32_t> result;
  for (uint32_t id : before) {
    auto it = std::lower_bound(seats.begin(), seats.end() - 1, id,
                               [](const CellSeat& seat, uint32_t v) { return seat.request->id < v; });
    uint32_t c = static_cast<uint32_t>(seats.size());
    if (id == kRootCell) c = static_cast<uint32_t>(seats.size()) - 1;
    if (it != seats.end() - 1 && it->request->id == id) c = static_cast<uint32_t>(it - seats.begin());
    result.push_back(c);
  }
  return result;
}

std::vector<uint32_t> cpus_by_seat(const Placement& placed, size_t seats) {
  std::vector<uint32_t> has(seats, 0);
  for (uint32_t c : placed.claimant) ++has[c];
  return has;
}

}  // namespace

Result<CellPlans> plan_cells(const topology::Topology& topology, const Machine& machine,
                             const std::vector<const CellRequest*>& cells, const Demand& demand, bool at_load,
                             const std::vector<uint32_t>& before, const std::vector<uint8_t>& precious,
                             Work& work) {
  const auto cpus = static_cast<uint32_t>(machine.cpus.size());
  CellPlans plans;
  for (const CellRequest* cell : cells)
    if (cell->id != kRootCell) plans.seats.push_back(seat_of(topology, machine, *cell, plans.notes));
  for (const CellRequest* cell : cells)
    if (cell->id == kRootCell) plans.seats.push_back(seat_of(topology, machine, *cell, plans.notes));
  std::vector<CellSeat>& seats = plans.seats;

  const Classes classes = classes_of(machine, seats, work);
  relax_alignment(machine, classes, seats, plans.notes, work);
  const KeptFloors kept = keep_floors(classes, seats, work);
  if (at_load && kept.cut)
    for (size_t c = 0; c < seats.size(); ++c)
      if (kept.floors[c] < seats[c].floor && !seats[c].request->overflow.has_value())
        return cells_error(seats, kept.floors, cpus);
  note_cuts(seats, kept.floors, cpus, plans);

  const std::vector<uint32_t> seat_before = seats_before(seats, before);
  std::vector<uint32_t> current(seats.size(), 0);
  for (uint32_t i = 0; i < cpus; ++i) {
    const uint32_t c = seat_before[i];
    // CPUs that came or that nobody's cell left are root's until somebody else has them.
    const bool keeps = c < seats.size() && (seats[c].mask.empty() || seats[c].mask[i] != 0);
    ++current[keeps ? c : seats.size() - 1];
  }
  const CellSizes sizes = cell_sizes(classes, seats, kept.floors, demand, current, work);
  auto place_all = [&](const std::vector<uint32_t>& targets) {
    return place(topology, machine, places_for(seats, kept.floors, targets), classes, seat_before, precious,
                 work);
  };
  Placement placed = place_all(sizes.cpus);
  // The sizes of now are good enough, but cannot be had in whole units any more: then what is computed is
  // better.
  if (sizes.cpus != sizes.computed && cpus_by_seat(placed, seats.size()) != sizes.cpus)
    placed = place_all(sizes.computed);
  plans.seat = placed.claimant;
  for (uint32_t c : placed.unaligned)
    plans.notes.push_back(
        {.kind = Note::Kind::kUnitsShared, .cells = {seats[c].request->name}, .unit = seats[c].align});
  return plans;
}

}  // namespace scx::plan
