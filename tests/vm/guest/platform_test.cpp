// The guest itself: the machine that was asked for, the kernel's features, and
// the workers that every other check relies on.
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tests/support/guest_task.h"
#include "tests/support/scheduler.h"
#include "tests/vm/guest/guest.h"

namespace scx::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSubsetOf;
using ::testing::SizeIs;

std::string cpu_file(unsigned cpu, std::string_view file) {
  return read_text(fmt::format("/sys/devices/system/cpu/cpu{}/{}", cpu, file));
}

void nap(unsigned milliseconds) { ::usleep(milliseconds * 1000); }

TEST(Platform, RunsTheKernelSeries) {
  utsname name{};
  ASSERT_EQ(uname(&name), 0);
  EXPECT_TRUE(std::string(name.release).starts_with(guest_series() + ".")) << name.release;
}

TEST(Platform, HasTheTopologyAskedFor) {
  const vm::VmTopology& shape = guest_topology();
  ASSERT_THAT(online_cpus(), SizeIs(shape.cpus()));
  std::set<std::string> packages;
  std::set<std::string> cores;
  std::set<std::string> caches;
  for (const unsigned cpu : online_cpus()) {
    packages.insert(cpu_file(cpu, "topology/physical_package_id"));
    cores.insert(cpu_file(cpu, "topology/thread_siblings_list"));
    caches.insert(cpu_file(cpu, "cache/index3/shared_cpu_list"));
    EXPECT_THAT(parse_cpu_list(cpu_file(cpu, "topology/thread_siblings_list")), SizeIs(shape.threads)) << cpu;
  }
  EXPECT_THAT(packages, SizeIs(shape.sockets));
  EXPECT_THAT(cores, SizeIs(shape.sockets * shape.dies * shape.cores));
  EXPECT_THAT(caches, SizeIs(shape.sockets * shape.dies));
}

TEST(Platform, HasTheNodesAndDistancesAskedFor) {
  const vm::VmTopology& shape = guest_topology();
  for (unsigned node = 0; node < shape.nodes; ++node) {
    const std::string directory = fmt::format("/sys/devices/system/node/node{}/", node);
    EXPECT_THAT(parse_cpu_list(read_text(directory + "cpulist")), SizeIs(shape.cpus() / shape.nodes));
    std::string distances;
    for (unsigned other = 0; other < shape.nodes; ++other) {
      const unsigned expected = node == other             ? 10
                                : shape.distances.empty() ? 21
                                                          : shape.distances[node * shape.nodes + other];
      distances += fmt::format("{}{}", other == 0 ? "" : " ", expected);
    }
    EXPECT_EQ(read_text(directory + "distance"), distances);
  }
}

TEST(Platform, HasSchedExtAndBtf) {
  EXPECT_EQ(sched_ext_state(), "disabled");
  EXPECT_EQ(::access("/sys/kernel/btf/vmlinux", R_OK), 0);
  EXPECT_EQ(::access("/sys/fs/bpf", W_OK), 0);
}

TEST(Platform, HasCgroupControllers) {
  EXPECT_THAT(read_text("/sys/fs/cgroup/cgroup.subtree_control"), HasSubstr("cpu "));
  const Cgroup pinned("/platform.slice");
  ASSERT_TRUE(pinned.write("cpuset.cpus", "1"));
  const Task task({.comm = "pinned", .cgroup = pinned.path()});
  nap(50);
  EXPECT_THAT(task.cpus_used(), ElementsAre(1));
}

TEST(Worker, HasWhatItWasGiven) {
  const Cgroup cgroup("/a.slice/b.service");
  const Task task({.comm = "nginx: worker",
                   .cgroup = cgroup.path(),
                   .nice = 7,
                   .policy = SCHED_BATCH,
                   .uid = 1234,
                   .gid = 55,
                   .cpus = {1, 3},
                   .threads = 2,
                   .thread_comm = "helper"});
  const std::string proc = fmt::format("/proc/{}/", task.pid());
  EXPECT_EQ(read_text(proc + "comm"), "nginx: worker");
  EXPECT_EQ(read_text(proc + "cgroup"), "0::/a.slice/b.service");
  EXPECT_THAT(read_text(proc + "status"), HasSubstr("Uid:\t1234\t1234\t1234"));
  EXPECT_THAT(read_text(proc + "status"), HasSubstr("Gid:\t55\t55\t55"));
  EXPECT_THAT(read_text(proc + "status"), HasSubstr("Threads:\t3"));
  EXPECT_EQ(sched_getscheduler(task.pid()), SCHED_BATCH);
  EXPECT_EQ(getpriority(PRIO_PROCESS, static_cast<id_t>(task.pid())), 7);
  size_t helpers = 0;
  for (const auto& thread : std::filesystem::directory_iterator(proc + "task")) {
    if (read_text(thread.path() / "comm") == "helper") ++helpers;
  }
  EXPECT_EQ(helpers, 2);
  nap(200);
  EXPECT_THAT(task.cpus_used(), IsSubsetOf({1U, 3U}));
  EXPECT_GT(process_time(task.pid()).on_cpu, std::chrono::milliseconds(0));
}

TEST(Worker, ChangesWhileItRunsFlatOut) {
  const Cgroup from("/from.slice");
  const Cgroup to("/to.slice");
  Task task({.comm = "before", .cgroup = from.path()});
  task.rename("after");
  task.set_nice(5);
  task.move_to(to.path());
  const std::string proc = fmt::format("/proc/{}/", task.pid());
  EXPECT_EQ(read_text(proc + "comm"), "after");
  EXPECT_EQ(read_text(proc + "cgroup"), "0::/to.slice");
  EXPECT_EQ(getpriority(PRIO_PROCESS, static_cast<id_t>(task.pid())), 5);
  task.set_uid(4321);
  EXPECT_THAT(read_text(proc + "status"), HasSubstr("Uid:\t4321"));
  task.set_cpus({2});
  nap(20);
  task.forget_cpus();
  const uint64_t before = task.units();
  nap(100);
  EXPECT_THAT(task.cpus_used(), ElementsAre(2));
  EXPECT_GT(task.units(), before);
}

TEST(Worker, SleepsWhenItIsMeantTo) {
  const Task idle({.comm = "idle", .work = kIdle});
  nap(300);
  EXPECT_LT(task_time(idle.pid()).on_cpu, std::chrono::milliseconds(150));
}

}  // namespace
}  // namespace scx::testing
