#include "runtime/plan/targets.h"

#include <algorithm>
#include <cmath>
#include <queue>

namespace scx::plan {
namespace {

struct Turn {
  double key = 0;
  uint32_t claim = 0;
  bool operator<(const Turn& other) const {  // the queue's top is the greatest
    return key != other.key ? key > other.key : claim > other.claim;
  }
};

uint32_t next_step(const Claim& claim, uint32_t given) {
  const uint32_t to_unit = claim.step - given % claim.step;
  const uint32_t room = claim.cap - given;
  if (claim.units && to_unit > room) return 0;
  return std::min(to_unit, room);
}

// Demand that is a whole number of CPUs but for the last digits of a double is that number.
constexpr double kEpsilon = 1e-9;

}  // namespace

void share(Room& room, const std::vector<Claim>& claims, std::vector<uint32_t>& given, Work& work) {
  std::priority_queue<Turn> turns;
  auto queue_up = [&](uint32_t c) {
    if (given[c] >= claims[c].cap) return;
    const uint32_t add = next_step(claims[c], given[c]);
    if (add > 0) turns.push({(given[c] + add / 2.0) / claims[c].weight, c});
  };
  for (uint32_t c = 0; c < claims.size(); ++c) queue_up(c);
  while (!turns.empty() && room.left() > 0) {
    ++work.steps;
    const uint32_t c = turns.top().claim;
    turns.pop();
    const uint32_t add = next_step(claims[c], given[c]);
    const uint32_t got = room.give(c, add);
    if (got < add && claims[c].units) {
      room.take_back(c, got);
      continue;
    }
    given[c] += got;
    if (got == add) queue_up(c);
  }
}

Want want(const std::optional<double>& demand, const abi::UtilRange& util, uint32_t current, uint32_t limit) {
  if (!demand.has_value() || util.high == 0) return {limit, limit};
  auto cpus = [&](double value) {
    return value >= limit ? limit : static_cast<uint32_t>(std::max(0.0, value));
  };
  const uint32_t low = cpus(std::ceil(*demand * 100 / util.high - kEpsilon));
  // 0% never shrinks.
  const uint32_t high =
      util.low == 0 ? limit : std::max(low, cpus(std::floor(*demand * 100 / util.low + kEpsilon)));
  return {low, std::clamp(std::min(current, limit), low, high)};
}

std::optional<double> demand_of(const Demand& demand, uint32_t domain) {
  if (domain >= demand.cpus.size() || !demand.cpus[domain].has_value()) return std::nullopt;
  const double value = *demand.cpus[domain];
  if (!std::isfinite(value)) return std::nullopt;
  return std::max(0.0, value);
}

std::vector<double> fair_shares(const std::vector<FairClaim>& claims, double cpus) {
  auto at = [&](double level, const FairClaim& claim) {
    return std::max(claim.floor, std::min(claim.cap, level * claim.weight));
  };
  double high = 1;
  double caps = 0;
  for (const FairClaim& claim : claims) {
    caps += std::max(claim.floor, claim.cap);
    high = std::max(high, claim.cap / claim.weight);
  }
  if (caps > cpus) {
    double low = 0;
    for (int round = 0; round < 60; ++round) {  // more would not change a double
      const double middle = (low + high) / 2;
      double sum = 0;
      for (const FairClaim& claim : claims) sum += at(middle, claim);
      (sum > cpus ? high : low) = middle;
    }
    high = low;
  }
  std::vector<double> shares;
  for (const FairClaim& claim : claims) shares.push_back(at(high, claim));
  return shares;
}

}  // namespace scx::plan
