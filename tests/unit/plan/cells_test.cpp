// Cells: claims, alignment, overflow, sharing, rebalancing, and the planning mistakes of scx_mitosis.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/plan/support.h"

namespace scx::plan {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsSubsetOf;

constexpr auto kPercent = abi::CpuAmount::Unit::kPercent;

CellRequest yielding(CellRequest request, Overflow overflow = Overflow::kRoot) {
  request.overflow = overflow;
  return request;
}
CellRequest aligned(CellRequest request, Alignment align) {
  request.align = align;
  return request;
}
CellRequest follows_demand(CellRequest request, double threshold = 0.2) {
  request.rebalance = threshold;
  return request;
}
Demand uses(std::vector<std::optional<double>> cpus) { return {std::move(cpus)}; }

TEST(Cells, WeightsShareTheMachineWithRoot) {
  const Plan p = planned_cells(machine("2n1l8c"), {cell(0, 100), cell(1, 200), cell(2, 100)});
  EXPECT_EQ(cell_cpus(p, 0), 4U);
  EXPECT_EQ(cell_cpus(p, 1), 8U);
  EXPECT_EQ(cell_cpus(p, 2), 4U);
  EXPECT_THAT(p.find_cell(1)->owned, ElementsAreArray(ids(0, 7)));  // one cache
}

TEST(Cells, AmountsAreBoundsAndRootHasItsFloor) {
  CellRequest root = counted(0, at_least(12));
  const Plan p = planned_cells(machine("1s16c"), {root, counted(1, range(2, 8))});
  EXPECT_EQ(cell_cpus(p, 0), 12U);
  EXPECT_EQ(cell_cpus(p, 1), 4U);
  const Plan q = planned_cells(machine("1s16c"), {cell(0), counted(1, range(2, 3))});
  EXPECT_EQ(cell_cpus(q, 1), 3U);
  const Plan percent =
      planned_cells(machine("1s16c"), {cell(0), counted(1, {{kPercent, 25}, {kPercent, 30}})});
  EXPECT_EQ(cell_cpus(percent, 1), 4U);
}

TEST(Cells, ListsAndNodesAndAllowedSetsBoundTheirCells) {
  const topology::Topology t = machine("2n2l4c");
  CellRequest db = counted(1, range(4, 16));
  db.required.nodes = {1};
  CellRequest tenant = cell(2, 1000);
  tenant.allowed = ids(2, 9);
  const Plan p = planned_cells(t, {cell(0, 1), db, tenant, listed(3, {0, 1})});
  EXPECT_THAT(p.find_cell(1)->owned, IsSubsetOf(ids(8, 15)));
  EXPECT_THAT(p.find_cell(2)->owned, IsSubsetOf(ids(2, 9)));
  EXPECT_THAT(p.find_cell(3)->owned, ElementsAre(0, 1));
  EXPECT_GE(cell_cpus(p, 0), 1U);
}

TEST(Cells, ListsOfIdsThatTheMachineLacksAreAnError) {
  auto result = plan(machine("1s4c"), {cell(0), listed(1, {2, 3, 4, 9})}, {}, nullptr);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "cell `cell1` names CPUs 4,9, the machine has CPUs 0-3");
  EXPECT_EQ(result.error().reason, "no-such-cpu");
}

TEST(Cells, PercentagesOfLayersAreOfTheCellsOwnCpus) {
  CellRequest tenant = listed(1, ids(0, 7));
  LayerRequest half = confined(2, {{kPercent, 50}, {kPercent, 50}});
  tenant.layers.insert(tenant.layers.begin(), half);
  const Plan p = planned_cells(machine("1s32c"), {cell(0), tenant});
  EXPECT_EQ(p.find(2)->floor, 4U);
  EXPECT_EQ(owned(p, 2), 4U);
  EXPECT_EQ(p.find_cell(1)->pool, p.find(1)->home);
}

TEST(Cells, FloorsThatDoNotFitAreAnErrorAtLoadAndCutLater) {
  topology::Topology t = machine("1s12c");
  const std::vector<CellRequest> cells{cell(0), counted(1, at_least(6)), counted(2, at_least(3))};
  const Plan before = planned_cells(t, cells);
  for (uint32_t id = 6; id < 12; ++id) t.cpus[id].online = false;
  auto result = plan(t, cells, {}, nullptr);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason, "cells-do-not-fit");
  EXPECT_EQ(result.error().message,
            "the cells need at least 10 CPUs (`cell1` 6, `cell2` 3, `root` 1), the machine has 6 online");
  const Plan after = planned_cells(t, cells, &before);
  EXPECT_EQ(cell_cpus(after, 0), 1U);
  EXPECT_EQ(cell_cpus(after, 1), 3U);
  EXPECT_EQ(cell_cpus(after, 2), 2U);
  EXPECT_EQ(after.notes.size(), 2U);
}

