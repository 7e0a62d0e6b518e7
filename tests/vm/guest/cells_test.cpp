// Cells on a real kernel: whose CPUs are whose, and what happens when cgroups
// and cpusets come, change and go while everything runs flat out.
#include <algorithm>

#include <gmock/gmock.h>

#include "tests/vm/guest/cell_fixture.h"
#include "tests/vm/guest/explained.h"

namespace scx::testing {
namespace {

using ::testing::IsSubsetOf;
using ::testing::Not;
using ::testing::SizeIs;

TEST(Cells, TwoCellsNeverShareACpu) {
  const Cgroup left("/left.slice"), right("/right.slice");
  Loaded scheduler("halves");
  ASSERT_TRUE(until_running(scheduler, "left"));
  ASSERT_TRUE(until_running(scheduler, "right"));
  const std::vector<unsigned> left_cpus = cpus_of(scheduler, "left"),
                              right_cpus = cpus_of(scheduler, "right");
  ASSERT_THAT(left_cpus, SizeIs(2));
  ASSERT_THAT(right_cpus, SizeIs(2));
  EXPECT_NE(left_cpus, right_cpus);
  std::vector<Task> in_left = hogs(4, left.path()), in_right = hogs(4, right.path()), others = hogs(8, "/");
  let_run(1000);
  for (auto* group : {&in_left, &in_right, &others})
    for (Task& task : *group) task.forget_cpus();
  let_run(3000);
  std::vector<unsigned> owned = left_cpus;
  owned.insert(owned.end(), right_cpus.begin(), right_cpus.end());
  for (const Task& task : in_left) EXPECT_THAT(task.cpus_used(), IsSubsetOf(left_cpus));
  for (const Task& task : in_right) EXPECT_THAT(task.cpus_used(), IsSubsetOf(right_cpus));
  for (const Task& task : others)
    for (const unsigned cpu : task.cpus_used()) EXPECT_THAT(owned, Not(::testing::Contains(cpu)));
}

TEST(Cells, AFamilyFollowsItsCgroups) {
  Loaded scheduler("tenants");
  EXPECT_FALSE(running(scheduler, "tenants:/tenants/a"));
  {
    const Cgroup a("/tenants/a"), system("/tenants/system");
    ASSERT_TRUE(until_running(scheduler, "tenants:/tenants/a"));
    EXPECT_FALSE(running(scheduler, "tenants:/tenants/system"));
    const std::vector<unsigned> cpus = cpus_of(scheduler, "tenants:/tenants/a");
    const Cgroup below("/tenants/a/below");
    std::vector<Task> tasks = hogs(3, below.path());
    let_run(1000);
    for (Task& task : tasks) task.forget_cpus();
    let_run(1500);
    for (const Task& task : tasks) EXPECT_THAT(task.cpus_used(), IsSubsetOf(cpus));
    expect_explained(tasks[0].pid(), "bulk", "tenants");
    const Task urgent({.cgroup = below.path(), .nice = -5, .work = {500, 10000}});
    EXPECT_TRUE(until_explained(urgent.pid(), "latency"));
    const Task outside({.cgroup = system.path(), .work = {500, 10000}});
    EXPECT_TRUE(until_explained(outside.pid(), "rest"));
  }
  ASSERT_TRUE(until_running(scheduler, "tenants:/tenants/a", false));
  // The same path again is another cell, with counters of its own.
  const Cgroup again("/tenants/a");
  ASSERT_TRUE(until_running(scheduler, "tenants:/tenants/a"));
  EXPECT_EQ(scheduler->fresh_stats().at("cells").at("tenants:/tenants/a").at("tasks"), 0);
}

TEST(Cells, TwoCellsOnTheSameCpusHaveTimeByTheirWeights) {
  const Cgroup db("/db.slice"), monitor("/monitor.slice");
  Loaded scheduler("crowded");
  ASSERT_TRUE(until_running(scheduler, "monitor"));
  const std::vector<unsigned> cpus = cpus_of(scheduler, "db");
  ASSERT_THAT(cpus, SizeIs(2));
  std::vector<Task> in_db = hogs(3, db.path()), in_monitor = hogs(3, monitor.path());
  let_run(1000);
  for (Task& task : in_db) task.forget_cpus();
  for (Task& task : in_monitor) task.forget_cpus();
  // Both figures from one document: a later one would be about more time.
  const auto runtime = [](const nlohmann::json& stats, const char* cell) {
    return stats.at("cells").at(cell).at("layers").at("default").at("total").at("runtime_ns").get<double>();
  };
  const nlohmann::json before = scheduler->fresh_stats();
  let_run(6000);
  const nlohmann::json after = scheduler->fresh_stats();
  EXPECT_NEAR((runtime(after, "db") - runtime(before, "db")) /
                  (runtime(after, "monitor") - runtime(before, "monitor")),
              2.0, 0.3);
  for (const Task& task : in_db) EXPECT_THAT(task.cpus_used(), IsSubsetOf(cpus));
  for (const Task& task : in_monitor) EXPECT_THAT(task.cpus_used(), IsSubsetOf(cpus));
}

TEST(Cells, MoreCellsThanCpusShareThem) {
  std::vector<Cgroup> pods;
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"})
    pods.emplace_back(std::string("/pods/") + name);
  Loaded scheduler("crowded");
  ASSERT_TRUE(until_running(scheduler, "pods:/pods/j"));
  std::vector<Task> tasks;
  for (const Cgroup& pod : pods) tasks.emplace_back(TaskSpec{.cgroup = pod.path()});
  let_run(1000);
  std::vector<uint64_t> before;
  for (const Task& task : tasks) before.push_back(task.units());
  let_run(3000);
  for (size_t i = 0; i < tasks.size(); ++i) EXPECT_GT(tasks[i].units(), before[i] + 5) << pods[i].path();
}

TEST(Cells, MoreCgroupsThanSlotsStayWithRoot) {
  Loaded scheduler("tenants");
  std::vector<Cgroup> cgroups;
  for (const char* name :
       {"/tenants/a", "/tenants/b", "/tenants/c", "/tenants/d", "/tenants/e", "/tenants/f"})
    cgroups.emplace_back(name);
  ASSERT_TRUE(until_running(scheduler, "tenants:/tenants/d"));
  EXPECT_FALSE(running(scheduler, "tenants:/tenants/f"));
  const Task task({.cgroup = "/tenants/f"});
  const uint64_t before = task.units();
  let_run(1500);
  EXPECT_GT(task.units(), before);
  EXPECT_EQ(sched_ext_state(), "enabled");
}

TEST(Cells, FollowCpusets) {
  const Cgroup boxes("/boxes");
  ASSERT_TRUE(boxes.write("cgroup.subtree_control", "+cpuset"));
  const Cgroup a("/boxes/a"), b("/boxes/b");
  ASSERT_TRUE(a.write("cpuset.cpus", "0-1"));
  ASSERT_TRUE(b.write("cpuset.cpus", "4-5"));
  Loaded scheduler("cpusets");
  ASSERT_TRUE(until_running(scheduler, "boxes:/boxes/a"));
  EXPECT_THAT(cpus_of(scheduler, "boxes:/boxes/a"), IsSubsetOf(std::vector<unsigned>{0, 1}));
  EXPECT_THAT(cpus_of(scheduler, "boxes:/boxes/b"), IsSubsetOf(std::vector<unsigned>{4, 5}));
  const std::vector<Task> in_a = hogs(2, "/boxes/a"), in_b = hogs(2, "/boxes/b");
  ASSERT_TRUE(a.write("cpuset.cpus", "2-3"));
  const std::vector<unsigned> now = {2, 3};
  EXPECT_TRUE(until_cpus_are(scheduler, "boxes:/boxes/a", now));
}

TEST(Cells, ManyCgroupsComeAndGoUnderLoad) {
  Loaded scheduler("tenants");
  const std::vector<Task> busy = hogs(8, "/");
  for (int i = 0; i < 100; ++i) {
    const Cgroup passing("/tenants/passing-" + std::to_string(i));
    const Cgroup other("/elsewhere-" + std::to_string(i));
  }
  ASSERT_EQ(sched_ext_state(), "enabled") << scheduler->errors();
  const Cgroup last("/tenants/last");
  EXPECT_TRUE(until_running(scheduler, "tenants:/tenants/last"));
}

TEST(Cells, BorrowersUseIdleCpusAndGiveThemBack) {
  const Cgroup prompt("/prompt.slice"), miser("/miser.slice");
  Loaded scheduler("lenders");
  ASSERT_TRUE(until_running(scheduler, "prompt"));
  std::vector<Task> borrowers = hogs(8, "/prompt.slice");
  bool borrowed = false;
  for (int tries = 0; tries < 20 && !borrowed; ++tries)
    borrowed = scheduler->fresh_stats().at("cells").at("prompt").at("cpus_borrowed") > 1.0;
  EXPECT_TRUE(borrowed);
  const std::vector<unsigned> closed = cpus_of(scheduler, "miser");
  for (Task& task : borrowers) task.forget_cpus();
  let_run(1500);
  for (const Task& task : borrowers)
    for (const unsigned cpu : task.cpus_used()) EXPECT_THAT(closed, Not(::testing::Contains(cpu)));
}

}  // namespace
}  // namespace scx::testing
