// Layers sized by use: they grow under load, shrink without it, keep to their
// bounds; protected CPUs take no guests; what a run and a yield cost.
#include <algorithm>

#include <gmock/gmock.h>

#include "tests/vm/guest/scheduler_fixture.h"

namespace scx::testing {
namespace {

using ::testing::IsSubsetOf;
using ::testing::SizeIs;

std::function<bool(const nlohmann::json&)> owns_at_least(uint64_t cpus) {
  return [cpus](const nlohmann::json& figures) { return figures.at("cpu_count") >= cpus; };
}
std::function<bool(const nlohmann::json&)> owns_at_most(uint64_t cpus) {
  return [cpus](const nlohmann::json& figures) { return figures.at("cpu_count") <= cpus; };
}

TEST(Sizing, CompetingLayersGrowAndShrinkWithTheirLoad) {
  Loaded scheduler("sized");
  // Nothing runs in either: both come down to what they must have.
  EXPECT_TRUE(scheduler.until("alpha", owns_at_most(1)));
  EXPECT_TRUE(scheduler.until("beta", owns_at_most(1)));
  {
    const std::vector<Task> alpha = hogs(8, {.comm = "alpha"});
    EXPECT_TRUE(scheduler.until("alpha", owns_at_least(5))) << scheduler.layer("alpha").dump();
    EXPECT_TRUE(owns_at_most(1)(scheduler.layer("beta")));
  }
  const std::vector<Task> beta = hogs(8, {.comm = "beta"});
  EXPECT_TRUE(scheduler.until("beta", owns_at_least(5))) << scheduler.layer("beta").dump();
  EXPECT_TRUE(scheduler.until("alpha", owns_at_most(1))) << scheduler.layer("alpha").dump();
  // Both at once: nobody has more than one CPU more than the other.
  const std::vector<Task> alpha = hogs(8, {.comm = "alpha"});
  EXPECT_TRUE(scheduler.until("alpha", owns_at_least(3)));
  const auto stats = scheduler->fresh_stats();
  const auto& layers = stats.at("cells").at("root").at("layers");
  EXPECT_LE(layers.at("beta").at("cpu_count").get<int>() - layers.at("alpha").at("cpu_count").get<int>(), 1);
}

TEST(Sizing, ASettledLayerStaysStill) {
  Loaded scheduler("sized");
  const std::vector<Task> alpha = hogs(3, {.comm = "alpha"});
  ASSERT_TRUE(scheduler.until("beta", owns_at_most(1)));
  ASSERT_TRUE(scheduler.until("alpha", owns_at_least(4)));
  let_run(3000);
  // Every change of its CPUs from one document to the next.
  std::string history = scheduler.layer("alpha").at("cpus");
  std::string now = history;
  unsigned changes = 0;
  for (int i = 0; i < 10; ++i) {
    const std::string next = scheduler.layer("alpha").at("cpus");
    changes += next != now;
    now = next;
    history += " " + now;
  }
  EXPECT_LE(changes, 2) << history;
}

TEST(Sizing, ProtectedCpusTakeNoGuests) {
  Loaded scheduler("guarded");
  const std::vector<unsigned> vault = parse_cpu_list(scheduler.layer("vault").at("cpus").get<std::string>());
  ASSERT_THAT(vault, SizeIs(2));
  std::vector<unsigned> elsewhere;
  for (const unsigned cpu : online_cpus())
    if (std::find(vault.begin(), vault.end(), cpu) == vault.end()) elsewhere.push_back(cpu);
  std::vector<Task> others = hogs(6, {.comm = "other"});
  for (Task& task : hogs(4, {.comm = "open"})) others.push_back(std::move(task));
  for (int i = 0; i < 4; ++i) others.emplace_back(TaskSpec{.comm = "open", .work = kInteractive});
  ASSERT_TRUE(scheduler.counts("other", 6));
  let_run(500);
  for (Task& task : others) task.forget_cpus();
  // Idle at first, then with its own work, then idle again.
  let_run(10000);
  {
    const Task owner({.comm = "vault", .work = kInteractive});
    let_run(10000);
    EXPECT_THAT(owner.cpus_used(), IsSubsetOf(vault));
  }
  let_run(10000);
  for (const Task& task : others) {
    EXPECT_THAT(task.cpus_used(), IsSubsetOf(elsewhere));
    EXPECT_GT(task.units(), 0);
  }
}

// CPU time of a hog for each run of a task that yields, over some seconds on one CPU, in milliseconds.
double hog_time_a_run(const std::string& comm) {
  const Task yielder({.comm = comm, .cpus = {3}, .work = {.busy_us = 300, .yields = true}});
  const Task hog({.comm = "hog", .cpus = {3}});
  let_run(500);
  const TaskTime yielder_before = task_time(yielder.pid());
  const TaskTime hog_before = task_time(hog.pid());
  let_run(5000);
  const TaskTime after = task_time(yielder.pid());
  const uint64_t runs = after.slices - yielder_before.slices;
  const double hog_ran = static_cast<double>((task_time(hog.pid()).on_cpu - hog_before.on_cpu).count()) / 1e6;
  std::printf("%s %.0f ms in %lu runs, hog %.0f ms\n", comm.c_str(),
              static_cast<double>((after.on_cpu - yielder_before.on_cpu).count()) / 1e6,
              static_cast<unsigned long>(runs), hog_ran);
  return hog_ran / static_cast<double>(std::max<uint64_t>(runs, 1));
}

TEST(Sizing, AShortRunIsChargedTheLeast) {
  Loaded scheduler("runs");
  // Each yield ends a run of some milliseconds; the hog gets as much as a run is charged. Of a task without
  // `min-run` that is about 6 on a quiet machine.
  EXPECT_GT(hog_time_a_run("short"), 8) << "a run of the layer costs 10 ms";
}

// Units of work in one stay on the CPU, of one of two tasks that yield after each unit.
double units_a_run(const std::string& comm) {
  const TaskSpec spec{.comm = comm, .cpus = {3}, .work = {.busy_us = 300, .yields = true}};
  const Task first(spec);
  const Task second(spec);
  let_run(500);
  const uint64_t units = first.units();
  const uint64_t runs = task_time(first.pid()).slices;
  let_run(4000);
  const uint64_t ran = task_time(first.pid()).slices - runs;
  std::printf("%s: %lu units in %lu runs\n", comm.c_str(), static_cast<unsigned long>(first.units() - units),
              static_cast<unsigned long>(ran));
  return static_cast<double>(first.units() - units) / static_cast<double>(std::max<uint64_t>(ran, 1));
}

TEST(Sizing, AYieldGivesUpWhatThePolicySays) {
  Loaded scheduler("runs");
  const double given = units_a_run("plain");
  const double ignored = units_a_run("patient");
  EXPECT_GT(ignored, 2 * given);
}

}  // namespace
}  // namespace scx::testing
