#include "runtime/plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/plan/support.h"

namespace scx::plan {
namespace {

using abi::CpuAmount;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto kCpus = CpuAmount::Unit::kCpus;
constexpr auto kCores = CpuAmount::Unit::kCores;
constexpr auto kPercent = CpuAmount::Unit::kPercent;

TEST(Plan, OneOpenLayerHasThePool) {
  const Plan p = planned(machine("2s2c2t"), {open(0)});
  EXPECT_EQ(p.pool.size(), 8U);
  EXPECT_EQ(p.find(0)->home.size(), 8U);
  EXPECT_TRUE(p.find(0)->owned.empty());
  for (uint32_t owner : p.owner) EXPECT_EQ(owner, kPool);
}

TEST(Plan, WeightsShareWhatFloorsLeave) {
  const Plan p = planned(machine("2s2c2t"), {confined(0, at_least(1), 100), open(1, 300)});
  EXPECT_THAT(p.find(0)->owned, ElementsAre(0, 1));
  EXPECT_EQ(p.find(1)->home.size(), 6U);
}

TEST(Plan, FloorsComeBeforeWeightsAndCeilingsHold) {
  const Plan p =
      planned(machine("2s4c"), {confined(0, at_least(4), 1), confined(1, range(1, 2), 10000), open(2)});
  EXPECT_EQ(p.find(0)->owned.size(), 4U);
  EXPECT_EQ(p.find(1)->owned.size(), 2U);
  EXPECT_EQ(p.pool.size(), 2U);
}

// The CPUs of the same core, `id` included.
std::vector<uint32_t> siblings(const topology::Topology& t, uint32_t id) {
  std::vector<uint32_t> ids;
  for (const topology::Cpu& other : t.cpus)
    if (other.core == t.find(id)->core) ids.push_back(other.id);
  return ids;
}

TEST(Plan, FillsOneCacheAndKeepsSiblingsTogether) {
  const topology::Topology t = machine("4s4c2t");
  const Plan p =
      planned(t, {confined(0, range(8, 8)), confined(1, range(4, 4)), confined(2, range(4, 4)), open(3)});
  for (uint32_t d = 0; d < 3; ++d) {
    const auto& owned = p.find(d)->owned;
    for (uint32_t id : owned) {
      EXPECT_EQ(t.find(id)->llc, t.find(owned.front())->llc) << "domain " << d;
      for (uint32_t sibling : siblings(t, id)) EXPECT_EQ(p.owner[sibling], d);
    }
  }
  // The two small ones fill one cache between them.
  EXPECT_EQ(t.find(p.find(1)->owned.front())->llc, t.find(p.find(2)->owned.front())->llc);
}

TEST(Plan, WholeCoresWhereAmountsAllow) {
  const topology::Topology t = machine("1s4c2t");
  const Plan p = planned(t, {confined(0, at_least(1)), confined(1, at_least(1)), open(2)});
  uint32_t broken = 0;
  for (const topology::Cpu& cpu : t.cpus)
    for (uint32_t sibling : siblings(t, cpu.id)) broken += p.owner[cpu.id] != p.owner[sibling] ? 1 : 0;
  EXPECT_EQ(broken, 0U);
}

TEST(Plan, AmountsMeanWhatTheReferenceSays) {
  EXPECT_EQ(cpus_of({kPercent, 25}, 7, 1), 1U);  // 1.75, down
  EXPECT_EQ(cpus_of({kPercent, 10}, 4, 1), 1U);  // at least 1
  EXPECT_EQ(cpus_of({kPercent, 100}, 7, 2), 7U);
  EXPECT_EQ(cpus_of({kCores, 2}, 8, 2), 4U);
  EXPECT_EQ(cpus_of({kCpus, 3}, 2, 1), 3U);
}

TEST(Plan, KnownDemandFreesCpusForOthers) {
  Demand demand;
  demand.cpus = {0.3, std::nullopt, std::nullopt};
  const Plan p = planned(machine("1s8c"), {confined(0, at_least(1)), confined(1, at_least(1)), open(2)},
                         nullptr, demand);
  EXPECT_EQ(p.find(0)->owned.size(), 1U);
  EXPECT_EQ(p.find(1)->owned.size(), 4U);
  EXPECT_EQ(p.pool.size(), 3U);
}

TEST(Plan, FloorsThatDoNotFitAreAnErrorWithNumbers) {
  auto result =
      plan(machine("1s2c"),
           {{kRootCell, "root", {confined(0, at_least(4)), confined(1, at_least(2)), open(2)}}}, {}, nullptr);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason, "floors-do-not-fit");
  EXPECT_EQ(result.error().message,
            "the layers of cell `root` need at least 6 CPUs (`layer0` 4, `layer1` 2), it has 2");
}

TEST(Plan, TheLastCpuIsNeverOwned) {
  const Plan p = planned(machine("1c"), {confined(0, at_least(1)), open(1)});
  EXPECT_THAT(p.pool, ElementsAre(0));
  EXPECT_THAT(p.find(0)->home, ElementsAre(0));
  EXPECT_THAT(p.find(1)->home, ElementsAre(0));
  ASSERT_EQ(p.notes.size(), 1U);
  EXPECT_THAT(text_of(p.notes[0]), HasSubstr("`layer0` gets no CPUs of its own"));
  const Plan four = planned(machine("4c"), {confined(0, range(4, 4)), open(1)});
  EXPECT_EQ(four.find(0)->owned.size(), 3U);
  EXPECT_EQ(four.pool.size(), 1U);
  EXPECT_THAT(text_of(four.notes[0]), HasSubstr("keeps 3 of the 4 CPUs of its floor"));
}

TEST(Plan, FloorsShrinkInProportionWhenTheCellShrinks) {
  topology::Topology t = machine("8c");
  const std::vector<LayerRequest> layers{confined(0, at_least(4)), confined(1, at_least(2)), open(2)};
  const Plan before = planned(t, layers);
  for (uint32_t id = 4; id < 8; ++id) t.cpus[id].online = false;
  const Plan after = planned(t, layers, &before);
  EXPECT_EQ(after.find(0)->owned.size(), 2U);
  EXPECT_EQ(after.find(1)->owned.size(), 1U);
  EXPECT_EQ(after.pool.size(), 1U);
  EXPECT_EQ(after.notes.size(), 2U);
  EXPECT_EQ(after.owner[6], kPool);
}

TEST(Plan, WithoutOpenLayersCutLayersLiveInThePool) {
  topology::Topology t = machine("4c");
  const std::vector<LayerRequest> layers{confined(0, at_least(1)), confined(1, at_least(1))};
  const Plan before = planned(t, layers);
  EXPECT_TRUE(before.pool.empty());
  for (uint32_t id = 1; id < 4; ++id) t.cpus[id].online = false;
  const Plan after = planned(t, layers, &before);
  EXPECT_THAT(after.pool, ElementsAre(0));
  EXPECT_THAT(after.find(0)->home, ElementsAre(0));
  EXPECT_THAT(after.find(1)->home, ElementsAre(0));
}

TEST(Plan, ReturningCpusMoveNoOther) {
  topology::Topology t = machine("2s4c2t");
  const std::vector<LayerRequest> layers{confined(0, at_least(2), 200), confined(1, range(2, 4)), open(2)};
  const Plan whole = planned(t, layers);
  t.cpus[5].online = false;
  const Plan less = planned(t, layers, &whole);
  t.cpus[5].online = true;
  const Plan again = planned(t, layers, &less);
  EXPECT_EQ(planned(t, layers, &whole), whole);  // nothing changed: nothing moves
  EXPECT_EQ(again.find(0)->owned.size(), whole.find(0)->owned.size());
  EXPECT_EQ(again.find(1)->owned.size(), whole.find(1)->owned.size());
}

TEST(Plan, ExplainsItself) {
  const topology::Topology t = machine("2s2c2t");
  const std::string text = explain(planned(t, {confined(0, {{kCpus, 2}, {kPercent, 25}}), open(1)}), t);
  EXPECT_EQ(text,
            "8 CPUs online (0-7), 6 in the pool\n"
            "  root/layer0 (confined, weight 100): owns 2 (0-1), LLC 0; floor 2, ceiling 2\n"
            "  root/open1 (open, weight 100): shares 6 (2-7), LLCs 0-1\n");
}

}  // namespace
}  // namespace scx::plan
