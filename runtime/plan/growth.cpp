// The part of the placer that chooses new CPUs: zones (caches to fill next) by growth order, cores within
// them.
#include <algorithm>
#include <tuple>

#include "runtime/plan/placer.h"

namespace scx::plan {

uint32_t Placer::free_in_core(uint32_t claimant, uint32_t core) const {
  if (core_free_[core] == 0) return 0;
  uint32_t free = 0;
  for (uint32_t i : machine_.core_cpus[core])
    if (owner_[i] == kNone && room_.open_to(claimant, room_.class_of(i))) ++free;
  return free;
}

uint32_t Placer::free_in_llc(uint32_t claimant, uint32_t llc) const {
  if (llc_free_[llc] == 0) return 0;
  uint32_t free = 0;
  for (size_t k = 0; k < llc_classes_[llc].size(); ++k)
    if (room_.open_to(claimant, llc_classes_[llc][k])) free += llc_class_free_[llc][k];
  return free;
}

// Where the claimant already is, else the cache that its need fits most tightly, else the emptiest; near ones
// first, then those of a near node.
uint32_t Placer::best_llc(uint32_t claimant, uint32_t need, const std::vector<uint8_t>& spent) const {
  const Seat& seat = seats_[claimant];
  const auto llcs = static_cast<uint32_t>(llc_free_.size());
  const uint32_t* has = &has_in_llc_[size_t{claimant} * llcs];
  uint32_t home = kNone;  // the cache where it has most
  for (uint32_t llc = 0; llc < llcs; ++llc)
    if (has[llc] > (home == kNone ? 0 : has[home])) home = llc;
  for (uint32_t llc = 0; llc < llcs && home == kNone; ++llc)
    if (is_near(seat, llc)) home = llc;
  uint32_t best = kNone;
  std::tuple<bool, bool, uint32_t, bool, uint32_t> best_key;
  for (uint32_t llc = 0; llc < llcs; ++llc) {
    if (spent[llc] != 0) continue;
    const uint32_t free = free_in_llc(claimant, llc);
    if (free == 0) continue;
    const bool fits = free >= need;
    const std::tuple key{
        !is_near(seat, llc), has[llc] == 0,
        home == kNone ? 0 : topology_.distance(machine_.llc_node[home], machine_.llc_node[llc]), !fits,
        fits ? free : kNone - free};
    if (best == kNone || key < best_key) {
      best = llc;
      best_key = key;
    }
  }
  return best;
}

// Caches of the node where the claimant has least, out of `llcs`.
std::vector<uint32_t> Placer::emptiest_node(uint32_t claimant, const std::vector<uint32_t>& llcs) const {
  std::vector<uint32_t> has(topology_.node_count + 1, 0);
  auto node_of = [&](uint32_t llc) { return std::min(machine_.llc_node[llc], topology_.node_count); };
  for (uint32_t llc = 0; llc < llc_free_.size(); ++llc)
    has[node_of(llc)] += has_in_llc_[size_t{claimant} * llc_free_.size() + llc];
  uint32_t best = kNone;
  for (uint32_t llc : llcs)
    if (best == kNone || std::pair(has[node_of(llc)], node_of(llc)) < std::pair(has[best], best))
      best = node_of(llc);
  std::vector<uint32_t> zone;
  for (uint32_t llc : llcs)
    if (node_of(llc) == best) zone.push_back(llc);
  return zone;
}

std::vector<uint32_t> Placer::next_zone(uint32_t claimant, uint32_t need,
                                        const std::vector<uint8_t>& spent) const {
  const Seat& seat = seats_[claimant];
  if (seat.order == GrowOrder::kSticky) {
    const uint32_t llc = best_llc(claimant, need, spent);
    return llc == kNone ? std::vector<uint32_t>{} : std::vector<uint32_t>{llc};
  }
  std::vector<uint32_t> open;
  bool any_near = false;
  for (uint32_t k = 0; k < llc_free_.size(); ++k) {
    const uint32_t llc = seat.order == GrowOrder::kTopo && !seat.llc_order.empty() ? seat.llc_order[k] : k;
    if (spent[llc] != 0 || free_in_llc(claimant, llc) == 0) continue;
    open.push_back(llc);
    any_near = any_near || is_near(seat, llc);
  }
  if (any_near) std::erase_if(open, [&](uint32_t llc) { return !is_near(seat, llc); });
  if (open.empty()) return open;
  if (seat.order == GrowOrder::kTopo) open.resize(1);
  if (seat.order == GrowOrder::kNodeSpread) return emptiest_node(claimant, open);
  return open;
}

// Completes an own core, else takes a whole one, else the free part of a broken one, else breaks one.
void Placer::rank_cores(uint32_t claimant, const std::vector<uint32_t>& zone, uint32_t need, bool whole) {
  choices_.clear();
  const bool reverse = seats_[claimant].order == GrowOrder::kReverse;
  for (uint32_t llc : zone) {
    work_.steps += machine_.llc_cores[llc].size();
    for (uint32_t core : machine_.llc_cores[llc]) {
      const uint32_t free = free_in_core(claimant, core);
      const auto& members = machine_.core_cpus[core];
      if (free == 0 || (whole && (free < members.size() || free > need || core_spent_[core] != 0))) continue;
      uint32_t rank = 2;
      if (free == members.size())
        rank = free <= need ? 1 : 3;
      else if (std::any_of(members.begin(), members.end(), [&](uint32_t i) { return owner_[i] == claimant; }))
        rank = 0;
      choices_.push_back({rank, reverse ? kNone - core : core, core, free});
    }
  }
  std::sort(choices_.begin(), choices_.end());
}

// False when the zone has nothing for the claimant.
bool Placer::take_from_zone(uint32_t claimant, const std::vector<uint32_t>& zone, uint32_t target,
                            bool whole) {
  const bool one = seats_[claimant].order == GrowOrder::kNodeSpread;
  rank_cores(claimant, zone, target - has_[claimant], whole);
  bool moved = false;
  for (const Choice& choice : choices_) {
    const uint32_t need = target - has_[claimant];
    // A whole core that the rest of the need would break: those that are broken by now come before it.
    if (need == 0 || (choice.rank == 1 && choice.free > need)) break;
    if (whole) {
      core_spent_[choice.core] = take_unit(claimant, machine_.core_cpus[choice.core]) ? 0 : 1;
      moved = true;
      continue;
    }
    for (uint32_t i : machine_.core_cpus[choice.core]) {
      if (owner_[i] != kNone || has_[claimant] == target) continue;
      const uint32_t cls = room_.class_of(i);
      if (!room_.open_to(claimant, cls)) continue;
      give(claimant, i);
      moved = true;  // also when refused: then the class counts no longer
    }
    if (moved && one) break;
  }
  return moved;
}

void Placer::grow(uint32_t claimant, uint32_t target, bool whole) {
  std::vector<uint8_t> spent(llc_free_.size(), 0);
  core_spent_.assign(whole ? machine_.core_cpus.size() : 0, 0);
  while (has_[claimant] < target) {
    work_.steps += llc_free_.size();
    const std::vector<uint32_t> zone = next_zone(claimant, target - has_[claimant], spent);
    if (zone.empty()) return;
    if (!take_from_zone(claimant, zone, target, whole))
      for (uint32_t llc : zone) spent[llc] = 1;
  }
}

}  // namespace scx::plan
