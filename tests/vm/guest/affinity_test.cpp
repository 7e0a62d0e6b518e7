// Layers by where a task may run: each form of the test, followed when the
// affinity changes while the task runs flat out, and when CPUs come and go.
#include <gmock/gmock.h>

#include "tests/vm/guest/explained.h"
#include "tests/vm/guest/scheduler_fixture.h"

namespace scx::testing {
namespace {

using ::testing::IsSubsetOf;

const std::vector<unsigned> kFirstNode = {0, 1, 2, 3};
const std::vector<unsigned> kAll = {0, 1, 2, 3, 4, 5, 6, 7};
constexpr Work kLight{500, 10000};

// The policy's numbers are those of two nodes with four CPUs and a cache each.
bool fits() {
  return parse_cpu_list(read_text("/sys/devices/system/node/node1/cpulist")) ==
         std::vector<unsigned>{4, 5, 6, 7};
}

#define SKIP_ON_OTHER_SHAPES() \
  if (!fits()) GTEST_SKIP() << "wants two nodes of four CPUs"

TEST(Affinity, ByEachForm) {
  SKIP_ON_OTHER_SHAPES();
  const Task before({.comm = "aff-before", .cpus = {5, 7}, .work = kLight});
  Loaded scheduler("affine");
  const Task pinned({.comm = "aff-pinned", .cpus = {6}, .work = kLight});
  const Task node({.comm = "aff-node", .cpus = {4, 5, 6, 7}, .work = kLight, .threads = 1});
  const Task cache({.comm = "aff-cache", .cpus = {1, 2}, .work = kLight});
  const Task full({.comm = "aff-full", .work = kLight});
  const Task both({.comm = "aff-both", .cpus = {3, 4}, .work = kLight});
  EXPECT_TRUE(scheduler.counts("pinned", 1)) << scheduler.layer("pinned");
  EXPECT_TRUE(scheduler.counts("numa_1", 3)) << scheduler.layer("numa_1");
  EXPECT_TRUE(scheduler.counts("cache_0", 1)) << scheduler.layer("cache_0");
  EXPECT_TRUE(scheduler.counts("full", 1)) << scheduler.layer("full");
  expect_explained(pinned.pid(), "pinned");
  expect_explained(node.pid(), "numa_1");
  expect_explained(cache.pid(), "cache_0");
  expect_explained(full.pid(), "full");
}

TEST(Affinity, FollowsSchedSetaffinityWhileRunning) {
  SKIP_ON_OTHER_SHAPES();
  Loaded scheduler("affine");
  Task task({.comm = "aff-mover", .cpus = {3, 4}});
  const std::vector<unsigned> home = parse_cpu_list(scheduler.layer("numa_1").at("cpus").get<std::string>());
  ASSERT_TRUE(scheduler.counts("numa_1", 0));
  for (int round = 0; round < 2; ++round) {
    task.set_cpus({4, 5, 6, 7});
    EXPECT_TRUE(scheduler.counts("numa_1", 1));
    task.forget_cpus();
    let_run(300);
    EXPECT_THAT(task.cpus_used(), IsSubsetOf(home));
    task.set_cpus(kFirstNode);
    EXPECT_TRUE(scheduler.counts("cache_0", 1));
    task.set_cpus({2});
    EXPECT_TRUE(scheduler.counts("pinned", 1));
    task.set_cpus(kAll);
    EXPECT_TRUE(scheduler.counts("full", 1));
    task.set_cpus({3, 4});
    EXPECT_TRUE(scheduler.counts("full", 0));
  }
}

// Changes that no test of the policy can tell apart leave the task where it is, and many changes end right.
TEST(Affinity, ManyChangesEndRight) {
  SKIP_ON_OTHER_SHAPES();
  Loaded scheduler("affine");
  Task task({.comm = "aff-many", .cpus = {0, 1}});
  ASSERT_TRUE(scheduler.counts("cache_0", 1));
  const uint64_t entered = scheduler.total("cache_0", "entered");
  for (int i = 0; i < 500; ++i) task.set_cpus(i % 2 == 0 ? kFirstNode : std::vector<unsigned>{0, 1});
  EXPECT_EQ(scheduler.total("cache_0", "entered"), entered);
  for (int i = 0; i < 501; ++i) task.set_cpus(i % 2 == 0 ? std::vector<unsigned>{4, 5} : kFirstNode);
  EXPECT_TRUE(scheduler.counts("numa_1", 1));
  EXPECT_TRUE(scheduler.counts("cache_0", 0));
}

TEST(Affinity, FollowsACpuset) {
  SKIP_ON_OTHER_SHAPES();
  write_text("/sys/fs/cgroup/cgroup.subtree_control", "+cpuset");
  const Cgroup box("/affinity.slice");
  ASSERT_TRUE(box.write("cpuset.cpus", "0-7"));
  Loaded scheduler("affine");
  const Task task({.comm = "aff-boxed", .cgroup = box.path(), .threads = 1});
  EXPECT_TRUE(scheduler.counts("full", 2)) << scheduler.layer("full");
  ASSERT_TRUE(box.write("cpuset.cpus", "4-5"));
  EXPECT_TRUE(scheduler.counts("numa_1", 2)) << scheduler.layer("numa_1");
  ASSERT_TRUE(box.write("cpuset.cpus", "0"));
  EXPECT_TRUE(scheduler.counts("pinned", 2)) << scheduler.layer("pinned");
  ASSERT_TRUE(box.write("cpuset.cpus", "0-7"));
  EXPECT_TRUE(scheduler.counts("full", 2)) << scheduler.layer("full");
}

TEST(Affinity, FollowsHotplug) {
  SKIP_ON_OTHER_SHAPES();
  Loaded scheduler("affine");
  const Task both({.comm = "aff-both", .cpus = {2, 3, 7}});
  const Task nearly({.comm = "aff-nearly", .cpus = {0, 1, 2, 3, 4, 5, 6}});
  ASSERT_TRUE(scheduler.counts("cache_0", 0));
  ASSERT_TRUE(scheduler.counts("full", 0));
  set_online(7, false);
  EXPECT_TRUE(scheduler.counts("cache_0", 1)) << scheduler.layer("cache_0");
  EXPECT_TRUE(scheduler.counts("full", 1)) << scheduler.layer("full");
  set_online(7, true);
  EXPECT_TRUE(scheduler.counts("cache_0", 0)) << scheduler.layer("cache_0");
  EXPECT_TRUE(scheduler.counts("full", 0)) << scheduler.layer("full");
}

}  // namespace
}  // namespace scx::testing