TEST(Cells, OverflowingCellsGoWithoutBeforeStatedFloorsAreTouched) {
  const topology::Topology t = machine("1s8c");
  std::vector<CellRequest> cells{cell(0), counted(1, at_least(4))};
  for (uint32_t id = 2; id < 12; ++id) cells.push_back(yielding(cell(id)));
  const Plan p = planned_cells(t, cells);  // also at load: nothing that somebody can mkdir is an error
  EXPECT_EQ(fault_of(t, cells, p), "");
  EXPECT_EQ(cell_cpus(p, 1), 4U);
  EXPECT_EQ(cell_cpus(p, 4), 1U);
  EXPECT_EQ(cell_cpus(p, 5), 0U);  // the last to come go without
  EXPECT_EQ(p.find_cell(11)->runs_in, kRootCell);
  EXPECT_EQ(p.find(11)->home, p.find(0)->home);
  EXPECT_THAT(text_of(p.notes[0]), HasSubstr("cell `cell5` gets no CPUs"));
}

TEST(Cells, OverflowShareStaysInsideTheAllowedSet) {
  const topology::Topology t = machine("1s4c");
  CellRequest crowded = yielding(listed(3, {2, 3}), Overflow::kShare);
  const std::vector<CellRequest> cells{cell(0), listed(1, {2}), listed(2, {3}), crowded};
  const Plan p = planned_cells(t, cells);
  EXPECT_EQ(cell_cpus(p, 3), 0U);
  EXPECT_THAT(p.find(3)->home, ElementsAre(2, 3));
  const Plan root = planned_cells(t, {cell(0), listed(1, {2}), listed(2, {3}), yielding(listed(3, {2, 3}))});
  EXPECT_THAT(root.find(3)->home, ElementsAre(0, 1));
}

TEST(Cells, AlignedCellsComeInWholeUnits) {
  const topology::Topology t = machine("2n4l4c2t");
  const std::vector<CellRequest> cells{cell(0), aligned(cell(1), Alignment::kLlc),
                                       aligned(cell(2), Alignment::kNode),
                                       aligned(cell(3), Alignment::kCore)};
  const Plan p = planned_cells(t, cells);
  EXPECT_TRUE(p.notes.empty());
  EXPECT_EQ(cell_cpus(p, 1) % 8, 0U);
  EXPECT_EQ(cell_cpus(p, 2), 32U);
  EXPECT_EQ(fault_of(t, cells, p), "");
  for (uint32_t id : p.find_cell(1)->owned)
    for (const auto& other : t.cpus)
      if (other.llc == t.find(id)->llc) EXPECT_EQ(p.cell[other.id], 1U);
  for (uint32_t id : p.find_cell(3)->owned) EXPECT_EQ(p.cell[id ^ 1U], 3U);  // the sibling
}

TEST(Cells, ANewAlignedCellMovesOthersOutOfItsUnit) {
  const topology::Topology t = machine("1n4l4c");
  const std::vector<CellRequest> before_cells{cell(0), listed(1, {0, 4, 8}), cell(2)};
  const Plan before = planned_cells(t, before_cells);
  const std::vector<CellRequest> cells{cell(0), listed(1, {0, 4, 8}), cell(2),
                                       aligned(cell(3), Alignment::kLlc)};
  const Plan p = planned_cells(t, cells, &before);
  EXPECT_THAT(p.find_cell(3)->owned, ElementsAre(12, 13, 14, 15));  // the only cache without a listed CPU
}

TEST(Cells, AlignmentGivesWayToFloorsWithANote) {
  const topology::Topology t = machine("1n2l4c2t");
  std::vector<CellRequest> cells{cell(0)};
  for (uint32_t id = 1; id < 4; ++id) cells.push_back(aligned(cell(id), Alignment::kLlc));
  const Plan p = planned_cells(t, cells);
  EXPECT_EQ(p.notes, (std::vector<Note>{{.kind = Note::Kind::kUnitsTooFew,
                                         .cells = {"cell1", "cell2", "cell3"},
                                         .unit = Alignment::kLlc}}));
  EXPECT_EQ(
      text_of(p.notes[0]),
      "cells `cell1`, `cell2`, `cell3` come in whole cores where last-level caches do not suffice for all "
      "floors");
  for (uint32_t id = 1; id < 4; ++id) EXPECT_EQ(cell_cpus(p, id), 4U);
  EXPECT_EQ(planned_cells(t, cells, &p), p);
}

