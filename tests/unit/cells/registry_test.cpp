#include "runtime/cells/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/cells/names.h"
#include "tests/unit/cells/policies.h"

namespace scx::cells {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = Action::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint32_t kDb = 1;
constexpr uint32_t kTenants = 2;
const std::vector<uint32_t> kOnline{0, 1, 2, 3, 4, 5, 6, 7};

Registry registry_of(const Cells& cells) { return {cells.cells, cells.domains}; }

std::vector<EventKind> kinds(const std::vector<Event>& events) {
  std::vector<EventKind> out;
  for (const Event& event : events) out.push_back(event.kind);
  return out;
}

const plan::CellRequest& request(const std::vector<plan::CellRequest>& requests, uint32_t slot) {
  for (const plan::CellRequest& r : requests)
    if (r.id == slot) return r;
  ADD_FAILURE() << "no request for slot " << slot;
  return requests.front();
}

void drain(Registry& registry, uint32_t slot, Time at) {
  registry.queued(slot, 0, at);
  registry.queued(slot, 0, at + kDrainTime);
}

TEST(Registry, OnlyRootRunsAtFirst) {
  Registry registry = registry_of(root_db_tenants(2));
  EXPECT_THAT(registry.settle(Time{0}), IsEmpty());
  const auto requests = registry.requests(kOnline);
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].id, plan::kRootCell);
  EXPECT_EQ(registry.cells().size(), 1U);
}

TEST(Registry, AFamilyHasOneCellForEachCgroup) {
  Registry registry = registry_of(root_db_tenants(2));
  registry.began({10, "/tenants/a", kTenants});
  registry.began({11, "/tenants/b", kTenants});
  registry.began({10, "/tenants/a", kTenants});  // told twice: by the walk and by the kernel
  EXPECT_THAT(registry.settle(Time{5}),
              ElementsAre(Action{Kind::kOpenSlot, 2}, Action{Kind::kOpenSlot, 3},
                          Action{Kind::kAssignCgroup, 2, 10}, Action{Kind::kAssignCgroup, 3, 11}));
  EXPECT_THAT(registry.settle(Time{6}), IsEmpty());
  EXPECT_THAT(kinds(registry.take_events()), ElementsAre(EventKind::kCreated, EventKind::kCreated));
  const auto cells = registry.cells();
  ASSERT_EQ(cells.size(), 3U);
  EXPECT_EQ(cells[1].name, "tenants:/tenants/a");
  EXPECT_EQ(cells[1].short_name, "tenants:a");
  EXPECT_THAT(cells[2].cgroups, ElementsAre("/tenants/b"));
  const auto requests = registry.requests(kOnline);
  ASSERT_EQ(requests.size(), 3U);
  // Slot 3 is the family's second: its domains follow those of the first.
  EXPECT_EQ(request(requests, 3).layers[0].domain, 4U);
  EXPECT_EQ(request(requests, 3).layers[1].domain, 5U);
  EXPECT_EQ(request(requests, 3).layers[0].kind, abi::LayerKind::kConfined);
}

TEST(Registry, AnEndedCellThatNoneEnclosesDrainsOnRootsCpusBeforeItsSlotIsFree) {
  Registry registry = registry_of(root_db_tenants(1));
  registry.began({10, "/tenants/a", kTenants});
  (void)registry.settle(Time{0});
  registry.ended(10);
  EXPECT_THAT(registry.settle(seconds(1)), ElementsAre(Action{Kind::kCloseSlot, 2}));
  EXPECT_THAT(registry.draining(), ElementsAre(2U));
  const plan::CellRequest drained = request(registry.requests(kOnline), 2);
  EXPECT_EQ(drained.share_with, plan::kRootCell);
  EXPECT_EQ(drained.layers.size(), 2U);

  registry.queued(2, 0, seconds(2));
  registry.queued(2, 3, seconds(2) + milliseconds(200));  // one that was about to be queued
  registry.queued(2, 0, seconds(3));
  EXPECT_THAT(registry.draining(), ElementsAre(2U));
  registry.queued(2, 0, seconds(3) + milliseconds(999));
  EXPECT_THAT(registry.draining(), ElementsAre(2U));
  registry.queued(2, 0, seconds(4));
  EXPECT_THAT(registry.draining(), IsEmpty());
  EXPECT_EQ(registry.requests(kOnline).size(), 1U);
  EXPECT_THAT(kinds(registry.take_events()),
              ElementsAre(EventKind::kCreated, EventKind::kEnded, EventKind::kDrained));
}

