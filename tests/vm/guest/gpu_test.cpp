// Membership by GPU use, with harmless character devices that the policy counts
// as GPUs: opens before and after the start, failed ones, threads, forks, other
// programs, ends.
#include <cerrno>

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/vm/guest/explained.h"
#include "tests/vm/guest/gpu_user.h"
#include "tests/vm/guest/scheduler_fixture.h"

namespace scx::testing {
namespace {

using ::testing::IsSubsetOf;

constexpr const char* kSeven = "/dev/full";
constexpr const char* kFive = "/dev/zero";
// A node whose driver does not exist, and one that only root may open.
constexpr const char* kAbsent = "/gpu-absent";
constexpr const char* kPrivate = "/gpu-private";

class Gpu : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::mknod(kAbsent, S_IFCHR | 0666, ::makedev(507, 3));
    ::mknod(kPrivate, S_IFCHR | 0600, ::makedev(1, 7));
    ::symlink("/bin/busybox", kGpuProgram);
  }
};

TEST_F(Gpu, OpenedWhileTheSchedulerRuns) {
  Loaded scheduler("gpu");
  GpuUser user("gpu-now");
  const GpuUser other("gpu-other");
  ASSERT_TRUE(scheduler.counts("process", 0));
  EXPECT_EQ(user.open(kSeven), 0);
  EXPECT_TRUE(scheduler.counts("process", 1)) << scheduler.layer("process");
  let_run(1000);
  EXPECT_TRUE(scheduler.counts("process", 1));
  expect_explained(user.pid(), "process");
  expect_explained(other.pid(), "rest");
}

TEST_F(Gpu, OpenedBefore) {
  GpuUser first("gpu-before");
  GpuUser second("thr-before", 1);
  const GpuUser none("gpu-none");
  ASSERT_EQ(first.open(kFive), 0);
  ASSERT_EQ(second.open(kSeven), 0);
  Loaded scheduler("gpu");
  EXPECT_TRUE(scheduler.counts("process", 1)) << scheduler.layer("process");
  // Of a process that had it open the first thread counts as the one.
  EXPECT_TRUE(scheduler.counts("thread", 1)) << scheduler.layer("thread");
}

TEST_F(Gpu, AFailedOpenIsNone) {
  Loaded scheduler("gpu");
  GpuUser absent("gpu-absent");
  GpuUser denied("gpu-denied", 0, 1234);
  EXPECT_EQ(absent.open(kAbsent), ENXIO);
  EXPECT_EQ(denied.open(kPrivate), EACCES);
  EXPECT_EQ(absent.open("/dev/null"), 0);
  let_run(1000);
  EXPECT_TRUE(scheduler.counts("process", 0));
  // Another node of the same device is the same device.
  EXPECT_EQ(absent.open(kPrivate), 0);
  EXPECT_TRUE(scheduler.counts("process", 1));
}

TEST_F(Gpu, ThreadsAndTheirProcess) {
  Loaded scheduler("gpu");
  GpuUser threads("thr-some", 2);
  GpuUser process("gpu-some", 2);
  EXPECT_EQ(threads.open(kSeven, 1), 0);
  EXPECT_TRUE(scheduler.counts("thread", 1)) << scheduler.layer("thread");
  EXPECT_EQ(threads.open(kSeven, 2), 0);
  EXPECT_TRUE(scheduler.counts("thread", 2)) << scheduler.layer("thread");
  expect_explained(other_thread(threads.pid()), "thread");
  expect_explained(threads.pid(), "rest");
  EXPECT_EQ(process.open(kSeven, 2), 0);
  EXPECT_TRUE(scheduler.counts("process", 3)) << scheduler.layer("process");
}

TEST_F(Gpu, ByDevice) {
  Loaded scheduler("gpu");
  GpuUser user("dev-user");
  GpuUser other("dev-other");
  EXPECT_EQ(user.open(kFive), 0);
  EXPECT_TRUE(scheduler.counts("five", 1)) << scheduler.layer("five");
  EXPECT_EQ(user.open(kSeven), 0);
  EXPECT_TRUE(scheduler.counts("seven", 1)) << scheduler.layer("seven");
  expect_explained(user.pid(), "seven");
  EXPECT_TRUE(scheduler.counts("five", 0));
  EXPECT_EQ(other.open(kFive), 0);
  EXPECT_TRUE(scheduler.counts("five", 1));
}

