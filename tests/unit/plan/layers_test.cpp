// Layers by use, in their places and growth orders, and the planning mistakes of earlier schedulers.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/plan/support.h"

namespace scx::plan {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsSubsetOf;

LayerRequest ordered(uint32_t domain, abi::CpuRange cpus, GrowOrder order, Places required = {}) {
  LayerRequest layer = confined(domain, cpus);
  layer.grow = order;
  layer.required = std::move(required);
  return layer;
}
Demand uses(std::vector<std::optional<double>> cpus) { return {std::move(cpus)}; }

TEST(Sizing, GrowsAboveTheUpperBoundAndShrinksBelowTheLower) {
  const topology::Topology t = machine("1s16c");
  const std::vector<LayerRequest> layers{confined(0, at_least(1)), open(1)};
  Plan p = planned(t, layers, nullptr, uses({3.0, 0.0}));
  EXPECT_EQ(owned(p, 0), 4U);  // 3 / 0.8
  p = planned(t, layers, &p, uses({3.3, 0.0}));
  EXPECT_EQ(owned(p, 0), 5U);  // above 80% of 4
  p = planned(t, layers, &p, uses({2.5, 0.0}));
  EXPECT_EQ(owned(p, 0), 5U);  // 50% of 5 is not below it
  p = planned(t, layers, &p, uses({2.4, 0.0}));
  EXPECT_EQ(owned(p, 0), 4U);
  p = planned(t, layers, &p, uses({0.0, 0.0}));
  EXPECT_EQ(owned(p, 0), 1U);  // the floor
  p = planned(t, layers, &p, uses({40.0, 0.0}));
  EXPECT_EQ(owned(p, 0), 15U);  // all but the pool's
}

TEST(Sizing, TheUpperBoundWinsWhereBothCannotHold) {
  const topology::Topology t = machine("1s16c");
  LayerRequest narrow = confined(0, at_least(1));
  narrow.util = {90, 91};
  const Plan p = planned(t, {narrow, open(1)}, nullptr, uses({4.6, 0.0}));
  EXPECT_EQ(owned(p, 0), 6U);  // ceil(5.05) although floor(5.1) is 5
  EXPECT_EQ(planned(t, {narrow, open(1)}, &p, uses({4.6, 0.0})), p);
}

TEST(Sizing, CeilingsAndFloorsBoundUse) {
  const topology::Topology t = machine("1s16c");
  const Plan p = planned(t, {confined(0, range(2, 4)), confined(1, range(3, 9)), open(2)}, nullptr,
                         uses({50.0, 0.1, 1.0}));
  EXPECT_EQ(owned(p, 0), 4U);
  EXPECT_EQ(owned(p, 1), 3U);
}

TEST(Sizing, SlackGoesToWhoeverNeedsIt) {
  // Both kept 6 by hysteresis; now one needs 8 and takes what the other only holds.
  const topology::Topology t = machine("1s13c");
  const std::vector<LayerRequest> layers{confined(0, at_least(1)), confined(1, at_least(1)), open(2)};
  Plan p = planned(t, layers, nullptr, uses({4.8, 4.8, 0.0}));
  EXPECT_EQ(owned(p, 0), 6U);
  EXPECT_EQ(owned(p, 1), 6U);
  p = planned(t, layers, &p, uses({3.1, 6.4, 0.0}));
  EXPECT_EQ(owned(p, 0), 4U);
  EXPECT_EQ(owned(p, 1), 8U);
}

TEST(Sizing, ContendedCpusGoByWeight) {
  const topology::Topology t = machine("1s12c");
  const Plan p = planned(t, {confined(0, at_least(1), 100), confined(1, at_least(1), 300)}, nullptr,
                         uses({std::nullopt, 50.0}));
  EXPECT_EQ(owned(p, 0), 3U);
  EXPECT_EQ(owned(p, 1), 9U);
}

TEST(Sizing, NonsenseInDemandIsBounded) {
  const topology::Topology t = machine("1s8c");
  const std::vector<LayerRequest> layers{confined(0, at_least(1)), open(1)};
  const double nan = std::nan("");
  EXPECT_EQ(owned(planned(t, layers, nullptr, uses({nan, 0.0})), 0), 7U);
  EXPECT_EQ(owned(planned(t, layers, nullptr, uses({-5.0, 0.0})), 0), 1U);
  EXPECT_EQ(owned(planned(t, layers, nullptr, uses({1e300, 0.0})), 0), 7U);
  LayerRequest flat = confined(0, at_least(1));
  flat.util = {0, 0};
  EXPECT_EQ(owned(planned(t, {flat, open(1)}, nullptr, uses({1.0, 0.0})), 0), 7U);
}

TEST(Growth, StickyStaysInItsCacheAndThenGoesNear) {
  const topology::Topology t = machine("2n2l4c");
  const std::vector<LayerRequest> layers{ordered(0, at_least(1), GrowOrder::kSticky), open(1)};
  const Plan three = planned(t, layers, nullptr, uses({2.4, 0.0}));
  EXPECT_THAT(three.find(0)->owned, ElementsAre(0, 1, 2));
  const Plan six = planned(t, layers, &three, uses({4.8, 0.0}));
  EXPECT_THAT(six.find(0)->owned, ElementsAre(0, 1, 2, 3, 4, 5));  // the second cache of its node
}

TEST(Growth, LinearTakesLowIdsAndReverseHighOnes) {
  const topology::Topology t = machine("2n2l4c");
  const std::vector<LayerRequest> layers{ordered(0, at_least(1), GrowOrder::kLinear),
                                         ordered(1, at_least(1), GrowOrder::kReverse), open(2)};
  Plan p = planned(t, layers, nullptr, uses({2.4, 1.6, 0.0}));
  EXPECT_THAT(p.find(0)->owned, ElementsAre(0, 1, 2));
  EXPECT_THAT(p.find(1)->owned, ElementsAre(14, 15));
  p = planned(t, layers, &p, uses({4.8, 4.0, 0.0}));
  EXPECT_THAT(p.find(0)->owned, ElementsAreArray(ids(0, 5)));
  EXPECT_THAT(p.find(1)->owned, ElementsAreArray(ids(11, 15)));
  p = planned(t, layers, &p, uses({1.0, 1.0, 0.0}));
  EXPECT_THAT(p.find(0)->owned, ElementsAre(0, 1));
  EXPECT_THAT(p.find(1)->owned, ElementsAre(14, 15));
}

TEST(Growth, TopoFillsListedCachesInTheirOrder) {
  const topology::Topology t = machine("2n2l4c");
  const std::vector<LayerRequest> layers{ordered(0, at_least(1), GrowOrder::kTopo, {{}, {3, 0, 1}}), open(1)};
  Plan p = planned(t, layers, nullptr, uses({4.8, 0.0}));
  EXPECT_THAT(p.find(0)->owned, ElementsAre(0, 1, 12, 13, 14, 15));
  p = planned(t, layers, &p, uses({2.0, 0.0}));
  EXPECT_THAT(p.find(0)->owned, ElementsAre(12, 13, 14, 15));
  const Plan nodes = planned(t, {ordered(0, at_least(1), GrowOrder::kTopo, {{1, 0}, {}}), open(1)}, nullptr,
                             uses({4.0, 0.0}));
  EXPECT_THAT(nodes.find(0)->owned, ElementsAre(8, 9, 10, 11, 12));
}

TEST(Growth, NodeSpreadKeepsNodesEqual) {
  const topology::Topology t = machine("4n1l4c");
  const std::vector<LayerRequest> layers{ordered(0, at_least(1), GrowOrder::kNodeSpread), open(1)};
  auto per_node = [&](const Plan& p) {
    std::vector<uint32_t> n(4, 0);
    for (uint32_t id : p.find(0)->owned) ++n[t.find(id)->node];
    return n;
  };
  Plan p = planned(t, layers, nullptr, uses({6.4, 0.0}));
  EXPECT_THAT(per_node(p), ElementsAre(2, 2, 2, 2));
  p = planned(t, layers, &p, uses({2.0, 0.0}));
  EXPECT_THAT(per_node(p), ElementsAre(1, 1, 1, 1));
  p = planned(t, layers, &p, uses({4.0, 0.0}));
  EXPECT_THAT(per_node(p), ElementsAre(2, 1, 1, 1));
}

TEST(Growth, NearIsFilledFirstAndGivenBackLast) {
  const topology::Topology t = machine("2n2l4c");
  for (GrowOrder order : {GrowOrder::kSticky, GrowOrder::kLinear, GrowOrder::kReverse, GrowOrder::kTopo,
                          GrowOrder::kNodeSpread}) {
    LayerRequest gpu = ordered(0, at_least(1), order);
    gpu.near = {{}, {2}};
    Plan p = planned(t, {gpu, open(1)}, nullptr, uses({4.8, 0.0}));
    EXPECT_EQ(owned(p, 0), 6U);
    for (uint32_t id : {8U, 9U, 10U, 11U}) EXPECT_EQ(p.owner[id], 0U) << static_cast<int>(order);
    p = planned(t, {gpu, open(1)}, &p, uses({1.5, 0.0}));
    EXPECT_THAT(p.find(0)->owned, IsSubsetOf(ids(8, 11))) << static_cast<int>(order);
  }
}

TEST(Growth, NearAGpuIsWhereTheTopologySays) {
  topology::Topology t = machine("2n2l4c");
  LayerRequest render = ordered(0, at_least(4), GrowOrder::kSticky);
  render.near_gpus = true;
  Plan p = planned(t, {render, open(1)}, nullptr, uses({2.0, 0.0}));
  EXPECT_THAT(p.find(0)->owned, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(p.notes, std::vector<Note>{{.kind = Note::Kind::kNoGpuNear}});
  EXPECT_THAT(text_of(p.notes[0]), HasSubstr("`place near gpu` has no effect"));
  t.gpu_llcs = {3};
  p = planned(t, {render, open(1)}, nullptr, uses({2.0, 0.0}));
  EXPECT_THAT(p.find(0)->owned, ElementsAre(12, 13, 14, 15));
  EXPECT_THAT(p.notes, ElementsAre());
}

TEST(Places, LayersOwnOnlyRequiredCpusAndOthersMakeRoom) {
  const topology::Topology t = machine("2n2l4c");
  LayerRequest anywhere = confined(0, at_least(1));
  const Plan first = planned(t, {anywhere, open(2)}, nullptr, uses({8.0, 0.0, 0.0}));
  EXPECT_EQ(owned(first, 0), 10U);
  LayerRequest bound = ordered(1, range(6, 8), GrowOrder::kSticky, {{0}, {}});
  const Plan p = planned(t, {anywhere, bound, open(2)}, &first, uses({6.4, std::nullopt, 0.0}));
  EXPECT_THAT(p.find(1)->owned, IsSubsetOf(ids(0, 7)));
  EXPECT_GE(owned(p, 1), 6U);
  EXPECT_GE(owned(p, 0), 7U);
  LayerRequest both = ordered(1, range(1, 8), GrowOrder::kSticky, {{1}, {1, 2}});
  EXPECT_THAT(planned(t, {both, open(2)}).find(1)->owned, ElementsAre(8, 9, 10, 11));
}

TEST(Places, IdsThatTheMachineLacksAreNamed) {
  const topology::Topology t = machine("2n2l4c");
  auto error_of = [&](Places required, Places near) {
    LayerRequest layer = ordered(0, at_least(1), GrowOrder::kSticky, std::move(required));
    layer.near = std::move(near);
    auto result = plan(t, {{kRootCell, "root", {layer, open(1)}}}, {}, nullptr);
    EXPECT_FALSE(result.ok());
    return result.ok() ? Error{} : result.error();
  };
  EXPECT_EQ(error_of({{1, 7, 5}, {}}, {}).message,
            "layer `layer0` names nodes 5,7, the machine has nodes 0-1");
  EXPECT_EQ(error_of({{1, 7}, {}}, {}).reason, "no-such-node");
  EXPECT_EQ(error_of({{}, {4}}, {}).message, "layer `layer0` names LLC 4, the machine has LLCs 0-3");
  EXPECT_EQ(error_of({}, {{}, {9}}).reason, "no-such-llc");
}

TEST(Places, FloorsThatTheirPlacesCannotHoldAreAnErrorThatSaysWhere) {
  const topology::Topology t = machine("2n1l4c");
  auto result =
      plan(t, {{kRootCell, "root", {ordered(0, at_least(5), GrowOrder::kSticky, {{1}, {}}), open(1)}}}, {},
           nullptr);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason, "floors-do-not-fit");
  EXPECT_EQ(result.error().message,
            "layer `layer0` needs at least 5 CPUs in nodes 1, cell `root` has 4 there for it");
}

TEST(Places, ALayerWithoutItsPlacesSharesThePool) {
  topology::Topology t = machine("2n1l2c");
  const std::vector<LayerRequest> layers{ordered(0, at_least(1), GrowOrder::kSticky, {{1}, {}}), open(1)};
  const Plan before = planned(t, layers);
  t.cpus[2].online = t.cpus[3].online = false;
  const Plan p = planned(t, layers, &before);
  EXPECT_THAT(p.find(0)->home, ElementsAre(0, 1));
  ASSERT_EQ(p.notes.size(), 1U);
  EXPECT_THAT(text_of(p.notes[0]), HasSubstr("`layer0` gets no CPUs of its own"));
}

TEST(Protected, NeverTakesTheLastCpuWhileThereIsAnotherLayer) {
  topology::Topology t = machine("1s3c");
  LayerRequest guarded = confined(0, at_least(1), 10000);
  guarded.protects = true;
  const Plan p = planned(t, {guarded, open(1)});
  EXPECT_EQ(p.protected_, p.find(0)->owned);
  EXPECT_EQ(p.pool.size(), 1U);
  LayerRequest second = guarded;
  second.domain = 1;
  for (uint32_t online : {2U, 1U}) {
    for (uint32_t id = online; id < 3; ++id) t.cpus[id].online = false;
    LayerRequest third = confined(2, at_least(1));
    const Plan less = planned(t, {guarded, second, third}, &p);
    EXPECT_EQ(fault_of(t, {{kRootCell, "root", {guarded, second, third}}}, less), "");
    for (const DomainPlan& d : less.domains)
      if (d.owned.empty())
        for (uint32_t id : d.home)
          EXPECT_EQ(std::count(less.protected_.begin(), less.protected_.end(), id), 0);
  }
  const Plan alone = planned(t, {guarded}, &p);
  EXPECT_EQ(alone.protected_.size(), 1U);
}

// --- Planning mistakes of earlier schedulers, by the names that the notes give them. ---

// layered 6.9 #5: a policy of open layers only never got CPUs.
TEST(LayeredBugs, OpenOnlyPolicyHasEveryCpu) {
  const Plan p = planned(machine("2n2l4c"), {open(0), open(1, 10)}, nullptr, uses({0.0, 0.0}));
  EXPECT_EQ(p.find(0)->home.size(), 16U);
  EXPECT_EQ(p.find(1)->home.size(), 16U);
}

// layered 6.9 #10: cpusets were compared with core indexes. Thread-major ids tell the two apart.
TEST(LayeredBugs, CpuListsAreCpuIdsNotCores) {
  topology::Topology t = machine("1s8c2t");
  for (uint32_t i = 0; i < 16; ++i) t.cpus[i].core = i % 8;
  const Plan p = planned_cells(t, {cell(kRootCell), listed(1, {8, 9, 10, 11})});
  EXPECT_THAT(p.find_cell(1)->owned, ElementsAre(8, 9, 10, 11));
}

// layered 6.9 #11: a layer with `llcs` only was budgeted on another node and got nothing.
TEST(LayeredBugs, LlcsOnlyLayerGetsItsCpus) {
  LayerRequest far = ordered(0, range(4, 4), GrowOrder::kSticky, {{}, {3}});
  const Plan p = planned(machine("2n2l4c"), {far, confined(1, at_least(1), 10000), open(2)});
  EXPECT_THAT(p.find(0)->owned, ElementsAre(12, 13, 14, 15));
}

// layered 6.9 #15: an offline CPU was an error or a panic; holes in the numbers too.
TEST(LayeredBugs, OfflineCpusAndHolesInNumbersArePlannedAround) {
  topology::Topology t = machine("2n2l4c");
  for (auto& cpu : t.cpus) cpu.id *= 3;
  const std::vector<LayerRequest> layers{confined(0, at_least(4)), open(1)};
  const Plan before = planned(t, layers);
  t.cpus[1].online = t.cpus[14].online = false;
  const Plan after = planned(t, layers, &before);
  EXPECT_EQ(fault_of(t, {{kRootCell, "root", layers}}, after), "");
}

// layered 8.2: minimums beyond the machine were dropped in silence, 8/8/8 of 16 became 4/4/8.
TEST(LayeredBugs, FloorsBeyondTheMachineAreNeverDroppedInSilence) {
  const std::vector<LayerRequest> layers{confined(0, at_least(8), 100), confined(1, at_least(8), 100),
                                         confined(2, at_least(8), 1000)};
  auto result = plan(machine("1s16c"), {{kRootCell, "root", layers}}, {}, nullptr);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason, "floors-do-not-fit");
}