// Tenants below the database: `/db` is cell 1, `/db/a` a tenant.
TEST(Registry, AnEndedCellDrainsInTheOneThatEnclosesIt) {
  Registry registry = registry_of(root_db_tenants(2));
  registry.began({10, "/db", kDb});
  registry.began({11, "/db/x/a", kTenants});
  registry.began({12, "/db/x/a/b", kTenants});
  (void)registry.settle(Time{0});
  registry.ended(12);
  (void)registry.settle(Time{1});
  EXPECT_EQ(request(registry.requests(kOnline), 3).share_with, 2U);
  registry.ended(11);
  (void)registry.settle(Time{2});
  EXPECT_EQ(request(registry.requests(kOnline), 2).share_with, kDb);
  EXPECT_EQ(request(registry.requests(kOnline), 3).share_with, plan::kRootCell) << "its host ended, too";
  registry.ended(10);
  (void)registry.settle(Time{3});
  EXPECT_EQ(request(registry.requests(kOnline), 2).share_with, plan::kRootCell);
}

TEST(Registry, WhoBeginsInTheSlotOfTheEnclosingCellTakesNothingOver) {
  Registry registry = registry_of(root_db_tenants(2));
  registry.began({10, "/tenants/a", kTenants});
  registry.began({11, "/tenants/a/b", kTenants});
  (void)registry.settle(Time{0});
  registry.ended(11);
  registry.ended(10);
  (void)registry.settle(Time{1});
  registry.queued(3, 1, seconds(1));
  drain(registry, 2, seconds(1));
  registry.began({20, "/tenants/c", kTenants});
  (void)registry.settle(seconds(3));
  EXPECT_EQ(registry.slot_of(20), 2U);
  EXPECT_EQ(request(registry.requests(kOnline), 3).share_with, plan::kRootCell);
}

TEST(Registry, TheCleanupSaysWhereACellDrains) {
  Cells cells = root_db_tenants(2);
  for (abi::Domain& domain : cells.domains)
    if (domain.slot >= kTenants) domain.cleanup.on_cgroup_exit = {abi::TaskDrain::To::kRoot, 0};
  Registry to_root = registry_of(cells);
  for (abi::Domain& domain : cells.domains)
    if (domain.slot >= kTenants) domain.cleanup.on_cgroup_exit = {abi::TaskDrain::To::kCell, kDb};
  Registry to_db = registry_of(cells);
  for (Registry* registry : {&to_root, &to_db}) {
    registry->began({10, "/db", kDb});
    registry->began({11, "/db/a", kTenants});
    registry->began({12, "/db/a/b", kTenants});
    (void)registry->settle(Time{0});
    registry->ended(12);
    (void)registry->settle(Time{1});
  }
  EXPECT_EQ(request(to_root.requests(kOnline), 3).share_with, plan::kRootCell);
  EXPECT_EQ(request(to_db.requests(kOnline), 3).share_with, kDb);
}

// scx_mitosis kept the old cell for a recreated cgroup and gave it a second one (scx pull request 3542).
TEST(Registry, ARecreatedPathIsAnotherCellInAnotherSlot) {
  Registry registry = registry_of(root_db_tenants(2));
  registry.began({10, "/tenants/a", kTenants});
  (void)registry.settle(Time{0});
  // That the first one ended was lost.
  registry.began({20, "/tenants/a", kTenants});
  EXPECT_THAT(registry.settle(Time{1}), ElementsAre(Action{Kind::kCloseSlot, 2}, Action{Kind::kOpenSlot, 3},
                                                    Action{Kind::kAssignCgroup, 3, 20}));
  EXPECT_EQ(registry.slot_of(10), std::nullopt);
  EXPECT_EQ(registry.slot_of(20), 3U);
  drain(registry, 2, seconds(1));
  registry.ended(20);
  (void)registry.settle(seconds(3));
  drain(registry, 3, seconds(3));
  registry.began({30, "/tenants/a", kTenants});
  (void)registry.settle(seconds(5));
  const auto cells = registry.cells();
  ASSERT_EQ(cells.size(), 2U);
  EXPECT_EQ(cells[1].slot, 2U);
  EXPECT_EQ(cells[1].generation, 2U);
}

