// Minutes of cells under everything at once: full load, tenants and passing
// cgroups, cpusets that move, CPUs that go and come, a loader that is killed.
// While enabled no task starves and none runs on another cell's CPU; afterwards
// nothing is left behind. Runs with --soak only.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/vm/guest/cell_fixture.h"

namespace scx::testing {
namespace {

using Clock = std::chrono::steady_clock;
using ::testing::IsSubsetOf;

// What must be as it was: names below /sys/fs/bpf, cgroups, online CPUs, idle latencies.
std::vector<std::string> left_behind() {
  std::vector<std::string> all = {read_text("/sys/devices/system/cpu/online")};
  std::error_code ignored;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("/sys/fs/bpf", ignored))
    all.push_back(entry.path());
  for (const auto& entry : std::filesystem::recursive_directory_iterator("/sys/fs/cgroup", ignored))
    if (entry.is_directory()) all.push_back(entry.path());
  for (unsigned cpu = 0; cpu < guest_topology().cpus(); ++cpu)
    all.push_back(fmt::format(
        "{}: {}", cpu,
        read_text(fmt::format("/sys/devices/system/cpu/cpu{}/power/pm_qos_resume_latency_us", cpu))));
  std::sort(all.begin(), all.end());
  return all;
}

struct Tally {
  uint64_t samples = 0;  // windows in which every task was seen on its cell's CPUs
  uint64_t cgroups = 0, cpusets = 0, hotplugs = 0, kills = 0;
};

// A tenant, and what runs in it.
struct Tenant {
  std::string path;
  std::vector<Task> tasks;
};

Tenant populate(const std::string& path) {
  Tenant tenant{path, hogs(4, path)};
  tenant.tasks.emplace_back(TaskSpec{.cgroup = path, .nice = -5, .work = kInteractive});
  return tenant;
}

class Churn {
 public:
  // `family`: the name of the declaration; with `cpusets` each tenant's cpuset moves between pairs of CPUs.
  Churn(std::string policy, std::string family, const std::string& folder, bool cpusets)
      : policy_(std::move(policy)), family_(std::move(family)), cpusets_(cpusets), folder_(folder) {
    if (cpusets_ && !folder_.write("cgroup.subtree_control", "+cpuset")) std::abort();
    for (const char* name : {"/a", "/b"}) groups_.emplace_back(folder + name);
    if (cpusets_) move_cpusets();
    for (const Cgroup& group : groups_) tenants_.push_back(populate(group.path()));
    others_ = hogs(4, "/");
  }

  Tally run(std::chrono::seconds length) {
    const auto end = Clock::now() + length;
    while (Clock::now() < end && !::testing::Test::HasFatalFailure())
      round(std::min(end, Clock::now() + kRound));
    return tally_;
  }

 private:
  static constexpr std::chrono::seconds kRound{30};

  void round(Clock::time_point end) {
    Loaded scheduler(policy_);
    for (const Tenant& tenant : tenants_) ASSERT_TRUE(until_running(scheduler, family_ + ":" + tenant.path));
    while (Clock::now() < end) {
      pass();
      if (cpusets_ && pick(2) == 0) move_cpusets();
      if (pick(2) == 0) replug();
      ASSERT_EQ(sched_ext_state(), "enabled") << scheduler->errors();
      sample(scheduler);
    }
    expect_progress("while enabled");
    scheduler->kill();
    scheduler.released();
    ASSERT_TRUE(wait_for_sched_ext("disabled"));
    ++tally_.kills;
    expect_progress("after the loader was killed");
  }

  // A cgroup that comes and goes with processes in it.
  void pass() {
    const Cgroup passing(folder_.path() + "/passing");
    const std::vector<Task> tasks = hogs(2, passing.path());
    let_run(static_cast<unsigned>(pick(300)));
    ++tally_.cgroups;
  }

  void move_cpusets() {
    const std::vector<std::string> pairs = {"0-1", "2-3", "4-5", "6-7"};
    const size_t first = pick(pairs.size());
    const size_t second = (first + 1 + pick(pairs.size() - 1)) % pairs.size();
    for (size_t k = 0; k < 2; ++k) (void)groups_[k].write("cpuset.cpus", pairs[k == 0 ? first : second]);
    ++tally_.cpusets;
  }

