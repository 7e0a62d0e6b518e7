#include "runtime/plan/placement.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace scx::plan {
namespace {

constexpr uint32_t kFree = ~0U;

// Bookkeeping of one placement: cores and caches as lists of positions in `cpus`, and who has how many where.
class Placer {
 public:
  Placer(const topology::Topology& topology, const std::vector<topology::Cpu>& cpus, size_t claimants)
      : topology_(topology), cpus_(cpus), owner_(cpus.size(), kFree), has_(claimants, 0) {
    uint32_t core_limit = topology.core_count;
    uint32_t llc_limit = topology.llc_count;
    for (const topology::Cpu& cpu : cpus) {
      core_limit = std::max(core_limit, cpu.core + 1);
      llc_limit = std::max(llc_limit, cpu.llc + 1);
    }
    core_cpus_.resize(core_limit);
    llc_cores_.resize(llc_limit);
    llc_node_.resize(llc_limit, 0);
    llc_free_.resize(llc_limit, 0);
    has_in_llc_.assign(claimants, std::vector<uint32_t>(llc_limit, 0));
    for (uint32_t i = 0; i < cpus.size(); ++i) {
      auto& members = core_cpus_[cpus[i].core];
      auto& cores = llc_cores_[cpus[i].llc];
      if (std::find(cores.begin(), cores.end(), cpus[i].core) == cores.end()) cores.push_back(cpus[i].core);
      members.push_back(i);
      llc_node_[cpus[i].llc] = cpus[i].node;
      ++llc_free_[cpus[i].llc];
    }
  }

  void give(uint32_t claimant, uint32_t i) {
    owner_[i] = claimant;
    ++has_[claimant];
    ++has_in_llc_[claimant][cpus_[i].llc];
    --llc_free_[cpus_[i].llc];
  }

  // Frees CPUs of `claimant` until it has `target`: first those on cores it shares with others, then those in
  // the cache where it has least.
  void shrink(uint32_t claimant, uint32_t target) {
    while (has_[claimant] > target) {
      const uint32_t excess = has_[claimant] - target;
      const uint32_t core = core_to_leave(claimant, excess);
      uint32_t left = excess;
      for (size_t k = core_cpus_[core].size(); k-- > 0 && left > 0;)
        if (owner_[core_cpus_[core][k]] == claimant) {
          take_back(claimant, core_cpus_[core][k]);
          --left;
        }
    }
  }

  void grow(uint32_t claimant, uint32_t target) {
    while (has_[claimant] < target) {
      const uint32_t llc = best_llc(claimant, target - has_[claimant]);
      if (llc == kFree) return;
      while (has_[claimant] < target && llc_free_[llc] > 0) {
        const uint32_t core = best_core(claimant, llc, target - has_[claimant]);
        for (uint32_t i : core_cpus_[core])
          if (owner_[i] == kFree && has_[claimant] < target) give(claimant, i);
      }
    }
  }

  std::vector<uint32_t> finish(uint32_t pool) {
    for (uint32_t& owner : owner_)
      if (owner == kFree) owner = pool;
    return owner_;
  }

 private:
  void take_back(uint32_t claimant, uint32_t i) {
    owner_[i] = kFree;
    --has_[claimant];
    --has_in_llc_[claimant][cpus_[i].llc];
    ++llc_free_[cpus_[i].llc];
  }

  [[nodiscard]] uint32_t held(uint32_t core, uint32_t claimant) const {
    return static_cast<uint32_t>(std::count_if(core_cpus_[core].begin(), core_cpus_[core].end(),
                                               [&](uint32_t i) { return owner_[i] == claimant; }));
  }