TEST(Cells, SharingCellsRunOnTheirHostsCpus) {
  const topology::Topology t = machine("1s8c");
  CellRequest guest = cell(2);
  guest.share_with = 1;
  const Plan p = planned_cells(t, {cell(0), cell(1), guest});
  EXPECT_EQ(cell_cpus(p, 1), 4U);
  EXPECT_EQ(p.find_cell(2)->runs_in, 1U);
  EXPECT_EQ(p.find(2)->home, p.find(1)->home);
  const Plan gone = planned_cells(t, {cell(0), guest}, &p);
  EXPECT_EQ(gone.find(2)->home, gone.find(0)->home);
  EXPECT_THAT(text_of(gone.notes[0]), HasSubstr("`cell2` runs on root's CPUs"));
  CellRequest host = cell(1);
  host.share_with = 2;
  EXPECT_EQ(plan(t, {cell(0), host, guest}, {}, nullptr).error().reason, "bad-request");
}

TEST(Cells, RequestsThatNoPolicyMeansAreErrors) {
  const topology::Topology t = machine("1s8c");
  EXPECT_EQ(plan(t, {cell(1)}, {}, nullptr).error().reason, "bad-request");
  EXPECT_EQ(plan(t, {}, {}, nullptr).error().reason, "bad-request");
  EXPECT_EQ(plan(t, {cell(0), cell(1), cell(1)}, {}, nullptr).error().reason, "bad-request");
  EXPECT_EQ(plan(t, {listed(0, {1})}, {}, nullptr).error().reason, "bad-request");
  CellRequest twin = cell(1);
  twin.layers = {open(0)};
  EXPECT_EQ(plan(t, {cell(0), twin}, {}, nullptr).error().reason, "bad-request");
}

TEST(Cells, CpusOfAnEndedCellAreRootsAndANewOneDisturbsOnlyRoot) {
  const topology::Topology t = machine("4n1l4c");
  const Plan two = planned_cells(t, {cell(0), counted(1, range(4, 4)), counted(2, range(4, 4))});
  const Plan one = planned_cells(t, {cell(0), counted(1, range(4, 4))}, &two);
  EXPECT_EQ(one.find_cell(1)->owned, two.find_cell(1)->owned);
  EXPECT_EQ(cell_cpus(one, 0), 12U);
  const Plan again = planned_cells(t, {cell(0), counted(1, range(4, 4)), counted(3, range(4, 4))}, &one);
  EXPECT_EQ(again.find_cell(1)->owned, two.find_cell(1)->owned);
  EXPECT_EQ(cell_cpus(again, 3), 4U);
}

TEST(Cells, ExplainNamesCells) {
  const topology::Topology t = machine("2n1l4c");
  CellRequest tenant = listed(1, ids(4, 7));
  LayerRequest latency = confined(2, range(1, 2));
  latency.protects = true;
  tenant.layers.insert(tenant.layers.begin(), latency);
  EXPECT_EQ(explain(planned_cells(t, {cell(0), tenant}), t),
            "8 CPUs online (0-7), 6 in the pool\n"
            "  cell root: owns 4 (0-3), LLC 0; floor 1, 4 in its pool\n"
            "  cell cell1: owns 4 (4-7), LLC 1; floor 1, 2 in its pool\n"
            "  root/open0 (open, weight 100): shares 4 (0-3), LLC 0\n"
            "  cell1/open1 (open, weight 100): shares 2 (6-7), LLC 1\n"
            "  cell1/layer2 (confined, protected, weight 100): owns 2 (4-5), LLC 1; floor 1, ceiling 2\n");
}

TEST(Rebalance, MovesOnlyBeyondTheThresholdAndThenStaysStill) {
  const topology::Topology t = machine("1s64c");
  const std::vector<CellRequest> cells{cell(0), follows_demand(cell(1)), follows_demand(cell(2))};
  const Plan p = planned_cells(t, cells, nullptr, uses({4.0, 20.0, 20.0}));
  const Plan small = planned_cells(t, cells, &p, uses({4.0, 22.0, 19.0}));
  EXPECT_EQ(small.cell, p.cell);
  const Plan large = planned_cells(t, cells, &p, uses({4.0, 40.0, 10.0}));
  EXPECT_GT(cell_cpus(large, 1), cell_cpus(p, 1) + 10);
  EXPECT_EQ(planned_cells(t, cells, &large, uses({4.0, 40.0, 10.0})), large);
}