TEST(Registry, CgroupsBeyondMaxStayWhereTheyAreUntilASlotIsFree) {
  Registry registry = registry_of(root_db_tenants(1));
  registry.began({10, "/tenants/a", kTenants});
  registry.began({11, "/tenants/b", kTenants});
  registry.began({12, "/tenants/c", kTenants});
  EXPECT_THAT(registry.settle(Time{0}),
              ElementsAre(Action{Kind::kOpenSlot, 2}, Action{Kind::kAssignCgroup, 2, 10}));
  (void)registry.settle(Time{1});
  const auto events = registry.take_events();
  EXPECT_THAT(kinds(events), ElementsAre(EventKind::kCreated, EventKind::kRefused, EventKind::kRefused));
  EXPECT_EQ(events[1].path, "/tenants/b");
  registry.ended(10);
  registry.ended(11);  // gone before it had a cell
  EXPECT_THAT(registry.settle(Time{2}), ElementsAre(Action{Kind::kCloseSlot, 2}));
  drain(registry, 2, seconds(1));
  EXPECT_THAT(registry.settle(seconds(2)),
              ElementsAre(Action{Kind::kOpenSlot, 2}, Action{Kind::kAssignCgroup, 2, 12}));
}

TEST(Registry, WhoWaitsForADrainingSlotIsNotRefused) {
  Registry registry = registry_of(root_db_tenants(1));
  registry.began({10, "/tenants/a", kTenants});
  (void)registry.settle(Time{0});
  registry.ended(10);
  registry.began({11, "/tenants/a", kTenants});
  (void)registry.settle(Time{1});
  drain(registry, 2, seconds(1));
  (void)registry.settle(seconds(2));
  EXPECT_EQ(registry.slot_of(11), 2U);
  EXPECT_THAT(kinds(registry.take_events()),
              ElementsAre(EventKind::kCreated, EventKind::kEnded, EventKind::kDrained, EventKind::kCreated));
}

TEST(Registry, AStaticCellRunsWhileOneOfItsCgroupsExists) {
  Registry registry = registry_of(root_db_tenants(1));
  registry.began({10, "/db.slice", kDb});
  (void)registry.settle(Time{0});
  registry.began({11, "/other-db.slice", kDb});
  EXPECT_THAT(registry.settle(Time{1}), ElementsAre(Action{Kind::kAssignCgroup, 1, 11}));
  registry.ended(10);
  EXPECT_THAT(registry.settle(Time{2}), IsEmpty());
  EXPECT_EQ(registry.cells()[1].name, "db");
  registry.ended(11);
  EXPECT_THAT(registry.settle(Time{3}), ElementsAre(Action{Kind::kCloseSlot, 1}));
}

TEST(Registry, ACgroupThatCameAndWentUnseenLeavesNothing) {
  Registry registry = registry_of(root_db_tenants(1));
  registry.began({10, "/tenants/a", kTenants});
  registry.ended(10);
  registry.ended(10);
  registry.ended(99);
  EXPECT_THAT(registry.settle(Time{0}), IsEmpty());
  EXPECT_THAT(registry.take_events(), IsEmpty());
}

TEST(Registry, AClaimThatIsNoDeclarationsIsIgnored) {
  Registry registry = registry_of(root_db_tenants(2));
  registry.began({10, "/a", 0});
  registry.began({11, "/b", 3});  // the second slot of a family
  registry.began({12, "/c", 77});
  EXPECT_THAT(registry.settle(Time{0}), IsEmpty());
}

TEST(Registry, ACensusEndsWhatIsGoneAndKeepsWhatIsHidden) {
  Registry registry = registry_of(root_db_tenants(4));
  registry.began({10, "/tenants/a", kTenants});
  registry.began({11, "/tenants/b", kTenants});
  registry.began({12, "/hidden/c", kTenants});
  registry.began({13, "/hidden-not/d", kTenants});
  (void)registry.settle(Time{0});
  registry.exist({{{11, "/tenants/b", kTenants}, {14, "/tenants/e", kTenants}}, {"/hidden"}});
  (void)registry.settle(Time{1});
  EXPECT_EQ(registry.slot_of(10), std::nullopt);
  EXPECT_EQ(registry.slot_of(11), 3U);
  EXPECT_EQ(registry.slot_of(12), 4U);
  EXPECT_EQ(registry.slot_of(13), std::nullopt);
  EXPECT_EQ(registry.slot_of(14), std::nullopt);  // it waits: two slots drain
  drain(registry, 2, seconds(1));
  (void)registry.settle(seconds(2));
  EXPECT_EQ(registry.slot_of(14), 2U);
}

