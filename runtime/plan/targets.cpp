#include "runtime/plan/targets.h"

#include <algorithm>
#include <numeric>

#include "runtime/base/check.h"

namespace scx::plan {

std::vector<uint32_t> fit_floors(const std::vector<uint32_t>& floors, uint32_t available) {
  const uint64_t sum = std::accumulate(floors.begin(), floors.end(), uint64_t{0});
  if (sum <= available) return floors;
  std::vector<uint32_t> fitted;
  std::vector<size_t> order;
  uint64_t given = 0;
  for (size_t i = 0; i < floors.size(); ++i) {
    fitted.push_back(static_cast<uint32_t>(uint64_t{floors[i]} * available / sum));
    given += fitted.back();
    order.push_back(i);
  }
  auto remainder = [&](size_t i) { return uint64_t{floors[i]} * available % sum; };
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return remainder(a) != remainder(b) ? remainder(a) > remainder(b) : a < b;
  });
  for (size_t k = 0; given < available && k < order.size(); ++k, ++given) ++fitted[order[k]];
  return fitted;
}

std::vector<uint32_t> share(const std::vector<Claim>& claims, uint32_t cpus, uint32_t step) {
  std::vector<uint32_t> given;
  uint32_t left = cpus;
  for (const Claim& claim : claims) {
    SCX_CHECK(claim.floor <= left, "floors fit before sharing");
    given.push_back(claim.floor);
    left -= claim.floor;
  }
  while (left > 0) {
    size_t best = claims.size();
    uint32_t best_step = 0;
    for (size_t i = 0; i < claims.size(); ++i) {
      if (given[i] >= claims[i].cap) continue;
      const uint32_t to_core = step - given[i] % step;
      const uint32_t add = std::min({to_core, claims[i].cap - given[i], left});
      // (given + add / 2) / weight is the least: compared without division.
      const uint64_t mine = uint64_t{2} * given[i] + add;
      if (best == claims.size() ||
          mine * claims[best].weight < (uint64_t{2} * given[best] + best_step) * claims[i].weight) {
        best = i;
        best_step = add;
      }
    }
    if (best == claims.size()) break;
    given[best] += best_step;
    left -= best_step;
  }
  return given;
}

}  // namespace scx::plan
