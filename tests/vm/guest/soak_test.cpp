// Minutes of everything at once: full load, renames, renices, moves, affinity
// changes, processes that come and go. While enabled the watchdog must find
// nothing; after a killed loader no task may be lost. Runs with --soak only.
#include <chrono>
#include <random>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vm/guest/scheduler_fixture.h"

namespace scx::testing {
namespace {

using Clock = std::chrono::steady_clock;

// One random change of one task.
void disturb(Task& task, std::mt19937& random, const std::vector<std::string>& cgroups) {
  const auto pick = [&](size_t count) { return static_cast<unsigned>(random() % count); };
  switch (pick(6)) {
    case 0:
      task.rename(pick(2) == 0 ? "named-soak" : "re7");
      break;
    case 1:
      task.set_nice(static_cast<int>(pick(20)));
      break;
    case 2:
      task.move_to(cgroups[pick(cgroups.size())]);
      break;
    case 3:
      task.set_cpus({pick(online_cpus().size())});
      break;
    case 4:
      task.set_cpus(online_cpus());
      break;
    default:
      task.set_policy(pick(2) == 0 ? SCHED_BATCH : SCHED_OTHER);
  }
}

// Short-lived processes, as a shell makes them.
void fork_and_reap(int count) {
  for (int i = 0; i < count; ++i) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    int status = 0;
    ::waitpid(child, &status, 0);
  }
}

// Whether it does some work within 20 looks.
bool goes_on(const Task& task) {
  const uint64_t before = task.units();
  for (int looks = 0; looks < 20 && task.units() == before; ++looks) let_run(300);
  return task.units() != before;
}

std::string all_of(const std::vector<Task>& tasks) {
  std::string lines;
  for (const Task& task : tasks) lines += scheduling_of(task.pid()) + '\n';
  return lines;
}

TEST(Soak, ChurnUnderFullLoad) {
  if (soak_seconds() == 0) GTEST_SKIP() << "runs with --soak";
  std::mt19937 random(20261121);
  const Cgroup inside("/class.slice/in/soak");
  const Cgroup outside("/soak.slice");
  const std::vector<std::string> cgroups = {inside.path(), outside.path(), "/"};
  uint64_t disturbances = 0;
  const auto end = Clock::now() + std::chrono::seconds(soak_seconds());
  while (Clock::now() < end) {
    Loaded scheduler("classes");
    std::vector<Task> tasks;
    for (int i = 0; i < 12; ++i)
      tasks.emplace_back(TaskSpec{.comm = "soak", .work = i % 3 == 0 ? kInteractive : kFlatOut});
    const auto round = std::min(end, Clock::now() + std::chrono::seconds(30));
    while (Clock::now() < round) {
      disturb(tasks[random() % tasks.size()], random, cgroups);
      const Cgroup passing("/soak.slice/passing");
      fork_and_reap(3);
      ++disturbances;
      ASSERT_EQ(sched_ext_state(), "enabled") << scheduler->errors();
    }
    for (const Task& task : tasks)
      EXPECT_TRUE(goes_on(task)) << "a task starves: " << scheduling_of(task.pid()) << "\namong\n"
                                 << all_of(tasks);
    scheduler->kill();
    scheduler.released();
    ASSERT_TRUE(wait_for_sched_ext("disabled"));
    for (const Task& task : tasks)
      EXPECT_TRUE(goes_on(task)) << "a task was lost: " << scheduling_of(task.pid());
  }
  std::printf("%u s, %lu disturbances\n", soak_seconds(), static_cast<unsigned long>(disturbances));
}

// CPUs go and come under full load, any of them but the first.
TEST(Soak, CpusGoAndCome) {
  if (soak_seconds() == 0) GTEST_SKIP() << "runs with --soak";
  std::mt19937 random(20261122);
  Loaded scheduler("confined");
  std::vector<Task> tasks;
  for (int i = 0; i < 12; ++i)
    tasks.emplace_back(
        TaskSpec{.comm = i % 4 == 0 ? "boxed" : "other", .work = i % 3 == 0 ? kInteractive : kFlatOut});
  const std::vector<unsigned> cpus = online_cpus();
  uint64_t changes = 0;
  const auto end = Clock::now() + std::chrono::seconds(soak_seconds());
  while (Clock::now() < end) {
    const unsigned cpu = cpus[1 + random() % (cpus.size() - 1)];
    Task bound({.comm = "bound", .cpus = {cpu}});
    let_run(random() % 400);
    // The write returns when the CPU has gone: a task that holds it up would trip the watchdog.
    set_online(cpu, false);
    let_run(random() % 400);
    set_online(cpu, true);
    ++changes;
    ASSERT_EQ(sched_ext_state(), "enabled") << scheduler->errors();
  }
  std::printf("%u s, %lu CPUs went and came\n", soak_seconds(), static_cast<unsigned long>(changes));
}

}  // namespace
}  // namespace scx::testing
