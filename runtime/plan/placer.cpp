#include "runtime/plan/placer.h"

#include <algorithm>
#include <tuple>

namespace scx::plan {
Placer::Placer(const topology::Topology& topology, const Machine& machine, const std::vector<Seat>& seats,
               const Classes& classes, const std::vector<uint32_t>& before,
               const std::vector<uint8_t>& precious, Work& work)
    : topology_(topology),
      machine_(machine),
      seats_(seats),
      before_(before),
      precious_(precious),
      work_(work),
      room_(classes, work),
      owner_(machine.cpus.size(), kNone),
      had_(seats.size()),
      has_(seats.size(), 0),
      has_in_llc_(seats.size() * machine.llc_cores.size(), 0),
      llc_free_(machine.llc_cores.size(), 0),
      llc_classes_(machine.llc_cores.size()),
      llc_class_free_(machine.llc_cores.size()) {
  for (const auto& members : machine.core_cpus) core_free_.push_back(static_cast<uint32_t>(members.size()));
  // An aligned claimant is promised its floor alone; what it gets beyond comes from the pool, unit by unit.
  // So nobody makes room for units that turn out to be broken.
  std::vector<uint32_t> quota;
  uint32_t extra = 0;
  for (const Seat& seat : seats) {
    quota.push_back(seat.align == Alignment::kNone ? seat.target : std::min(seat.target, seat.floor));
    extra += seat.target - quota.back();
  }
  quota.back() += extra;
  std::vector<uint32_t> liked(seats.size(), 0);
  for (uint32_t i = 0; i < owner_.size(); ++i) {
    const uint32_t llc = machine.llc[i];
    ++llc_free_[llc];
    auto& here = llc_classes_[llc];
    auto it = std::find(here.begin(), here.end(), room_.class_of(i));
    const auto k = static_cast<size_t>(it - here.begin());
    if (it == here.end()) {
      here.push_back(room_.class_of(i));
      llc_class_free_[llc].push_back(0);
    }
    ++llc_class_free_[llc][k];
    const uint32_t c = before[i];
    if (c >= seats.size()) continue;
    had_[c].push_back(i);
    if (liked[c] < quota[c] && room_.open_to(c, room_.class_of(i))) {
      room_.prefer(c, i);
      ++liked[c];
    }
  }
  for (uint32_t c = 0; c < seats.size(); ++c) room_.give(c, quota[c] - liked[c]);
  work_.steps += owner_.size() + seats.size();
}

bool Placer::give(uint32_t claimant, uint32_t position) {
  const uint32_t cls = room_.class_of(position);
  if (!room_.pick(claimant, cls)) return false;
  const uint32_t llc = machine_.llc[position];
  owner_[position] = claimant;
  ++has_[claimant];
  ++has_in_llc_[claimant * llc_free_.size() + llc];
  --core_free_[machine_.core[position]];
  --llc_free_[llc];
  auto& classes = llc_classes_[llc];
  --llc_class_free_[llc]
                   [static_cast<size_t>(std::find(classes.begin(), classes.end(), cls) - classes.begin())];
  const auto pool = static_cast<uint32_t>(seats_.size()) - 1;
  if (claimant != pool && before_[position] == pool && pool_spare_ > 0 && --pool_spare_ == 0)
    keep(pool, false);
  return true;
}

void Placer::give_back(uint32_t claimant, uint32_t position) {
  const uint32_t llc = machine_.llc[position];
  owner_[position] = kNone;
  --has_[claimant];
  --has_in_llc_[claimant * llc_free_.size() + llc];
  ++core_free_[machine_.core[position]];
  ++llc_free_[llc];
  auto& here = llc_classes_[llc];
  auto it = std::find(here.begin(), here.end(), room_.class_of(position));
  ++llc_class_free_[llc][static_cast<size_t>(it - here.begin())];
}

std::vector<std::vector<uint32_t>> Placer::held_cores(uint32_t claimant) const {
  std::vector<std::vector<uint32_t>> cores;
  std::vector<uint32_t> slot(machine_.core_cpus.size(), kNone);
  std::vector<uint32_t> in_llc(llc_free_.size(), 0);
  std::vector<uint32_t> llc_turn(llc_free_.size(), 0);
  const Seat& seat = seats_[claimant];
  for (uint32_t k = 0; k < seat.llc_order.size(); ++k) llc_turn[seat.llc_order[k]] = k;
  for (uint32_t i : had_[claimant]) {
    if (owner_[i] != kNone) continue;
    uint32_t& s = slot[machine_.core[i]];
    if (s == kNone) {
      s = static_cast<uint32_t>(cores.size());
      cores.emplace_back();
    }
    cores[s].push_back(i);
    ++in_llc[machine_.llc[i]];
  }
  // Far ones go first, then broken ones, then those that the growth order takes last; the highest CPU id goes
  // first otherwise, so that low ids stay put.
  using Key = std::tuple<bool, bool, bool, uint32_t, uint32_t, uint32_t>;
  std::vector<std::pair<Key, std::vector<uint32_t>>> keyed;
  for (auto& core : cores) {
    const uint32_t first = core.front();
    const uint32_t llc = machine_.llc[first];
    uint32_t place = 0;
    if (seat.order == GrowOrder::kSticky) place = kNone - in_llc[llc];
    if (seat.order == GrowOrder::kTopo) place = llc_turn[llc];
    const bool precious =
        std::any_of(core.begin(), core.end(), [&](uint32_t i) { return precious_[i] != 0; });
    keyed.emplace_back(Key{!is_near(seat, llc), core.size() < machine_.core_cpus[machine_.core[first]].size(),
                           !precious, place, seat.order == GrowOrder::kSticky ? llc : 0,
                           seat.order == GrowOrder::kReverse ? kNone - first : first},
                       std::move(core));
  }
  auto by_key = [](const auto& a, const auto& b) { return a.first < b.first; };
  std::sort(keyed.begin(), keyed.end(), by_key);
  if (seat.order == GrowOrder::kNodeSpread) {
    // The k-th core of each node before the next of any.
    std::vector<uint32_t> seen(topology_.node_count + 1, 0);
    for (auto& [key, core] : keyed) {
      const uint32_t node = std::min(machine_.llc_node[machine_.llc[core.front()]], topology_.node_count);
      std::get<3>(key) = seen[node]++;
    }
    std::sort(keyed.begin(), keyed.end(), by_key);
  }
  cores.clear();
  for (auto& entry : keyed) cores.push_back(std::move(entry.second));
  return cores;
}

void Placer::keep(uint32_t claimant, bool units) {
  const Seat& seat = seats_[claimant];
  const uint32_t target = !units && seat.align != Alignment::kNone ? seat.floor : seat.target;
  if (target == 0 || had_[claimant].empty()) return;
  work_.steps += had_[claimant].size() + machine_.core_cpus.size() / 8;
  if (units && seat.align > Alignment::kCore) return keep_units(claimant);
  const bool whole = units && seat.align == Alignment::kCore;
  for (const auto& core : held_cores(claimant)) {
    if (whole && (core.size() < machine_.core_cpus[machine_.core[core.front()]].size() ||
                  core.size() > target - has_[claimant]))
      continue;
    if (whole) take_unit(claimant, core);
    for (uint32_t i : core)
      if (!whole && has_[claimant] < target) give(claimant, i);
  }
}

void Placer::keep_pool() {
  const auto pool = static_cast<uint32_t>(seats_.size()) - 1;
  const auto there = static_cast<uint32_t>(
      std::count_if(had_[pool].begin(), had_[pool].end(), [&](uint32_t i) { return owner_[i] == kNone; }));
  if (there > seats_[pool].target)
    pool_spare_ = there - seats_[pool].target;
  else
    keep(pool, false);
}

std::vector<std::vector<uint32_t>> Placer::units_of(Alignment align) const {
  std::vector<std::vector<uint32_t>> units;
  std::vector<uint32_t> unit_of_node(topology_.node_count + 1, kNone);
  for (uint32_t llc = 0; llc < machine_.llc_cores.size(); ++llc) {
    uint32_t unit = kNone;
    if (align == Alignment::kNode) {
      uint32_t& known = unit_of_node[std::min(machine_.llc_node[llc], topology_.node_count)];
      if (known == kNone) known = static_cast<uint32_t>(units.size());
      unit = known;
    } else {
      unit = static_cast<uint32_t>(units.size());
    }
    if (unit == units.size()) units.emplace_back();
    for (uint32_t core : machine_.llc_cores[llc])
      units[unit].insert(units[unit].end(), machine_.core_cpus[core].begin(), machine_.core_cpus[core].end());
  }
  return units;
}

void Placer::keep_units(uint32_t claimant) {
  for (const auto& unit : units_of(seats_[claimant].align)) {
    const bool mine = std::all_of(unit.begin(), unit.end(),
                                  [&](uint32_t i) { return owner_[i] == kNone && before_[i] == claimant; });
    if (mine && unit.size() <= seats_[claimant].target - has_[claimant]) take_unit(claimant, unit);
  }
}

bool Placer::take_unit(uint32_t claimant, const std::vector<uint32_t>& positions) {
  const auto pool = static_cast<uint32_t>(seats_.size()) - 1;
  const uint32_t reserved = room_.reservations(claimant);
  const auto size = static_cast<uint32_t>(positions.size());
  if (reserved < size && !room_.claim(claimant, size, pool)) return false;
  // What others are promised may forbid a part of the unit: then all of it goes back.
  std::vector<uint32_t> taken;
  std::vector<uint32_t> classes;
  for (uint32_t i : positions) {
    if (room_.open_to(claimant, room_.class_of(i)) && give(claimant, i)) {
      taken.push_back(i);
      classes.push_back(room_.class_of(i));
      continue;
    }
    for (uint32_t t : taken) give_back(claimant, t);
    room_.unpick(claimant, classes);
    room_.hand_over(claimant, reserved, pool);
    return false;
  }
  return true;
}

void Placer::grow_units(uint32_t claimant) {
  const Seat& seat = seats_[claimant];
  const std::vector<std::vector<uint32_t>> units = units_of(seat.align);
  std::vector<uint8_t> spent(units.size(), 0);
  while (has_[claimant] < seat.target) {
    const uint32_t need = seat.target - has_[claimant];
    uint32_t best = kNone;
    // Near ones first, next to what it has, those that cost other cells least, then the pool.
    std::tuple<bool, uint32_t, uint32_t, uint32_t, uint32_t> best_key;
    uint32_t home = kNone;
    for (uint32_t i = 0; i < owner_.size() && home == kNone; ++i)
      if (owner_[i] == claimant) home = machine_.llc_node[machine_.llc[i]];
    for (uint32_t u = 0; u < units.size(); ++u) {
      if (spent[u] != 0 || units[u].size() > need) continue;
      work_.steps += units[u].size();
      if (!std::all_of(units[u].begin(), units[u].end(), [&](uint32_t i) {
            return owner_[i] == kNone && room_.open_to(claimant, room_.class_of(i));
          }))
        continue;
      uint32_t others = 0;
      uint32_t pool = 0;
      for (uint32_t i : units[u]) {
        if (before_[i] == seats_.size() - 1)
          ++pool;
        else if (before_[i] < seats_.size() && before_[i] != claimant)
          ++others;
      }
      const uint32_t llc = machine_.llc[units[u].front()];
      const std::tuple key{!is_near(seat, llc), others,
                           home == kNone ? 0 : topology_.distance(home, machine_.llc_node[llc]), pool, u};
      if (best == kNone || key < best_key) {
        best = u;
        best_key = key;
      }
    }
    if (best == kNone) return;
    spent[best] = 1;
    take_unit(claimant, units[best]);
  }
}

void Placer::leave_rest_to_pool(uint32_t claimant) {
  room_.hand_over(claimant, 0, static_cast<uint32_t>(seats_.size()) - 1);
}

std::vector<uint32_t> Placer::finish() {
  for (uint32_t& owner : owner_)
    if (owner == kNone) owner = static_cast<uint32_t>(seats_.size()) - 1;
  return owner_;
}

}  // namespace scx::plan
