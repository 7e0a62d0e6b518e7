// Who gets CPU time, and where: isolation of confined layers, weights between
// open ones, idle CPUs, and progress for tasks that affinity or niceness leaves
// little room.
#include <algorithm>
#include <list>

#include <gmock/gmock.h>

#include "tests/vm/guest/scheduler_fixture.h"

namespace scx::testing {
namespace {

using ::testing::IsSubsetOf;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

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

TEST(Sharing, AGuestThatNeverStopsGoesHomeOnceACpuIsIdleThere) {
  Loaded scheduler("shares");
  const std::vector<unsigned> home = home_of(scheduler, "light");
  ASSERT_THAT(home, SizeIs(1));
  std::list<Task> light;
  for (int i = 0; i < 2; ++i) light.emplace_back(TaskSpec{.comm = "light"});
  ASSERT_TRUE(scheduler.counts("light", 2));
  // Where it ran in a window. What else lives in the layer's one CPU may push it away for a moment.
  const auto places = [&](Task& task) {
    task.forget_cpus();
    let_run(300);
    return task.cpus_used();
  };
  const auto one = std::find_if(light.begin(), light.end(), [&](Task& task) {
    const std::vector<unsigned> seen = places(task);
    return std::find(seen.begin(), seen.end(), home.front()) != seen.end();
  });
  ASSERT_NE(one, light.end()) << "nobody is at home";
  light.erase(one);
  EXPECT_TRUE(scheduler.until("light", [&](const nlohmann::json&) { return places(light.front()) == home; }));
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

// Heavy's CPU time for each of light's on the one CPU that nobody owns, over some seconds of full load.
double heavy_by_light(size_t light_tasks, size_t heavy_tasks) {
  Loaded scheduler("shares");
  EXPECT_THAT(home_of(scheduler, "light"), SizeIs(1));
  // More than the owned CPUs, so that none of them is ever idle and lent to a guest.
  const std::vector<Task> owners = hogs(14, {.comm = "owner"});
  const std::vector<Task> light = hogs(light_tasks, {.comm = "light"});
  const std::vector<Task> heavy = hogs(heavy_tasks, {.comm = "heavy"});
  EXPECT_TRUE(scheduler.counts("light", light_tasks));
  let_run(1000);
  // Both figures from one document: a later one would be about more time.
  const auto runtime = [](const nlohmann::json& stats, const char* layer) {
    return stats.at("cells").at("root").at("layers").at(layer).at("total").at("runtime_ns").get<double>();
  };
  const nlohmann::json before = scheduler->fresh_stats();
  let_run(8000);
  const nlohmann::json after = scheduler->fresh_stats();
  const double light_ran = runtime(after, "light") - runtime(before, "light");
  const double heavy_ran = runtime(after, "heavy") - runtime(before, "heavy");
  std::printf("light %.0f ms, heavy %.0f ms\n", light_ran / 1e6, heavy_ran / 1e6);
  return heavy_ran / light_ran;
}

TEST(Sharing, WeightsDivideOneCpu) { EXPECT_NEAR(heavy_by_light(1, 1), 3.0, 0.3); }

TEST(Sharing, WeightsHoldWhateverTheNumberOfTasks) { EXPECT_NEAR(heavy_by_light(4, 1), 3.0, 0.3); }

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
  EXPECT_GT(pinned_did, 5);
  // Bounded: the owner keeps the larger part of its two CPUs.
  EXPECT_GT(units(boxed) - boxed_before, 2 * pinned_did);
  EXPECT_GT(scheduler.total("rest", "forced"), 0);
}

// What the pinned ones use is bounded where they use it, and is no debt of their layer.
TEST(Sharing, PinnedTasksDoNotStarveTheirLayer) {
  Loaded scheduler("heavier");
  std::vector<Task> tasks = hogs(2 * online_cpus().size(), {.comm = "heavy"});
  for (const unsigned cpu : online_cpus())
    tasks.emplace_back(TaskSpec{.comm = "light-pinned", .cpus = {cpu}});
  ASSERT_TRUE(scheduler.counts("light", online_cpus().size()));
  let_run(3000);
  const Task free({.comm = "light-free"});
  const uint64_t before = free.units();
  let_run(3000);
  EXPECT_GT(free.units() - before, 5U);
}

// Work done by so many tasks of weight 10 that may use one CPU only, on which tasks of weight 100 never stop.
double work_of_light_pinned(size_t count) {
  const std::vector<Task> pinned = hogs(count, {.comm = "pinned", .nice = 10, .cpus = {3}});
  let_run(1000);
  uint64_t before = 0;
  uint64_t after = 0;
  for (const Task& task : pinned) before += task.units();
  let_run(8000);
  for (const Task& task : pinned) after += task.units();
  return static_cast<double>(after - before);
}

// 10 against 100, and 60 against 100: 0.09 and 0.38 of the CPU.
TEST(Sharing, ACrowdOfPinnedTasksHasTheShareOfACrowd) {
  Loaded scheduler("01-one-open-layer");
  const std::vector<Task> busy = hogs(2 * online_cpus().size(), {.comm = "busy"});
  const double one = work_of_light_pinned(1);
  const double six = work_of_light_pinned(6);
  std::printf("one %.0f, six %.0f\n", one, six);
  EXPECT_GT(six, 2 * one);
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
  EXPECT_GT(pinned.units() - before, 5);
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

// Counted in decisions, because time in an emulated guest is not smooth: with
// every CPU busy, nearly every wake-up of a layer that may preempt gets a CPU
// at once, by preempting or by an idle CPU, and not by waiting in a queue.
TEST(Sharing, APreemptingLayerDoesNotQueue) {
  Loaded scheduler("urgent");
  const std::vector<Task> busy = hogs(16, {.comm = "other"});
  const Task urgent({.comm = "second-urgent", .work = kInteractive});
  ASSERT_TRUE(scheduler.counts("second", 1));
  const nlohmann::json before = scheduler.layer("second").at("total");
  let_run(4000);
  const nlohmann::json after = scheduler.layer("second").at("total");
  const auto grown = [&](const char* counter) {
    return after.at(counter).get<uint64_t>() - before.at(counter).get<uint64_t>();
  };
  EXPECT_GT(grown("preempted"), 20);
  EXPECT_GT(grown("preempted") + grown("idle_picks"), 3 * grown("queued")) << before << after;
}

TEST(Sharing, AConfinedLayerPreemptsOnItsOwnCpusOnly) {
  Loaded scheduler("rush");
  const std::vector<unsigned> home = home_of(scheduler, "rush");
  ASSERT_THAT(home, SizeIs(2));
  const std::vector<Task> busy = hogs(16, {.comm = "other"});
  std::vector<Task> rush = hogs(3, {.comm = "rush", .work = kInteractive});
  ASSERT_TRUE(scheduler.counts("rush", 3));
  let_run(500);
  for (Task& task : rush) task.forget_cpus();
  const uint64_t before = scheduler.total("rush", "preempted");
  let_run(3000);
  for (const Task& task : rush) EXPECT_THAT(task.cpus_used(), IsSubsetOf(home));
  EXPECT_GT(scheduler.total("rush", "preempted"), before);
}

// Memory stays behind on the other node: work goes there when its own node has too much, and not before.
TEST(Sharing, WorkCrossesNodesOnlyWhenItMust) {
  if (guest_topology().nodes < 2) GTEST_SKIP() << "one node";
  Loaded scheduler("01-one-open-layer");
  const std::vector<unsigned> all = online_cpus();
  const std::vector<unsigned> near(all.begin(), all.begin() + static_cast<long>(all.size() / 2));
  std::vector<Task> tasks = hogs(all.size(), {.comm = "spread"});
  let_run(1500);
  const uint64_t runs = scheduler.total("everything", "runs");
  const uint64_t crossed = scheduler.total("everything", "cross_node");
  let_run(2500);
  const uint64_t more_runs = scheduler.total("everything", "runs") - runs;
  const uint64_t more_crossed = scheduler.total("everything", "cross_node") - crossed;
  std::printf("one task a CPU: %lu of %lu runs crossed\n", static_cast<unsigned long>(more_crossed),
              static_cast<unsigned long>(more_runs));
  EXPECT_GT(more_runs, 50U);
  EXPECT_LE(more_crossed * 5, more_runs);

  // All of them on one node, and then free to go: half of them must.
  for (Task& task : tasks) task.set_cpus(near);
  let_run(1000);
  for (Task& task : tasks) task.forget_cpus();
  for (Task& task : tasks) task.set_cpus(all);
  const auto far_ones = [&] {
    return std::count_if(tasks.begin(), tasks.end(), [&](const Task& task) {
      const std::vector<unsigned> used = task.cpus_used();
      return std::any_of(used.begin(), used.end(), [&](unsigned cpu) { return cpu > near.back(); });
    });
  };
  const auto wanted = static_cast<long>(near.size()) / 2;
  EXPECT_TRUE(scheduler.until("everything", [&](const nlohmann::json&) { return far_ones() >= wanted; }))
      << far_ones() << " tasks went to the other node";
}

}  // namespace
}  // namespace scx::testing
