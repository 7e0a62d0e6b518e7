#include "runtime/control/demand.h"

#include <gtest/gtest.h>

namespace scx::control {
namespace {

abi::Domain grouped() {
  abi::Domain domain;
  domain.kind = abi::LayerKind::kGrouped;
  domain.util = {50, 80};
  return domain;
}

plan::Plan owning(size_t cpus) {
  plan::DomainPlan domain;
  domain.kind = abi::LayerKind::kGrouped;
  domain.floor = 1;
  domain.ceiling = 8;
  for (uint32_t cpu = 0; cpu < cpus; ++cpu) domain.owned.push_back(cpu);
  plan::Plan plan;
  plan.domains = {domain};
  return plan;
}

class Domain {
 public:
  // Demand after `seconds` in which so many CPUs were used, and tasks waited so many seconds a second.
  double after(double seconds, double used, double waited, size_t owned) {
    counters_[0][SCX_STAT_RUNTIME_HOME] += static_cast<uint64_t>(used * seconds * 1e9);
    counters_[0][SCX_STAT_WAIT] += static_cast<uint64_t>(waited * seconds * 1e9);
    return meter_.update(counters_, owning(owned), seconds).cpus.at(0).value();
  }

  // Another cell begins in the slot.
  void restart() {
    counters_[0] = {};
    meter_.restart(0);
  }

 private:
  DemandMeter meter_{{grouped()}};
  std::vector<load::Counters> counters_{load::Counters{}};
};

TEST(Demand, IsWhatIsUsedWhileThereIsRoom) {
  Domain domain;
  // 1.5 of 2 CPUs are below 80 %: that tasks waited is chance.
  EXPECT_NEAR(domain.after(0.5, 1.5, 3.0, 2), 1.5, 1e-6);
}

TEST(Demand, CountsWaitingOnceTheCpusAreUsedUp) {
  Domain domain;
  EXPECT_NEAR(domain.after(0.5, 1.9, 0.7, 2), 2.6, 1e-6);
}

TEST(Demand, AtMostDoublesForWaiting) {
  Domain domain;
  EXPECT_NEAR(domain.after(0.5, 2.0, 40.0, 2), 4.0, 1e-6);
}

TEST(Demand, OfAnotherCellInTheSlotStartsAtNothing) {
  Domain domain;
  EXPECT_NEAR(domain.after(0.5, 1.5, 0.0, 2), 1.5, 1e-6);
  domain.restart();
  // Neither the smoothed demand of the former cell nor its counters take part.
  EXPECT_NEAR(domain.after(0.5, 0.25, 0.0, 2), 0.25, 1e-6);
}

TEST(Demand, OfADomainWithoutCpusComesFromWaiting) {
  Domain domain;
  EXPECT_NEAR(domain.after(0.5, 0.0, 5.0, 0), 1.0, 1e-6);
}

TEST(Demand, RisesAtOnceAndFallsByHalves) {
  Domain domain;
  EXPECT_NEAR(domain.after(0.5, 1.0, 0.0, 8), 1.0, 1e-6);
  EXPECT_NEAR(domain.after(0.5, 5.0, 0.0, 8), 5.0, 1e-6);
  EXPECT_NEAR(domain.after(DemandMeter::kHalfLife, 1.0, 0.0, 8), 3.0, 1e-6);
  EXPECT_NEAR(domain.after(DemandMeter::kHalfLife, 1.0, 0.0, 8), 2.0, 1e-6);
}

TEST(Demand, IsMeasuredOnlyForLayersWithRoomToGrow) {
  plan::Plan plan = owning(2);
  EXPECT_TRUE(sized_by_use(plan, {}));
  plan.domains[0].ceiling = plan.domains[0].floor;
  EXPECT_FALSE(sized_by_use(plan, {}));
  plan.domains[0].ceiling = 8;
  plan.domains[0].kind = abi::LayerKind::kOpen;
  EXPECT_FALSE(sized_by_use(plan, {}));
}

// Root, and a cell in slot 1 that is measured every second, a measurement counting a half.
class Cell {
 public:
  Cell() : meter_(declared()) {}

  // What the planner is told at `now` seconds, the cell's layer wanting so many CPUs.
  std::optional<double> at(double now, double wanted, size_t owned) {
    plan::Plan plan;
    plan.cells.resize(2);
    plan.cells[1].id = 1;
    plan.cells[1].owned.resize(owned);
    plan.domains.resize(1);
    plan.domains[0].cell_id = 1;
    plan::Demand demand;
    demand.cpus = {wanted};
    meter_.update(plan, now, demand);
    EXPECT_FALSE(demand.cells.at(0).has_value()) << "root has no rule";
    return demand.cells.at(1);
  }
  void restart() { meter_.restart(1); }

 private:
  static std::vector<abi::Cell> declared() {
    std::vector<abi::Cell> cells(2);
    cells[1].kind = abi::CellKind::kFamily;
    cells[1].first_slot = 1;
    cells[1].max = 1;
    cells[1].rebalance = abi::Rebalance{20, 1'000'000'000, 500, 2'000'000'000};
    return cells;
  }
  CellDemandMeter meter_;
};

TEST(CellDemand, IsAnAverageThatMovesByHalves) {
  Cell cell;
  EXPECT_DOUBLE_EQ(cell.at(3.0, 2.0, 4).value(), 2.0);  // the first measurement is all there is
  EXPECT_DOUBLE_EQ(cell.at(5.5, 4.0, 4).value(), 2.5);  // (2 + 4) / 2 is the average since, and counts a half
  EXPECT_DOUBLE_EQ(cell.at(6.0, 8.0, 4).value(), 2.5);  // not a second later
  EXPECT_DOUBLE_EQ(cell.at(6.5, 8.0, 4).value(), 5.25);
}

TEST(CellDemand, RestsAfterTheCellsCpusChanged) {
  Cell cell;
  cell.at(3.0, 2.0, 4);
  cell.at(5.5, 2.0, 4);
  EXPECT_DOUBLE_EQ(cell.at(7.0, 8.0, 6).value(), 2.0);
  EXPECT_DOUBLE_EQ(cell.at(8.5, 8.0, 6).value(), 2.0);
  EXPECT_GT(cell.at(9.5, 8.0, 6).value(), 4.0);
}

TEST(CellDemand, OfAnotherCellInTheSlotStartsAnew) {
  Cell cell;
  cell.at(3.0, 8.0, 4);
  cell.restart();
  EXPECT_DOUBLE_EQ(cell.at(9.0, 1.0, 4).value(), 1.0);
}

}  // namespace
}  // namespace scx::control