// A confined layer's CPUs are all that a member uses soon after its open, though it never sleeps.
TEST_F(Gpu, ARunningHogMovesAtOnce) {
  Loaded scheduler("gpu");
  const std::vector<unsigned> home = parse_cpu_list(scheduler.layer("seven").at("cpus").get<std::string>());
  GpuUser user("dev-hog", 1);
  ASSERT_TRUE(scheduler.counts("seven", 0));
  ASSERT_EQ(user.open(kSeven), 0);
  let_run(100);
  std::vector<unsigned> used;
  for (int i = 0; i < 200; ++i) {
    for (const auto& thread : {user.pid(), user.pid() + 1}) {
      const std::string stat =
          read_text("/proc/" + std::to_string(user.pid()) + "/task/" + std::to_string(thread) + "/stat");
      if (stat.empty()) continue;
      // Field 39 is the CPU; the name in parentheses has no space.
      size_t at = 0;
      for (int field = 1; field < 39; ++field) at = stat.find(' ', at) + 1;
      used.push_back(static_cast<unsigned>(std::atoi(stat.c_str() + at)));
    }
    ::usleep(2000);
  }
  ASSERT_FALSE(used.empty());
  for (const unsigned cpu : used) EXPECT_THAT(std::vector<unsigned>{cpu}, IsSubsetOf(home));
}

TEST_F(Gpu, AChildTakesItOverUntilItExecutes) {
  Loaded scheduler("gpu");
  GpuUser user("gpu-parent");
  ASSERT_EQ(user.open(kSeven), 0);
  ASSERT_TRUE(scheduler.counts("process", 1));
  user.fork();
  EXPECT_TRUE(scheduler.counts("process", 2)) << scheduler.layer("process");
  user.execute_in_child();
  EXPECT_TRUE(scheduler.counts("process", 1)) << scheduler.layer("process");
  // What it opened itself stays, whatever program it executes.
  user.execute();
  let_run(1500);
  EXPECT_TRUE(scheduler.counts("process", 1)) << scheduler.layer("process");
}

// The thread that executes takes the place of the first one, which had the process's memberships.
TEST_F(Gpu, AnotherThreadExecutes) {
  Loaded scheduler("gpu");
  GpuUser user("gpu-threads", 2);
  ASSERT_EQ(user.open(kSeven), 0);
  ASSERT_TRUE(scheduler.counts("process", 3));
  user.execute(2);
  EXPECT_TRUE(scheduler.counts("process", 1)) << scheduler.layer("process");
  let_run(1500);
  EXPECT_TRUE(scheduler.counts("process", 1)) << scheduler.layer("process");
}

TEST_F(Gpu, AMembershipExpires) {
  Loaded scheduler("gpu");
  GpuUser user("brief-user", 1);
  ASSERT_TRUE(scheduler.counts("brief", 0));
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(user.open(kSeven), 0);
    EXPECT_TRUE(scheduler.counts("brief", 2)) << scheduler.layer("brief");
    EXPECT_TRUE(scheduler.counts("brief", 0)) << scheduler.layer("brief");
  }
  // Each open begins anew.
  const uint64_t left = scheduler.total("brief", "left");
  for (int i = 0; i < 6; ++i) {
    ASSERT_EQ(user.cycle(kSeven, 1), 0);
    let_run(1000);
  }
  expect_explained(user.pid(), "brief");
  EXPECT_EQ(scheduler.total("brief", "left"), left);
}

TEST_F(Gpu, EndsWithTheProcess) {
  Loaded scheduler("gpu");
  {
    GpuUser user("gpu-short", 1);
    ASSERT_EQ(user.open(kSeven), 0);
    ASSERT_TRUE(scheduler.counts("process", 2));
  }
  EXPECT_TRUE(scheduler.counts("process", 0));
}

TEST_F(Gpu, ManyOpensOfManyProcesses) {
  Loaded scheduler("gpu");
  int failed = 0;
  const std::vector<GpuUser> users = cycle_in_many(kSeven, 200, failed);
  EXPECT_EQ(failed, 0);
  EXPECT_TRUE(scheduler.counts("process", 64)) << scheduler.layer("process");
}

// The driver of these checks plugs a GPU into a bus of node 1.
TEST(Places, LayersAreNearAGpu) {
  if (guest_topology().nodes < 2) GTEST_SKIP() << "one node: no CPU is nearer than another";
  Loaded scheduler("near");
  const unsigned half = guest_topology().cpus() / 2;
  const auto cpus = [&](const char* layer) {
    return parse_cpu_list(scheduler.layer(layer).at("cpus").get<std::string>());
  };
  EXPECT_THAT(cpus("render"), ::testing::AllOf(::testing::SizeIs(2), ::testing::Each(::testing::Ge(half))));
  EXPECT_THAT(cpus("feed"), ::testing::AllOf(::testing::SizeIs(1), ::testing::Each(::testing::Ge(half))));
}

}  // namespace
}  // namespace scx::testing