TEST(Rebalance, WaveringUseAroundARoundingEdgeMovesNothing) {
  const topology::Topology t = machine("1s8c");
  const std::vector<CellRequest> cells{follows_demand(cell(0), 0.0), follows_demand(cell(1), 0.0)};
  Plan p = planned_cells(t, cells, nullptr, uses({3.0, 3.0}));
  int moves = 0;
  for (int round = 0; round < 20; ++round) {
    const double wave = round % 2 == 0 ? 0.9 : 0.7;  // 2.6 and 2.2 of the 8 CPUs
    const Plan next = planned_cells(t, cells, &p, uses({3.0, wave * 1.6}));
    moves += round >= 2 && next.cell != p.cell ? 1 : 0;
    p = next;
  }
  EXPECT_EQ(moves, 0);
}

TEST(Rebalance, NewCellGetsItsShareAtOnce) {
  const topology::Topology t = machine("1s16c");
  const std::vector<CellRequest> two{cell(0), follows_demand(cell(1))};
  const Plan p = planned_cells(t, two, nullptr, uses({0.2, 12.0}));
  const std::vector<CellRequest> three{cell(0), follows_demand(cell(1)), follows_demand(cell(2))};
  const Plan q = planned_cells(t, three, &p, uses({0.2, 12.0, std::nullopt}));
  EXPECT_GE(cell_cpus(q, 2), 5U);
}

// --- Planning mistakes of scx_mitosis, by the numbers of the notes. ---

// 3.1 #10: division by zero weight.
TEST(MitosisBugs, N10ZeroWeightIsTheLeastWeight) {
  const topology::Topology t = machine("1s8c");
  const std::vector<CellRequest> cells{cell(0, 0), cell(1, 0), follows_demand(listed(2, ids(0, 3), 0))};
  EXPECT_EQ(fault_of(t, cells, planned_cells(t, cells, nullptr, uses({0.0, 0.0, 0.0}))), "");
}

// 3.1 #20: the split of contested CPUs depended on hash order and was unequal.
TEST(MitosisBugs, N20ContestedCpusAreSplitEquallyInAnyOrder) {
  const topology::Topology t = machine("1s16c");
  std::vector<CellRequest> cells{cell(0), listed(1, ids(0, 7)), listed(2, ids(4, 11)), listed(3, ids(4, 7))};
  const Plan p = planned_cells(t, cells);
  EXPECT_EQ(cell_cpus(p, 1), 4U);  // of its own, which cost nobody
  EXPECT_EQ(cell_cpus(p, 2), 4U);
  EXPECT_EQ(cell_cpus(p, 3), 4U);
  std::reverse(cells.begin(), cells.end());
  EXPECT_EQ(planned_cells(t, cells), p);
  const Plan weighted = planned_cells(t, {cell(0), listed(1, ids(0, 7), 300), listed(2, ids(0, 7), 100)});
  EXPECT_EQ(cell_cpus(weighted, 1), 6U);
  EXPECT_EQ(cell_cpus(weighted, 2), 2U);
}

// 3.1 #21: a cpuset was read only when its cell was made. A changed list is followed, nobody else moves.
TEST(MitosisBugs, N21ChangedCpusetsAreFollowed) {
  const topology::Topology t = machine("1s16c");
  const Plan p = planned_cells(t, {cell(0), listed(1, ids(0, 3)), listed(2, ids(4, 7))});
  const Plan q = planned_cells(t, {cell(0), listed(1, ids(8, 11)), listed(2, ids(4, 7))}, &p);
  EXPECT_THAT(q.find_cell(1)->owned, ElementsAreArray(ids(8, 11)));
  EXPECT_EQ(q.find_cell(2)->owned, p.find_cell(2)->owned);
}

// 3.1 #25: an empty cell mask is a subset of everything. No domain of a cell is ever at home nowhere.
TEST(MitosisBugs, N25NoDomainIsAtHomeNowhere) {
  topology::Topology t = machine("1s8c");
  const std::vector<CellRequest> cells{cell(0), listed(1, ids(4, 7)),
                                       yielding(listed(2, ids(4, 7)), Overflow::kShare)};
  const Plan before = planned_cells(t, cells);
  for (uint32_t id = 4; id < 8; ++id) t.cpus[id].online = false;
  const Plan p = planned_cells(t, cells, &before);
  EXPECT_EQ(fault_of(t, cells, p), "");
  EXPECT_EQ(p.find(1)->home, p.find(0)->home);
  EXPECT_EQ(p.find(2)->home, p.find(0)->home);
}