  [[nodiscard]] uint32_t core_to_leave(uint32_t claimant, uint32_t excess) const {
    uint32_t best = kFree;
    std::tuple<int, uint32_t, uint32_t> best_rank;
    for (uint32_t core = 0; core < core_cpus_.size(); ++core) {
      const uint32_t mine = core_cpus_[core].empty() ? 0 : held(core, claimant);
      if (mine == 0) continue;
      int rank = 2;  // would break a whole core
      if (mine < core_cpus_[core].size())
        rank = 0;
      else if (mine <= excess)
        rank = 1;
      const uint32_t llc = cpus_[core_cpus_[core].front()].llc;
      // The highest CPU id goes first, so that low ids stay put.
      const std::tuple key{rank, has_in_llc_[claimant][llc], kFree - core_cpus_[core].back()};
      if (best == kFree || key < best_rank) {
        best = core;
        best_rank = key;
      }
    }
    return best;
  }

  // Where the claimant already is, else the cache that its need fits most tightly, else the emptiest; caches
  // of a near node first.
  [[nodiscard]] uint32_t best_llc(uint32_t claimant, uint32_t need) const {
    uint32_t home = kFree;  // the cache where it has most
    for (uint32_t llc = 0; llc < llc_free_.size(); ++llc)
      if (has_in_llc_[claimant][llc] > (home == kFree ? 0 : has_in_llc_[claimant][home])) home = llc;
    uint32_t best = kFree;
    std::tuple<bool, uint32_t, bool, uint32_t> best_rank;
    for (uint32_t llc = 0; llc < llc_free_.size(); ++llc) {
      const uint32_t free = llc_free_[llc];
      if (free == 0) continue;
      const bool fits = free >= need;
      const std::tuple key{has_in_llc_[claimant][llc] == 0,
                           home == kFree ? 0 : topology_.distance(llc_node_[home], llc_node_[llc]), !fits,
                           fits ? free : kFree - free};
      if (best == kFree || key < best_rank) {
        best = llc;
        best_rank = key;
      }
    }
    return best;
  }

  // Completes an own core, else takes a whole one, else the free part of a broken one, else breaks one.
  [[nodiscard]] uint32_t best_core(uint32_t claimant, uint32_t llc, uint32_t need) const {
    uint32_t best = kFree;
    int best_rank = 0;
    for (uint32_t core : llc_cores_[llc]) {
      const uint32_t free = held(core, kFree);
      if (free == 0) continue;
      int rank = 3;
      if (held(core, claimant) > 0)
        rank = 0;
      else if (free == core_cpus_[core].size())
        rank = free <= need ? 1 : 3;
      else
        rank = 2;
      if (best == kFree || rank < best_rank) {
        best = core;
        best_rank = rank;
      }
    }
    return best;
  }

  const topology::Topology& topology_;
  const std::vector<topology::Cpu>& cpus_;
  std::vector<uint32_t> owner_;  // by position: claimant or kFree
  std::vector<uint32_t> has_;    // by claimant
  std::vector<std::vector<uint32_t>> has_in_llc_;
  std::vector<std::vector<uint32_t>> core_cpus_;  // positions
  std::vector<std::vector<uint32_t>> llc_cores_;
  std::vector<uint32_t> llc_node_;
  std::vector<uint32_t> llc_free_;
};

}  // namespace

std::vector<uint32_t> place(const topology::Topology& topology, const std::vector<topology::Cpu>& cpus,
                            const std::vector<uint32_t>& targets, const std::vector<uint32_t>& before) {
  const auto pool = static_cast<uint32_t>(targets.size() - 1);
  Placer placer(topology, cpus, targets.size());
  for (uint32_t i = 0; i < cpus.size(); ++i)
    if (before[i] < targets.size()) placer.give(before[i], i);
  for (uint32_t c = 0; c < targets.size(); ++c) placer.shrink(c, targets[c]);
  // Large claimants first: they need whole caches, small ones fit the gaps.
  std::vector<uint32_t> order(pool);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return targets[a] != targets[b] ? targets[a] > targets[b] : a < b;
  });
  for (uint32_t c : order) placer.grow(c, targets[c]);
  return placer.finish(pool);
}

}  // namespace scx::plan
