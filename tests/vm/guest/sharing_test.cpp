// Who gets CPU time, and where: isolation of confined layers, weights between
// open ones, idle CPUs, and progress for tasks that affinity or niceness leaves
// little room.
#include <algorithm>

#include <gmock/gmock.h>

#include "tests/vm/guest/scheduler_fixture.h"

namespace scx::testing {
namespace {

using ::testing::Each;
using ::testing::IsSubsetOf;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

std::vector<Task> hogs(size_t count, const TaskSpec& spec) {
  std::vector<Task> tasks;
  for (size_t i = 0; i < count; ++i) tasks.emplace_back(spec);
  return tasks;
}

std::vector<unsigned> home_of(Loaded& scheduler, const std::string& layer) {
  return parse_cpu_list(scheduler.layer(layer).at("cpus").get<std::string>());
}

uint64_t units(const std::vector<Task>& tasks) {
  uint64_t sum = 0;
  for (const Task& task : tasks) sum += task.units();
  return sum;
}

TEST(Sharing, ConfinedThreadsAreSeenOnTheirCpusOnly) {
  Loaded scheduler("confined");
  const std::vector<unsigned> home = home_of(scheduler, "box");
  ASSERT_THAT(home, SizeIs(2));
  std::vector<Task> boxed = hogs(4, {.comm = "boxed"});
  Task threads({.comm = "boxed-threads", .work = kInteractive, .threads = 3});
  const std::vector<Task> others = hogs(8, {.comm = "other"});
  ASSERT_TRUE(scheduler.counts("box", 8));
  let_run(500);
  for (Task& task : boxed) task.forget_cpus();
  threads.forget_cpus();
  const uint64_t forced = scheduler.total("box", "forced");
  let_run(4000);
  for (const Task& task : boxed) {
    EXPECT_THAT(task.cpus_used(), IsSubsetOf(home));
    EXPECT_GT(task.units(), 0);
  }
  EXPECT_THAT(threads.cpus_used(), IsSubsetOf(home));
  EXPECT_EQ(scheduler.total("box", "forced"), forced);
}

TEST(Sharing, AnOwnerHasItsCpusBackFromGuests) {
  Loaded scheduler("confined");
  const std::vector<Task> guests = hogs(16, {.comm = "guest"});
  let_run(1000);
  const std::vector<Task> boxed = hogs(2, {.comm = "boxed"});
  ASSERT_TRUE(scheduler.counts("box", 2));
  EXPECT_TRUE(scheduler.until("box", [](const nlohmann::json& figures) {
    return figures.at("utilization").get<double>() > 0.9;
  })) << scheduler.layer("box").dump();
}

TEST(Sharing, OpenLayersUseIdleCpus) {
  Loaded scheduler("confined");
  const std::vector<Task> tasks = hogs(online_cpus().size(), {.comm = "spread"});
  EXPECT_TRUE(scheduler.until("rest", [](const nlohmann::json& figures) {
    return figures.at("cpus_used").get<double>() > 0.9 * static_cast<double>(online_cpus().size());
  })) << scheduler.layer("rest").dump();
  std::vector<unsigned> used;
  for (const Task& task : tasks) {
    for (const unsigned cpu : task.cpus_used()) used.push_back(cpu);
  }
  EXPECT_THAT(used, IsSupersetOf(online_cpus()));
}

TEST(Sharing, WeightsDivideOneCpu) {
  Loaded scheduler("shares");
  ASSERT_EQ(parse_cpu_list(scheduler.layer("light").at("cpus").get<std::string>()).size(), 1);
  const std::vector<Task> owners = hogs(7, {.comm = "owner"});
  ASSERT_TRUE(scheduler.counts("owner", 7));
  const std::vector<Task> light = hogs(1, {.comm = "light"});
  const std::vector<Task> heavy = hogs(1, {.comm = "heavy"});
  ASSERT_TRUE(scheduler.counts("heavy", 1));
  const auto runtime = [&](const char* layer) {
    return static_cast<double>(scheduler.total(layer, "runtime_ns"));
  };
  let_run(1000);
  const double light_before = runtime("light");
  const double heavy_before = runtime("heavy");
  let_run(8000);
  const double ratio = (runtime("heavy") - heavy_before) / (runtime("light") - light_before);
  EXPECT_NEAR(ratio, 3.0, 0.3);
}

TEST(Sharing, WeightsHoldWhateverTheNumberOfTasks) {
  Loaded scheduler("shares");
  const std::vector<Task> owners = hogs(7, {.comm = "owner"});
  ASSERT_TRUE(scheduler.counts("owner", 7));
  const std::vector<Task> light = hogs(4, {.comm = "light"});
  const std::vector<Task> heavy = hogs(1, {.comm = "heavy"});
  ASSERT_TRUE(scheduler.counts("light", 4));
  let_run(1000);
  const double light_before = static_cast<double>(scheduler.total("light", "runtime_ns"));
  const double heavy_before = static_cast<double>(scheduler.total("heavy", "runtime_ns"));
  let_run(8000);
  const double heavy_ran = static_cast<double>(scheduler.total("heavy", "runtime_ns")) - heavy_before;
  const double light_ran = static_cast<double>(scheduler.total("light", "runtime_ns")) - light_before;
  EXPECT_NEAR(heavy_ran / light_ran, 3.0, 0.3);
}

TEST(Sharing, ATaskPinnedToAnothersCpuMakesProgress) {
  Loaded scheduler("confined");
  const std::vector<unsigned> home = home_of(scheduler, "box");
  const std::vector<Task> boxed = hogs(4, {.comm = "boxed"});
  ASSERT_TRUE(scheduler.counts("box", 4));
  const Task pinned({.comm = "pinned", .cpus = {home[0]}});
  const uint64_t boxed_before = units(boxed);
  const uint64_t pinned_before = pinned.units();
  let_run(5000);
  const uint64_t pinned_did = pinned.units() - pinned_before;
  EXPECT_GT(pinned_did, 50);
  // Bounded: the owner keeps the larger part of its two CPUs.
  EXPECT_GT(units(boxed) - boxed_before, 2 * pinned_did);
  EXPECT_GT(scheduler.total("rest", "forced"), 0);
}

TEST(Sharing, ConfinedTasksPinnedAwayFromHomeMakeProgress) {
  Loaded scheduler("confined");
  const std::vector<unsigned> home = home_of(scheduler, "box");
  std::vector<unsigned> away;
  for (const unsigned cpu : online_cpus()) {
    if (std::find(home.begin(), home.end(), cpu) == home.end()) away.push_back(cpu);
  }
  const std::vector<Task> others = hogs(12, {.comm = "other"});
  const Task pinned({.comm = "boxed-away", .cpus = {away[0]}});
  const uint64_t before = pinned.units();
  let_run(4000);
  EXPECT_GT(pinned.units() - before, 50);
  EXPECT_GT(scheduler.total("box", "forced"), 0);
}

TEST(Sharing, NiceNineteenMakesProgressBesideNiceZero) {
  Loaded scheduler("confined");
  const std::vector<Task> busy = hogs(4, {.comm = "boxed"});
  const std::vector<Task> open = hogs(12, {.comm = "other"});
  const Task in_box({.comm = "boxed-nice", .nice = 19});
  const Task in_rest({.comm = "nice", .nice = 19});
  const uint64_t box_before = in_box.units();
  const uint64_t rest_before = in_rest.units();
  // Weight 3 against some hundred of others: a share of about 1/70 of a CPU.
  let_run(8000);
  EXPECT_GT(in_box.units(), box_before);
  EXPECT_GT(in_rest.units(), rest_before);
}

TEST(Sharing, APreemptingLayerWaitsLess) {
  Loaded scheduler("urgent");
  const std::vector<Task> busy = hogs(16, {.comm = "other"});
  const Task urgent({.comm = "second-urgent", .work = kInteractive});
  const Task patient({.comm = "plain", .work = kInteractive});
  ASSERT_TRUE(scheduler.counts("second", 1));
  let_run(4000);
  const TaskTime urgent_time = task_time(urgent.pid());
  const TaskTime patient_time = task_time(patient.pid());
  ASSERT_GT(urgent_time.slices, 0);
  ASSERT_GT(patient_time.slices, 0);
  // The two do the same work in the same boot: the ratio is the claim.
  const double urgent_wait =
      static_cast<double>(urgent_time.waited.count()) / static_cast<double>(urgent_time.slices);
  const double patient_wait =
      static_cast<double>(patient_time.waited.count()) / static_cast<double>(patient_time.slices);
  EXPECT_LT(urgent_wait, patient_wait / 2);
  EXPECT_GT(scheduler.total("second", "preempted"), 0);
}

}  // namespace
}  // namespace scx::testing