// 3.1 #26: child cpusets that cover every CPU left the root cell none.
TEST(MitosisBugs, N26CpusetsThatCoverEveryCpuLeaveRootOne) {
  const topology::Topology t = machine("2n1l8c");
  const std::vector<CellRequest> cells{cell(0), listed(1, ids(0, 7)), listed(2, ids(8, 15))};
  const Plan p = planned_cells(t, cells);
  EXPECT_EQ(cell_cpus(p, 0), 1U);
  EXPECT_EQ(cell_cpus(p, 1) + cell_cpus(p, 2), 15U);
  const Plan more =
      planned_cells(t, {counted(0, at_least(4)), listed(1, ids(0, 7)), listed(2, ids(8, 15))}, &p);
  EXPECT_EQ(cell_cpus(more, 1), 6U);
  EXPECT_EQ(cell_cpus(more, 2), 6U);
}

// 3.2 b: weights were percentages of own capacity; 64 CPUs with demands 0.5, 20 and 5 never came to rest.
TEST(MitosisBugs, BRebalancingByDemandSettles) {
  const topology::Topology t = machine("1s64c");
  const std::vector<CellRequest> cells{follows_demand(cell(0)), follows_demand(cell(1)),
                                       follows_demand(cell(2))};
  const Demand demand = uses({0.5, 20.0, 5.0});
  Plan p = planned_cells(t, cells);
  int moves = 0;
  for (int round = 0; round < 300; ++round) {
    const Plan next = planned_cells(t, cells, &p, demand);
    moves += next.cell != p.cell ? 1 : 0;
    p = next;
  }
  EXPECT_EQ(moves, 1);
  EXPECT_EQ(cell_cpus(p, 0), 1U);
  EXPECT_NEAR(static_cast<double>(cell_cpus(p, 1)), 50.0, 1.0);
  EXPECT_NEAR(static_cast<double>(cell_cpus(p, 2)), 12.0, 1.0);
}

// 3.2 c: an idle cell kept 26 CPUs while a saturated one sat at 33.
TEST(MitosisBugs, CIdleCellsGiveTheirCpusBack) {
  const topology::Topology t = machine("1s64c");
  const std::vector<CellRequest> cells{follows_demand(cell(0)), follows_demand(cell(1)),
                                       follows_demand(cell(2))};
  const Plan p = planned_cells(t, cells, nullptr, uses({1.0, 30.0, 30.0}));
  const Plan q = planned_cells(t, cells, &p, uses({1.0, 0.0, 60.0}));
  EXPECT_LE(cell_cpus(q, 1), 1U);
  EXPECT_GE(cell_cpus(q, 2), 60U);
}

// 3.2 e: offline CPUs counted as the root cell's.
TEST(MitosisBugs, EOfflineCpusAreNobodys) {
  topology::Topology t = machine("1s8c");
  t.cpus[3].online = false;
  const Plan p = planned_cells(t, {cell(0), cell(1)});
  EXPECT_EQ(p.cell[3], kNoCell);
  EXPECT_EQ(cell_cpus(p, 0) + cell_cpus(p, 1), 7U);
}

// 3.2 f: more than 16 caches or 512 CPUs failed. 3.2 g: more cells than CPUs ended the scheduler.
TEST(MitosisBugs, FGManyCachesManyCellsFewCpus) {
  const topology::Topology large = machine("8n2s8l16c2t");
  EXPECT_EQ(fault_of(large, {cell(0), cell(1)}, planned_cells(large, {cell(0), cell(1)})), "");
  const topology::Topology small = machine("1s2c");
  std::vector<CellRequest> cells{cell(0)};
  for (uint32_t id = 1; id < 256; ++id) cells.push_back(yielding(cell(id)));
  const Plan p = planned_cells(small, cells);
  EXPECT_EQ(fault_of(small, cells, p), "");
  EXPECT_EQ(cell_cpus(p, 1), 1U);
}

// 1.4: CPUs were handed out in runs of ascending ids; a change of one CPU shifted every boundary and split
// cores.
TEST(MitosisBugs, OneCpuMoreMovesOneCpu) {
  const topology::Topology t = machine("1s16c");
  const Plan p =
      planned_cells(t, {cell(0), counted(1, range(4, 4)), counted(2, range(4, 4)), counted(3, range(4, 4))});
  const Plan q = planned_cells(
      t, {cell(0), counted(1, range(5, 5)), counted(2, range(4, 4)), counted(3, range(4, 4))}, &p);
  uint32_t moved = 0;
  for (size_t id = 0; id < p.cell.size(); ++id) moved += p.cell[id] != q.cell[id] ? 1 : 0;
  EXPECT_EQ(moved, 1U);
}

}  // namespace
}  // namespace scx::plan