// layered 8.2: ranges were rounded to cores, [5,5] became 6; #3271: small layers paid for it.
TEST(LayeredBugs, AmountsAreNotRoundedToCores) {
  const Plan p = planned(machine("1s8c2t"), {confined(0, range(5, 5)), confined(1, range(1, 1)), open(2)});
  EXPECT_EQ(owned(p, 0), 5U);
  EXPECT_EQ(owned(p, 1), 1U);
}

// layered 8.2: weights 1 and 10000, floors of 4 on 4 CPUs gave 1 and 3. Here floors fit or are an error.
TEST(LayeredBugs, WeightsDoNotOverruleFloors) {
  const Plan p = planned(machine("1s8c"), {confined(0, at_least(4), 1), confined(1, at_least(4), 10000)});
  EXPECT_EQ(owned(p, 0), 4U);
}

// layered #1575: sizes swung on large machines. A constant load moves nothing after the first call.
TEST(LayeredBugs, ConstantLoadSettlesAtOnce) {
  const topology::Topology t = machine("4n2l16c2t");
  std::vector<LayerRequest> layers;
  Demand demand;
  for (uint32_t d = 0; d < 20; ++d) {
    layers.push_back(confined(d, at_least(1), 1 + d * 31));
    demand.cpus.emplace_back(d * 1.7);
  }
  layers.push_back(open(20));
  const Plan p = planned(t, layers, nullptr, demand);
  EXPECT_EQ(planned(t, layers, &p, demand), p);
}

}  // namespace
}  // namespace scx::plan