  void replug() {
    const unsigned cpu = 1 + static_cast<unsigned>(pick(guest_topology().cpus() - 1));
    set_online(cpu, false);
    let_run(static_cast<unsigned>(pick(300)));
    set_online(cpu, true);
    ++tally_.hotplugs;
  }

  // While the plan stays as it is, every tenant's task is seen on its cell's CPUs and no other task is.
  void sample(Loaded& scheduler) {
    const auto plan = [&] {
      std::vector<std::vector<unsigned>> cpus;
      const nlohmann::json stats = scheduler->fresh_stats();
      for (const Tenant& tenant : tenants_) cpus.push_back(cpus_in(stats, family_ + ":" + tenant.path));
      return cpus;
    };
    const auto before = plan();
    if (before[0].empty() || before[1].empty() || plan() != before) return;
    for (Tenant& tenant : tenants_)
      for (Task& task : tenant.tasks) task.forget_cpus();
    for (Task& task : others_) task.forget_cpus();
    let_run(300);
    std::vector<std::vector<std::vector<unsigned>>> used;
    for (const Tenant& tenant : tenants_) {
      used.emplace_back();
      for (const Task& task : tenant.tasks) used.back().push_back(task.cpus_used());
    }
    std::vector<std::vector<unsigned>> used_by_others;
    for (const Task& task : others_) used_by_others.push_back(task.cpus_used());
    if (plan() != before) return;
    ++tally_.samples;
    for (size_t t = 0; t < tenants_.size(); ++t) {
      for (const auto& cpus : used[t]) EXPECT_THAT(cpus, IsSubsetOf(before[t])) << tenants_[t].path;
      for (const auto& cpus : used_by_others)
        for (const unsigned cpu : cpus)
          EXPECT_THAT(before[t], ::testing::Not(::testing::Contains(cpu))) << "a task of root";
    }
  }

  void expect_progress(const char* when) {
    std::vector<const Task*> all;
    for (const Tenant& tenant : tenants_)
      for (const Task& task : tenant.tasks) all.push_back(&task);
    for (const Task& task : others_) all.push_back(&task);
    for (const Task* task : all) {
      const uint64_t before = task->units();
      for (int tries = 0; tries < 40 && task->units() == before; ++tries) let_run(300);
      EXPECT_GT(task->units(), before) << "a task starves " << when;
    }
  }

  size_t pick(size_t count) { return random_() % count; }

  std::string policy_, family_;
  bool cpusets_;
  std::mt19937 random_{20261127};
  Cgroup folder_;
  std::vector<Cgroup> groups_;
  std::vector<Tenant> tenants_;
  std::vector<Task> others_;
  Tally tally_;
};

void soak(const char* policy, const char* family, const char* folder, bool cpusets) {
  if (soak_seconds() == 0) GTEST_SKIP() << "runs with --soak";
  const std::vector<std::string> before = left_behind();
  const Tally tally = Churn(policy, family, folder, cpusets).run(std::chrono::seconds(soak_seconds()));
  fmt::print("{} s: {} samples, {} passing cgroups, {} cpuset changes, {} CPUs went and came, {} kills\n",
             soak_seconds(), tally.samples, tally.cgroups, tally.cpusets, tally.hotplugs, tally.kills);
  EXPECT_GT(tally.samples, 0U);
  bool back = false;
  for (int tries = 0; tries < 50 && !back; ++tries) {
    back = left_behind() == before;
    if (!back) let_run(200);
  }
  EXPECT_TRUE(back) << "something is left behind";
  EXPECT_EQ(left_behind(), before);
}

TEST(Soak, CellsByCount) { soak("soaked", "tenants", "/tenants", false); }

TEST(Soak, CellsByCpuset) { soak("cpusets", "boxes", "/boxes", true); }

TEST(Soak, AThousandCgroups) {
  if (soak_seconds() == 0) GTEST_SKIP() << "runs with --soak";
  Loaded scheduler("tenants");
  const std::vector<Task> busy = hogs(8, "/");
  for (int i = 0; i < 1000; ++i) {
    const Cgroup passing(fmt::format("/tenants/passing-{}", i));
    const Task task({.comm = "passing", .cgroup = passing.path()});
  }
  ASSERT_EQ(sched_ext_state(), "enabled") << scheduler->errors();
  const Cgroup last("/tenants/last");
  EXPECT_TRUE(until_running(scheduler, "tenants:/tenants/last"));
}

}  // namespace
}  // namespace scx::testing
