// Properties of the planner over generated machines and policies.
#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "runtime/plan/plan.h"
#include "tests/unit/plan/generate.h"

namespace scx::plan {
namespace {

using abi::CpuAmount;
using abi::LayerKind;

struct Case {
  topology::Topology topology;
  std::vector<LayerRequest> layers;
};

Case any_case(uint32_t most_cpus = 128, uint32_t most_domains = 16) {
  Case c;
  c.topology = any_machine(most_cpus);
  const auto count = *rc::gen::inRange<uint32_t>(1, most_domains + 1);
  for (uint32_t d = 0; d < count; ++d) {
    const auto kind = *rc::gen::element(LayerKind::kConfined, LayerKind::kGrouped, LayerKind::kOpen);
    auto amount = [&](bool floor) {
      const auto unit =
          *rc::gen::element(CpuAmount::Unit::kCpus, CpuAmount::Unit::kCores, CpuAmount::Unit::kPercent);
      const uint32_t most = floor ? 6 : 100;
      return CpuAmount{unit, *rc::gen::inRange<uint32_t>(1, most + 1)};
    };
    c.layers.push_back({d,
                        fmt::format("l{}", d),
                        kind,
                        {amount(true), amount(false)},
                        *rc::gen::inRange<uint32_t>(1, 10001)});
  }
  return c;
}

Result<Plan> planned(const Case& c, const Plan* previous = nullptr, const Demand& demand = {}) {
  return plan(c.topology, {{kRootCell, "root", c.layers}}, demand, previous);
}

bool has_open(const Case& c) {
  return std::any_of(c.layers.begin(), c.layers.end(),
                     [](const auto& l) { return l.kind == LayerKind::kOpen; });
}

void check_sound(const Case& c, const Plan& p) {
  // Each online CPU has one owner or is in the pool; offline ones have none.
  std::set<uint32_t> seen(p.pool.begin(), p.pool.end());
  size_t total = p.pool.size();
  for (const DomainPlan& d : p.domains) {
    total += d.owned.size();
    seen.insert(d.owned.begin(), d.owned.end());
    for (uint32_t id : d.owned) RC_ASSERT(p.owner[id] == d.domain);
    RC_ASSERT(std::is_sorted(d.owned.begin(), d.owned.end()));
    RC_ASSERT(!d.home.empty());
    RC_ASSERT((d.owned.empty() || d.home == d.owned));
    if (d.kind == LayerKind::kOpen) RC_ASSERT(d.owned.empty());
    if (d.owned.empty()) RC_ASSERT(d.home == (p.pool.empty() ? p.online : p.pool));
  }
  RC_ASSERT(total == c.topology.online_count());
  RC_ASSERT(seen.size() == total);
  for (const topology::Cpu& cpu : c.topology.cpus) {
    if (!cpu.online) RC_ASSERT(p.owner[cpu.id] == kPool);
    RC_ASSERT((seen.count(cpu.id) != 0) == cpu.online);
  }
  for (uint32_t id : p.pool) RC_ASSERT(p.owner[id] == kPool);
}

RC_GTEST_PROP(PlanProperty, EveryCpuHasOneOwner, ()) {
  const Case c = any_case();
  auto p = planned(c);
  RC_PRE(p.ok());
  check_sound(c, *p);
}

RC_GTEST_PROP(PlanProperty, FloorsAndCeilings, ()) {
  const Case c = any_case();
  auto p = planned(c);
  uint64_t floors = 0;
  for (const LayerRequest& l : c.layers)
    if (l.kind != LayerKind::kOpen) {
      std::vector<uint32_t> width(c.topology.core_count, 0);
      uint32_t threads = 1;
      for (const auto& cpu : c.topology.cpus)
        if (cpu.online) threads = std::max(threads, ++width[cpu.core]);
      floors += cpus_of(l.cpus.floor, c.topology.online_count(), threads);
    }
  RC_ASSERT(p.ok() == (floors <= c.topology.online_count()));
  RC_PRE(p.ok());
  const bool roomy = floors + (has_open(c) ? 1 : 0) <= c.topology.online_count();
  RC_ASSERT(roomy == p->notes.empty());
  for (const DomainPlan& d : p->domains) {
    if (d.kind == LayerKind::kOpen) continue;
    RC_ASSERT(d.owned.size() <= d.ceiling);
    if (roomy) RC_ASSERT(d.owned.size() >= d.floor);
  }
  if (has_open(c)) RC_ASSERT(!p->pool.empty());
}

RC_GTEST_PROP(PlanProperty, CeilingsAreTheOnlyReasonForIdleCpus, ()) {
  const Case c = any_case();
  auto p = planned(c);
  RC_PRE((p.ok() && !has_open(c)));
  if (!p->pool.empty())
    for (const DomainPlan& d : p->domains) RC_ASSERT(d.owned.size() == d.ceiling);
}

RC_GTEST_PROP(PlanProperty, SharesFollowWeights, ()) {
  // Without SMT, bounds apart, no CPU handed from one layer to another brings the two closer to their
  // weights.
  Case c = any_case();
  for (auto& cpu : c.topology.cpus) cpu.core = static_cast<uint32_t>(&cpu - c.topology.cpus.data());
  c.topology.core_count = static_cast<uint32_t>(c.topology.cpus.size());
  auto p = planned(c);
  RC_PRE(p.ok());
  RC_PRE(p->notes.empty());
  for (const DomainPlan& poor : p->domains)
    for (const DomainPlan& rich : p->domains) {
      if (poor.kind == LayerKind::kOpen || rich.kind == LayerKind::kOpen) continue;
      if (poor.owned.size() >= poor.ceiling || rich.owned.size() <= rich.floor) continue;
      RC_ASSERT((2 * poor.owned.size() + 1) * rich.weight >= (2 * rich.owned.size() - 1) * poor.weight);
    }
}

RC_GTEST_PROP(PlanProperty, Deterministic, ()) {
  const Case c = any_case();
  auto a = planned(c);
  auto b = planned(c);
  RC_ASSERT(a.ok() == b.ok());
  if (a.ok()) RC_ASSERT(*a == *b);
}

RC_GTEST_PROP(PlanProperty, OrderOfInputsDoesNotMatter, ()) {
  const Case c = any_case();
  auto expected = planned(c);
  Case shuffled = c;
  std::mt19937 random(*rc::gen::arbitrary<uint32_t>());
  std::shuffle(shuffled.topology.cpus.begin(), shuffled.topology.cpus.end(), random);
  std::shuffle(shuffled.layers.begin(), shuffled.layers.end(), random);
  auto actual = planned(shuffled);
  RC_ASSERT(actual.ok() == expected.ok());
  if (actual.ok()) RC_ASSERT(*actual == *expected);
}

RC_GTEST_PROP(PlanProperty, HotplugMovesAsLittleAsTheNumbersAllow, ()) {
  Case c = any_case();
  auto before = planned(c);
  RC_PRE(before.ok());
  std::mt19937 random(*rc::gen::arbitrary<uint32_t>());
  const auto changes = *rc::gen::inRange<uint32_t>(0, 6);
  for (uint32_t k = 0; k < changes; ++k) {
    auto& cpu = c.topology.cpus[random() % c.topology.cpus.size()];
    cpu.online = !cpu.online;
  }
  RC_PRE(c.topology.online_count() > 0);
  auto after = planned(c, &*before);
  RC_ASSERT(after.ok());
  check_sound(c, *after);
  auto kept_of = [&](const std::vector<uint32_t>& had, const std::vector<uint32_t>& has) {
    std::vector<uint32_t> still;
    for (uint32_t id : had)
      if (std::binary_search(after->online.begin(), after->online.end(), id)) still.push_back(id);
    std::vector<uint32_t> kept;
    std::set_intersection(still.begin(), still.end(), has.begin(), has.end(), std::back_inserter(kept));
    RC_ASSERT(kept.size() == std::min(still.size(), has.size()));
  };
  kept_of(before->pool, after->pool);
  for (const DomainPlan& d : before->domains) kept_of(d.owned, after->find(d.domain)->owned);
}

RC_GTEST_PROP(PlanProperty, NothingChangedNothingMoves, ()) {
  const Case c = any_case();
  auto before = planned(c);
  RC_PRE(before.ok());
  auto after = planned(c, &*before);
  RC_ASSERT(after.ok());
  RC_ASSERT(after->owner == before->owner);
}

RC_GTEST_PROP(PlanProperty, MoreWeightNeverMeansFewerCpus, ()) {
  Case c = any_case();
  auto before = planned(c);
  RC_PRE(before.ok());
  auto& layer = c.layers[*rc::gen::inRange<size_t>(0, c.layers.size())];
  RC_PRE(layer.kind != LayerKind::kOpen);
  for (auto& cpu : c.topology.cpus) cpu.core = static_cast<uint32_t>(&cpu - c.topology.cpus.data());
  c.topology.core_count = static_cast<uint32_t>(c.topology.cpus.size());
  auto flat = planned(c);
  RC_PRE(flat.ok());
  layer.weight = std::min(10000U, layer.weight * 2);
  auto heavier = planned(c);
  RC_ASSERT(heavier.ok());
  RC_ASSERT(heavier->find(layer.domain)->owned.size() >= flat->find(layer.domain)->owned.size());
}

TEST(PlanProperty, LargeMachines) {
  // The same soundness up to 4,096 CPUs and 256 domains, fewer cases.
  std::mt19937 random(7);
  for (int round = 0; round < 6; ++round) {
    Case c;
    c.topology = *topology::synthetic(round % 2 == 0 ? "8n2s8l16c2t" : "2s8l8c2t");
    for (auto& cpu : c.topology.cpus) cpu.online = round < 2 || random() % 4 != 0;
    const uint32_t domains = round % 2 == 0 ? 256 : 64;
    for (uint32_t d = 0; d < domains; ++d)
      c.layers.push_back({d,
                          fmt::format("l{}", d),
                          d % 5 == 0 ? LayerKind::kOpen : LayerKind::kConfined,
                          {{CpuAmount::Unit::kCpus, 1 + static_cast<uint32_t>(random() % 3)},
                           {CpuAmount::Unit::kPercent, 1 + static_cast<uint32_t>(random() % 100)}},
                          1 + static_cast<uint32_t>(random() % 10000)});
    auto p = planned(c);
    ASSERT_TRUE(p.ok()) << p.error().message;
    check_sound(c, *p);
  }
}

}  // namespace
}  // namespace scx::plan
