// Cells while things change on a real kernel: cells that end with tasks in
// their queues, sizes that follow demand, homes that leave a cache, CPUs that
// come back from borrowers.
#include <algorithm>

#include <gmock/gmock.h>

#include "tests/vm/guest/cell_fixture.h"

namespace scx::testing {
namespace {

using ::testing::IsSubsetOf;

// Every one of them does something from now on; the time is the statistics' own.
void expect_progress(Loaded& scheduler, const std::vector<Task>& tasks) {
  std::vector<uint64_t> before;
  for (const Task& task : tasks) before.push_back(task.units());
  for (size_t k = 0; k < tasks.size(); ++k) {
    for (int tries = 0; tries < 20 && tasks[k].units() == before[k]; ++tries) (void)scheduler->fresh_stats();
    EXPECT_GT(tasks[k].units(), before[k]) << "task " << k << " of " << tasks.size() << " starves";
  }
}

// First without the cpu controller, whose hooks sched_ext has, then with it.
TEST(CellChanges, AnEndedCellLosesNoTask) {
  const Cgroup tenants("/tenants");
  Loaded scheduler("tenants");
  for (const bool controller : {false, true}) {
    SCOPED_TRACE(controller ? "with the cpu controller" : "without the cpu controller");
    if (controller) {
      write_text(std::string(kCgroupRoot) + "/cgroup.subtree_control", "+cpu");
      ASSERT_TRUE(tenants.write("cgroup.subtree_control", "+cpu"));
    }
    std::vector<Task> survivors;
    {
      const Cgroup a("/tenants/a");
      ASSERT_TRUE(until_running(scheduler, "tenants:/tenants/a"));
      EXPECT_EQ(!a.read("cpu.weight").empty(), controller);
      survivors = hogs(6, a.path());
      survivors.emplace_back(TaskSpec{.cgroup = a.path(), .nice = -5});
      const std::vector<Task> victims = hogs(4, a.path());
      let_run(500);
      for (Task& task : survivors) task.move_to("/");
      // The victims are killed in their queues, and the cgroup goes.
    }
    EXPECT_TRUE(until_running(scheduler, "tenants:/tenants/a", false));
    expect_progress(scheduler, survivors);
  }
  // All slots are free again: as many cells as the family may have.
  std::vector<Cgroup> all;
  for (const char* name : {"/tenants/b", "/tenants/c", "/tenants/d", "/tenants/e"}) all.emplace_back(name);
  for (const Cgroup& one : all) EXPECT_TRUE(until_running(scheduler, "tenants:" + one.path()));
  const std::vector<Task> tasks = hogs(2, "/tenants/e");
  expect_progress(scheduler, tasks);
}

// Cells come in whole cores: of four, root and the idle side keep one each.
TEST(CellChanges, RebalancingFollowsDemandAndSettles) {
  const Cgroup a("/sides/a"), b("/sides/b");
  Loaded scheduler("balance");
  ASSERT_TRUE(until_running(scheduler, "sides:/sides/a"));
  ASSERT_TRUE(until_running(scheduler, "sides:/sides/b"));
  const auto sizes = [&] {
    return std::pair(cpus_of(scheduler, "sides:/sides/a").size(),
                     cpus_of(scheduler, "sides:/sides/b").size());
  };
  const auto until = [&](auto holds) {
    for (int tries = 0; tries < 40; ++tries)
      if (const auto [in_a, in_b] = sizes(); holds(in_a, in_b)) return true;
    return false;
  };
  {
    const std::vector<Task> load = hogs(8, a.path());
    EXPECT_TRUE(until([](size_t in_a, size_t in_b) { return in_a == 4 && in_b == 2; }));
    // Under the same load nothing moves any more, once it has come to rest.
    unsigned still = 0;
    auto settled = cpus_of(scheduler, "sides:/sides/a");
    for (int tries = 0; tries < 30 && still < 8; ++tries) {
      const auto now = cpus_of(scheduler, "sides:/sides/a");
      still = now == settled ? still + 1 : 0;
      settled = now;
    }
    EXPECT_EQ(still, 8U);
  }
  const std::vector<Task> load = hogs(8, b.path());
  EXPECT_TRUE(until([](size_t in_a, size_t in_b) { return in_b == 4 && in_a == 2; }));
}

TEST(CellChanges, CpusetsThatCoverEveryCpuLeaveRootOne) {
  if (guest_topology().cpus() != 8) GTEST_SKIP() << "its lists of CPUs are for eight";
  const Cgroup boxes("/boxes");
  ASSERT_TRUE(boxes.write("cgroup.subtree_control", "+cpuset"));
  const Cgroup a("/boxes/a"), b("/boxes/b");
  ASSERT_TRUE(a.write("cpuset.cpus", "0-3"));
  ASSERT_TRUE(b.write("cpuset.cpus", "4-7"));
  Loaded scheduler("cpusets");
  ASSERT_TRUE(until_running(scheduler, "boxes:/boxes/a"));
  ASSERT_TRUE(until_running(scheduler, "boxes:/boxes/b"));
  std::vector<Task> tasks = hogs(4, "/boxes/a");
  for (Task& task : hogs(4, "/boxes/b")) tasks.push_back(std::move(task));
  for (Task& task : hogs(3, "/")) tasks.push_back(std::move(task));
  expect_progress(scheduler, tasks);
  EXPECT_FALSE(cpus_of(scheduler, "root").empty());
  EXPECT_THAT(cpus_of(scheduler, "boxes:/boxes/a"), IsSubsetOf(std::vector<unsigned>{0, 1, 2, 3}));
  EXPECT_THAT(cpus_of(scheduler, "boxes:/boxes/b"), IsSubsetOf(std::vector<unsigned>{4, 5, 6, 7}));
}

// More tasks than CPUs, so that some wait in the cache that is left.
TEST(CellChanges, AHomeThatLeavesItsCacheLeavesNoTaskBehind) {
  if (guest_topology().cpus() != 8) GTEST_SKIP() << "its lists of CPUs are for eight";
  const Cgroup boxes("/boxes");
  ASSERT_TRUE(boxes.write("cgroup.subtree_control", "+cpuset"));
  const Cgroup a("/boxes/a");
  ASSERT_TRUE(a.write("cpuset.cpus", "0-1"));
  Loaded scheduler("cpusets");
  ASSERT_TRUE(until_running(scheduler, "boxes:/boxes/a"));
  std::vector<Task> tasks = hogs(6, a.path());
  for (const char* cpus : {"6-7", "0-1"}) {
    ASSERT_TRUE(a.write("cpuset.cpus", cpus));
    const std::vector<unsigned> home = parse_cpu_list(cpus);
    ASSERT_TRUE(until_cpus_are(scheduler, "boxes:/boxes/a", home)) << cpus;
    for (Task& task : tasks) task.forget_cpus();
    expect_progress(scheduler, tasks);
    for (const Task& task : tasks) EXPECT_THAT(task.cpus_used(), IsSubsetOf(home));
  }
}

TEST(CellChanges, ABorrowersLoanIsTold) {
  const Cgroup prompt("/prompt.slice");
  Loaded scheduler("lenders");
  ASSERT_TRUE(until_running(scheduler, "prompt"));
  {
    const std::vector<Task> load = hogs(online_cpus().size() + 4, prompt.path());
    bool told = false;
    for (int tries = 0; tries < 20 && !told; ++tries) {
      (void)scheduler->fresh_stats();
      told = scheduler->output().find("\"event\":\"lent\"") != std::string::npos;
    }
    EXPECT_TRUE(told);
    // More tasks than CPUs wait somewhere.
    EXPECT_GT(scheduler->fresh_stats().at("cells").at("prompt").at("waiting"), 0);
  }
  bool returned = false;
  for (int tries = 0; tries < 24 && !returned; ++tries) {
    (void)scheduler->fresh_stats();
    returned = scheduler->output().find("\"event\":\"returned\"") != std::string::npos;
  }
  EXPECT_TRUE(returned);
}

}  // namespace
}  // namespace scx::testing
