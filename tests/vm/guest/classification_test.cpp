// Which layer a task is counted in: by each attribute, from its first moment,
// and again when the attribute changes while the task runs flat out.
#include <sched.h>

#include "tests/vm/guest/explained.h"
#include "tests/vm/guest/scheduler_fixture.h"

namespace scx::testing {
namespace {

// The layer's tasks now, and that they use CPU time there.
void expect_working(Loaded& scheduler, const std::string& layer, uint64_t tasks) {
  EXPECT_TRUE(scheduler.counts(layer, tasks))
      << layer << " has " << scheduler.layer(layer).at("tasks") << " tasks instead of " << tasks;
  const uint64_t before = scheduler.total(layer, "runtime_ns");
  EXPECT_TRUE(scheduler.until(layer,
                              [&](const nlohmann::json& figures) {
                                return figures.at("total").at("runtime_ns").get<uint64_t>() >
                                       before + 10'000'000;
                              }))
      << layer << " uses no CPU time";
}

// Enough to be counted, little enough that thirteen of them leave CPUs idle.
constexpr Work kLight{500, 10000};

TEST(Classification, ByEachAttribute) {
  Loaded scheduler("classes");
  const Cgroup inside("/class.slice/in/deep/er");
  const Cgroup beside("/class.slice/inside");
  const Cgroup globbed("/class.slice/any/glob");
  const Task comm({.comm = "named-task", .work = kLight});
  const Task suffix({.comm = "a-tail", .work = kLight});
  const Task contains({.comm = "x~mid~y", .work = kLight});
  const Task regex({.comm = "re42", .work = kLight});
  const Task leader({.comm = "chief", .work = kLight, .threads = 2, .thread_comm = "member"});
  const Task cgroup({.comm = "plain", .cgroup = inside.path(), .work = kLight});
  const Task neighbour({.comm = "plain", .cgroup = beside.path(), .work = kLight});
  const Task glob({.comm = "plain", .cgroup = globbed.path(), .work = kLight});
  const Task nice({.comm = "plain", .nice = 4, .work = kLight});
  const Task outside({.comm = "plain", .nice = 6, .work = kLight});
  const Task batch({.comm = "plain", .policy = SCHED_BATCH, .work = kLight});
  const Task uid({.comm = "plain", .uid = 2500, .work = kLight});
  const Task gid({.comm = "plain", .gid = 777, .work = kLight});
  expect_working(scheduler, "by_comm", 1);
  expect_working(scheduler, "by_text", 3);
  expect_working(scheduler, "by_leader", 2);
  expect_working(scheduler, "by_cgroup", 1);
  expect_working(scheduler, "by_glob", 1);
  expect_working(scheduler, "by_nice", 1);
  expect_working(scheduler, "by_sched", 1);
  expect_working(scheduler, "by_uid", 1);
  expect_working(scheduler, "by_gid", 1);
  EXPECT_GT(scheduler.layer("kernel").at("tasks"), 0);
  expect_explained(comm.pid(), "by_comm");
  expect_explained(regex.pid(), "by_text");
  expect_explained(other_thread(leader.pid()), "by_leader");
  expect_explained(leader.pid(), "rest");
  expect_explained(cgroup.pid(), "by_cgroup");
  expect_explained(neighbour.pid(), "rest");
  expect_explained(glob.pid(), "by_glob");
  expect_explained(nice.pid(), "by_nice");
  expect_explained(batch.pid(), "by_sched");
  expect_explained(uid.pid(), "by_uid");
  expect_explained(gid.pid(), "by_gid");
}

TEST(Classification, OfTasksThatWereThereBefore) {
  const Cgroup inside("/class.slice/in");
  const Task comm({.comm = "named-before"});
  const Task cgroup({.comm = "plain", .cgroup = inside.path()});
  const Task sleeper({.comm = "named-sleeper", .work = kInteractive});
  Loaded scheduler("classes");
  expect_working(scheduler, "by_comm", 2);
  expect_working(scheduler, "by_cgroup", 1);
}

TEST(Classification, FollowsARenameWhileRunning) {
  Loaded scheduler("classes");
  Task task({.comm = "plain"});
  ASSERT_TRUE(scheduler.counts("by_comm", 0));
  task.rename("named-now");
  expect_working(scheduler, "by_comm", 1);
  task.rename("plain");
  EXPECT_TRUE(scheduler.counts("by_comm", 0));
}

TEST(Classification, FollowsTheLeadersRename) {
  Loaded scheduler("classes");
  Task task({.comm = "plain", .threads = 2, .thread_comm = "member"});
  ASSERT_TRUE(scheduler.counts("by_leader", 0));
  task.rename("chief");
  expect_working(scheduler, "by_leader", 2);
}

TEST(Classification, FollowsACgroupMoveOfAllThreads) {
  Loaded scheduler("classes");
  const Cgroup inside("/class.slice/in/new");
  const Cgroup elsewhere("/elsewhere.slice");
  Task task({.comm = "plain", .cgroup = elsewhere.path(), .threads = 2});
  ASSERT_TRUE(scheduler.counts("by_cgroup", 0));
  task.move_to(inside.path());
  expect_working(scheduler, "by_cgroup", 3);
  task.move_to(elsewhere.path());
  EXPECT_TRUE(scheduler.counts("by_cgroup", 0));
}

TEST(Classification, FollowsARenice) {
  Loaded scheduler("classes");
  Task task({.comm = "plain"});
  ASSERT_TRUE(scheduler.counts("by_nice", 0));
  task.set_nice(5);
  expect_working(scheduler, "by_nice", 1);
  task.set_nice_itself(9);
  EXPECT_TRUE(scheduler.counts("by_nice", 0));
}

TEST(Classification, FollowsAPolicyChange) {
  Loaded scheduler("classes");
  Task task({.comm = "plain"});
  ASSERT_TRUE(scheduler.counts("by_sched", 0));
  task.set_policy(SCHED_BATCH);
  expect_working(scheduler, "by_sched", 1);
}

TEST(Classification, FollowsASetuid) {
  Loaded scheduler("classes");
  Task task({.comm = "plain"});
  ASSERT_TRUE(scheduler.counts("by_uid", 0));
  task.set_uid(1234);
  expect_working(scheduler, "by_uid", 1);
}

TEST(Classification, ForgetsTasksThatEnd) {
  Loaded scheduler("classes");
  {
    const Task first({.comm = "named-first"});
    const Task second({.comm = "named-second", .threads = 3});
    ASSERT_TRUE(scheduler.counts("by_comm", 5));
  }
  EXPECT_TRUE(scheduler.counts("by_comm", 0));
}

}  // namespace
}  // namespace scx::testing