TEST(Registry, ACgroupThatTheKernelDoesNotFindIsNotTriedAgain) {
  Registry registry = registry_of(root_db_tenants(2));
  registry.began({10, "/tenants/a", kTenants});
  (void)registry.settle(Time{0});
  registry.not_found(10);
  EXPECT_THAT(registry.settle(Time{1}), ElementsAre(Action{Kind::kCloseSlot, 2}));
  (void)registry.take_events();
  // Yet it is there: scx-run sees another hierarchy than the kernel, and that is said once.
  for (int i = 0; i < 2; ++i) {
    registry.exist({{{10, "/tenants/a", kTenants}}, {}});
    EXPECT_THAT(registry.settle(Time{2}), IsEmpty());
  }
  EXPECT_THAT(kinds(registry.take_events()), ElementsAre(EventKind::kRefused));
}

TEST(Registry, CpusFromCpusetAreAListOnlyIfItRestricts) {
  Cells cells = root_db_tenants(1);
  cells.cells[1].source = abi::CellCpus::kCpuset;
  Registry registry = registry_of(cells);
  registry.began({10, "/db.slice", kDb, {std::nullopt, kOnline}});
  (void)registry.settle(Time{0});
  auto db = [&] { return request(registry.requests(kOnline), 1); };
  EXPECT_EQ(db().claim.kind, plan::CellClaim::Kind::kWeight);
  EXPECT_EQ(db().allowed, std::nullopt);

  registry.cpuset(10, {std::vector<uint32_t>{2, 3}, std::vector<uint32_t>{2, 3}});
  EXPECT_EQ(db().claim.kind, plan::CellClaim::Kind::kList);
  EXPECT_THAT(db().claim.list, ElementsAre(2, 3));
  EXPECT_THAT(*db().allowed, ElementsAre(2, 3));

  // All of the machine: no restriction.
  registry.cpuset(10, {kOnline, kOnline});
  EXPECT_EQ(db().claim.kind, plan::CellClaim::Kind::kWeight);
  // What the cgroup above does not allow is not heeded by the kernel either.
  registry.cpuset(10, {std::vector<uint32_t>{6, 7}, std::vector<uint32_t>{0, 1}});
  EXPECT_EQ(db().claim.kind, plan::CellClaim::Kind::kWeight);
  EXPECT_THAT(*db().allowed, ElementsAre(0, 1));
}

TEST(Registry, EveryCellStaysWithinTheCpusetsOfItsCgroups) {
  Registry registry = registry_of(root_db_tenants(1));
  registry.began({10, "/db.slice", kDb, {std::nullopt, std::vector<uint32_t>{0, 1}}});
  registry.began({11, "/other-db.slice", kDb, {std::nullopt, std::vector<uint32_t>{4}}});
  (void)registry.settle(Time{0});
  EXPECT_THAT(*request(registry.requests(kOnline), 1).allowed, ElementsAre(0, 1, 4));
  registry.cpuset(11, {});  // could not be read
  EXPECT_EQ(request(registry.requests(kOnline), 1).allowed, std::nullopt);
}

TEST(Registry, SharesWithTheSlotOfTheOtherCellOrRoot) {
  Cells cells = root_db_tenants(1);
  cells.cells[2].share_with = "db";
  Registry registry = registry_of(cells);
  registry.began({10, "/tenants/a", kTenants});
  (void)registry.settle(Time{0});
  EXPECT_EQ(request(registry.requests(kOnline), 2).share_with, plan::kRootCell);
  registry.began({11, "/db.slice", kDb});
  (void)registry.settle(Time{1});
  EXPECT_EQ(request(registry.requests(kOnline), 2).share_with, kDb);
}

TEST(Names, ArePrintableWhateverThePathIs) {
  const Cells cells = root_db_tenants(1);
  EXPECT_EQ(cell_name(cells.cells[2], "/tenants/a\x1b[31m\n%s"), "tenants:\"/tenants/a\\x1b[31m\\x0a%s\"");
  EXPECT_EQ(short_cell_name(cells.cells[2], "/tenants/a b"), "tenants:\"a b\"");
  EXPECT_EQ(cell_name(cells.cells[1], "/db.slice\n"), "db");
  EXPECT_NE(shown("/a\\x0a"), shown("/a\n"));
}

}  // namespace
}  // namespace scx::cells
