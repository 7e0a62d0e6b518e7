// Bookkeeping of one placement: who has which CPU, how many in which cache,
// and the choice of the next core or unit. Called by place() only.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/plan/placement.h"
#include "runtime/plan/room.h"

namespace scx::plan {

class Placer {
 public:
  Placer(const topology::Topology& topology, const Machine& machine, const std::vector<Seat>& seats,
         const Classes& classes, const std::vector<uint32_t>& before, const std::vector<uint8_t>& precious,
         Work& work);

  // Gives the claimant CPUs that it had, up to its target. An aligned one: with `units` those of whole units,
  // without any of them, up to its floor.
  void keep(uint32_t claimant, bool units);
  // The pool keeps as many as its target allows, but whoever grows chooses first: as long as the pool has
  // more than it may keep, its CPUs count as free.
  void keep_pool();
  // Gives it CPUs that nobody has, up to its target, in its growth order; whole cores only if `whole`.
  void grow(uint32_t claimant, uint32_t target, bool whole);
  // Gives it whole caches or nodes.
  void grow_units(uint32_t claimant);
  // The pool's from now on: what the claimant has not picked.
  void leave_rest_to_pool(uint32_t claimant);

  [[nodiscard]] uint32_t has(uint32_t claimant) const { return has_[claimant]; }
  // Everything not given belongs to the pool.
  std::vector<uint32_t> finish();

 private:
  struct Choice {  // a core with CPUs for the claimant
    uint32_t rank = 0;
    uint32_t key = 0;
    uint32_t core = 0;
    uint32_t free = 0;
    bool operator<(const Choice& o) const { return rank != o.rank ? rank < o.rank : key < o.key; }
  };
  bool give(uint32_t claimant, uint32_t position);
  void give_back(uint32_t claimant, uint32_t position);
  // Positions that the claimant had, by core, cores to keep longest first.
  [[nodiscard]] std::vector<std::vector<uint32_t>> held_cores(uint32_t claimant) const;
  void keep_units(uint32_t claimant);
  [[nodiscard]] bool is_near(const Seat& seat, uint32_t llc) const {
    return !seat.near.empty() && seat.near[llc] != 0;
  }
  // Free CPUs that the claimant may still get.
  [[nodiscard]] uint32_t free_in_core(uint32_t claimant, uint32_t core) const;
  [[nodiscard]] uint32_t free_in_llc(uint32_t claimant, uint32_t llc) const;
  // The caches to fill next; empty if nothing is left for the claimant.
  [[nodiscard]] std::vector<uint32_t> next_zone(uint32_t claimant, uint32_t need,
                                                const std::vector<uint8_t>& spent) const;
  [[nodiscard]] uint32_t best_llc(uint32_t claimant, uint32_t need, const std::vector<uint8_t>& spent) const;
  [[nodiscard]] std::vector<uint32_t> emptiest_node(uint32_t claimant,
                                                    const std::vector<uint32_t>& llcs) const;
  // Fills `choices` best first.
  void rank_cores(uint32_t claimant, const std::vector<uint32_t>& zone, uint32_t need, bool whole);
  bool take_from_zone(uint32_t claimant, const std::vector<uint32_t>& zone, uint32_t target, bool whole);
  bool take_unit(uint32_t claimant, const std::vector<uint32_t>& positions);
  [[nodiscard]] std::vector<std::vector<uint32_t>> units_of(Alignment align) const;

  const topology::Topology& topology_;
  const Machine& machine_;
  const std::vector<Seat>& seats_;
  const std::vector<uint32_t>& before_;
  const std::vector<uint8_t>& precious_;
  Work& work_;
  Room room_;
  std::vector<uint32_t> owner_;                     // by position: claimant or kNone
  std::vector<std::vector<uint32_t>> had_;          // by claimant: positions, rising
  std::vector<uint32_t> has_;                       // by claimant
  std::vector<uint32_t> has_in_llc_;                // claimant * caches + cache
  std::vector<uint32_t> core_free_;                 // by core
  std::vector<uint32_t> llc_free_;                  // by cache
  std::vector<std::vector<uint32_t>> llc_classes_;  // by cache: classes there
  std::vector<std::vector<uint32_t>> llc_class_free_;
  std::vector<Choice> choices_;
  std::vector<uint8_t> core_spent_;  // by core: refused as a whole to whoever grows now
  uint32_t pool_spare_ = 0;          // CPUs that others may still take from the pool
};

}  // namespace scx::plan
