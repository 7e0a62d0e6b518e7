#include "runtime/plan/placement.h"

#include <algorithm>
#include <numeric>

#include "runtime/plan/placer.h"

namespace scx::plan {
namespace {

// Places the claimants of one turn: all keep before anybody grows.
void place_turn(Placer& placer, const Classes& classes, const std::vector<Seat>& seats,
                const std::vector<uint32_t>& members, std::vector<uint32_t>& unaligned) {
  const auto pool = static_cast<uint32_t>(seats.size()) - 1;
  for (uint32_t c : members)
    if (c != pool) placer.keep(c, seats[c].align != Alignment::kNone);
  if (members.back() == pool) placer.keep_pool();
  // Those with few places to go first, then large ones: they need whole caches, small ones fit the gaps.
  std::vector<uint32_t> order;
  for (uint32_t c : members)
    if (c != pool && seats[c].target > 0) order.push_back(c);
  std::vector<uint32_t> allowed(seats.size(), 0);
  for (uint32_t c : order) allowed[c] = classes.allowed(c);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    if (allowed[a] != allowed[b]) return allowed[a] < allowed[b];
    return seats[a].target != seats[b].target ? seats[a].target > seats[b].target : a < b;
  });
  for (uint32_t c : order) {
    if (seats[c].align > Alignment::kCore)
      placer.grow_units(c);
    else
      placer.grow(c, seats[c].target, seats[c].align == Alignment::kCore);
    if (seats[c].align != Alignment::kNone && placer.has(c) < seats[c].floor) {
      unaligned.push_back(c);
      placer.keep(c, false);
      placer.grow(c, seats[c].floor, false);
    }
    placer.leave_rest_to_pool(c);
  }
}

}  // namespace

Placement place(const topology::Topology& topology, const Machine& machine, const std::vector<Seat>& seats,
                const Classes& classes, const std::vector<uint32_t>& before,
                const std::vector<uint8_t>& precious, Work& work) {
  Placer placer(topology, machine, seats, classes, before, precious, work);
  Placement result;
  uint32_t turns = 0;
  for (const Seat& seat : seats) turns = std::max(turns, seat.turn + 1);
  for (uint32_t turn = 0; turn < turns; ++turn) {
    std::vector<uint32_t> members;
    for (uint32_t c = 0; c < seats.size(); ++c)
      if (seats[c].turn == turn) members.push_back(c);
    if (!members.empty()) place_turn(placer, classes, seats, members, result.unaligned);
  }
  std::sort(result.unaligned.begin(), result.unaligned.end());
  result.claimant = placer.finish();
  return result;
}

std::vector<uint8_t> caches_in(const topology::Topology& topology, const Machine& machine,
                               const Places& places) {
  if (places.empty()) return {};
  Places only_nodes{places.nodes, {}};
  Places only_llcs{{}, places.llcs};
  std::vector<uint8_t> result(machine.llc_index.size(), 0);
  for (const Places& half : {only_nodes, only_llcs}) {
    if (half.empty()) continue;
    const Mask mask = required_mask(topology, machine, half);
    for (uint32_t i = 0; i < mask.size(); ++i)
      if (mask[i] != 0) result[machine.llc[i]] = 1;
  }
  return result;
}

std::vector<uint32_t> cache_order(const topology::Topology& topology, const Machine& machine,
                                  const Places& places) {
  std::vector<uint32_t> order;
  std::vector<uint8_t> listed(machine.llc_index.size(), 0);
  auto append = [&](const std::vector<uint8_t>& caches) {
    for (uint32_t llc = 0; llc < caches.size(); ++llc)
      if (caches[llc] != 0 && listed[llc] == 0) {
        listed[llc] = 1;
        order.push_back(llc);
      }
  };
  for (uint32_t llc : places.llcs) append(caches_in(topology, machine, {{}, {llc}}));
  if (places.llcs.empty())
    for (uint32_t node : places.nodes) append(caches_in(topology, machine, {{node}, {}}));
  append(std::vector<uint8_t>(machine.llc_index.size(), 1));
  return order;
}

}  // namespace scx::plan
