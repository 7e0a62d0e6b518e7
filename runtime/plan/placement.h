// Which CPUs each claimant gets, given how many: cells on the machine and
// layers on the CPUs of their cell. Called by the steps of plan() only.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/plan/machine.h"
#include "runtime/plan/plan.h"
#include "runtime/plan/room.h"

namespace scx::plan {

// One claimant of place(). The last one is the pool (root, among cells): allowed everywhere, it takes what
// remains.
struct Seat {
  uint32_t target = 0;
  GrowOrder order = GrowOrder::kSticky;
  std::vector<uint8_t> near;        // by cache of the machine: filled first; empty: no preference
  std::vector<uint32_t> llc_order;  // for kTopo: caches of the machine in the order to fill
  Alignment align = Alignment::kNone;
  uint32_t floor = 0;  // an aligned claimant without enough whole units gets this many CPUs all the same
  // Claimants of an earlier turn are placed before those of a later one look for CPUs: those that can move
  // less.
  uint32_t turn = 0;
};

struct Placement {
  std::vector<uint32_t> claimant;   // of each CPU, by position
  std::vector<uint32_t> unaligned;  // claimants whose units are not whole
};

// `seats` have a sum of targets of machine.cpus.size(), and can have them together; `classes` says who may
// have which. `before[i]` is the claimant that had the CPU at position i, or seats.size() for none.
// `precious[i]` marks CPUs that a claimant that shrinks gives back last. Without masks and alignment each
// claimant keeps min(what it had, its target) CPUs; with them, as many as the others' allowed CPUs leave it.
Placement place(const topology::Topology& topology, const Machine& machine, const std::vector<Seat>& seats,
                const Classes& classes, const std::vector<uint32_t>& before,
                const std::vector<uint8_t>& precious, Work& work);

// By cache of the machine, whether it is one of `places`. Empty for no places.
std::vector<uint8_t> caches_in(const topology::Topology& topology, const Machine& machine,
                               const Places& places);
// Caches of the machine: `llcs` as listed, else those of `nodes` as listed, else by index; the others follow.
std::vector<uint32_t> cache_order(const topology::Topology& topology, const Machine& machine,
                                  const Places& places);

}  // namespace scx::plan
