// A live thread, read from /proc: this one and others.
#include "runtime/explain/proc_task.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace scx::explain {
namespace {

// A machine that has the CPUs of this one on two nodes: CPU 0 on the first.
topology::Topology two_nodes() {
  topology::Topology out;
  const auto cpus = static_cast<uint32_t>(::sysconf(_SC_NPROCESSORS_CONF));
  for (uint32_t id = 0; id < cpus; ++id) out.cpus.push_back({id, id, id == 0 ? 0U : 1U, id == 0 ? 0U : 1U});
  out.core_count = cpus;
  out.llc_count = out.node_count = 2;
  out.node_ids = {4, 6};
  out.distances = {10, 20, 20, 10};
  return out;
}

TEST(ProcTask, ThisProcess) {
  const LiveTask self = *read_task(::getpid(), nullptr);
  EXPECT_EQ(self.facts.pid, ::getpid());
  EXPECT_EQ(self.facts.tgid, ::getpid());
  EXPECT_EQ(self.facts.ppid, ::getppid());
  EXPECT_EQ(self.facts.uid, ::geteuid());
  EXPECT_EQ(self.facts.gid, ::getegid());
  EXPECT_EQ(self.facts.nice, ::getpriority(PRIO_PROCESS, 0));
  EXPECT_TRUE(self.facts.leader);
  EXPECT_FALSE(self.facts.kthread);
  EXPECT_EQ(self.facts.cgroup.front(), '/');
  EXPECT_EQ(self.state, 'R');
  EXPECT_TRUE(is_fair(self.scheduler));
  EXPECT_EQ(self.facts.affinity_node, -1) << "nothing is said without a machine";
}

// What the thread of `work` is, read while it waits.
LiveTask of_thread(const std::function<void()>& work, const topology::Topology* machine) {
  std::mutex mutex;
  std::condition_variable changed;
  pid_t tid = 0;
  bool done = false;
  std::thread thread([&] {
    work();
    std::unique_lock lock(mutex);
    tid = static_cast<pid_t>(::syscall(SYS_gettid));
    changed.notify_all();
    changed.wait(lock, [&] { return done; });
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return tid != 0; });
  }
  const LiveTask out = *read_task(tid, machine);
  {
    const std::lock_guard lock(mutex);
    done = true;
  }
  changed.notify_all();
  thread.join();
  return out;
}

TEST(ProcTask, AThreadWithANameThatLooksLikeFields) {
  const LiveTask thread = of_thread([] { ::prctl(PR_SET_NAME, "a) R 1 (b \n"); }, nullptr);
  EXPECT_FALSE(thread.facts.leader);
  EXPECT_EQ(thread.facts.tgid, ::getpid());
  EXPECT_EQ(thread.facts.comm.substr(0, 10), "a) R 1 (b ");
  EXPECT_EQ(thread.facts.ppid, ::getppid());
  EXPECT_EQ(thread.facts.nice, ::getpriority(PRIO_PROCESS, 0));
}

TEST(ProcTask, WhereItsCpusAre) {
  const topology::Topology machine = two_nodes();
  const LiveTask pinned = of_thread(
      [] {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(0, &one);
        ::sched_setaffinity(0, sizeof one, &one);
      },
      &machine);
  EXPECT_TRUE(pinned.facts.affinity_pinned);
  EXPECT_EQ(pinned.facts.affinity_node, 4);
  EXPECT_EQ(pinned.facts.affinity_llc, 0);
  if (machine.cpus.size() < 2) return;
  const LiveTask free = of_thread([] {}, &machine);
  cpu_set_t mine;
  CPU_ZERO(&mine);
  ::sched_getaffinity(0, sizeof mine, &mine);
  if (CPU_COUNT(&mine) != static_cast<int>(machine.cpus.size())) return;
  EXPECT_TRUE(free.facts.affinity_full);
  EXPECT_EQ(free.facts.affinity_node, -1) << "its CPUs are on two nodes";
  EXPECT_EQ(free.facts.affinity_llc, -1);
}

TEST(ProcTask, WorkersHaveTheNameThatTheSchedulerSees) {
  EXPECT_EQ(scheduled_name("kworker/0:1-events", true), "kworker/0:1");
  EXPECT_EQ(scheduled_name("kworker/u8:3+flush-8:0", true), "kworker/u8:3");
  EXPECT_EQ(scheduled_name("kworker/1:0H", true), "kworker/1:0H");
  EXPECT_EQ(scheduled_name("kworker/R-kvfree", true), "kworker/R-kvfree");
  EXPECT_EQ(scheduled_name("kworker/0:1-me", false), "kworker/0:1-me") << "anybody may call itself so";
  EXPECT_EQ(scheduled_name("irq/24-pciehp", true), "irq/24-pciehp");
}

TEST(ProcTask, NoSuchTask) {
  const Result<LiveTask> none = read_task(99999999, nullptr);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().reason, "no-task");
}

TEST(ProcTask, NamesOfThisMachine) {
  abi::Classifier classifier;
  abi::Predicate user;
  user.attribute = abi::Attribute::kUid;
  user.names = {"root", "nobody-has-this-name"};
  abi::Predicate group = user;
  group.attribute = abi::Attribute::kGid;
  group.names = {"root"};
  classifier.predicates = {user, group};
  const classify::NameIds ids = resolve_names(classifier);
  EXPECT_EQ(ids.users, (std::map<std::string, int64_t>{{"root", 0}}));
  EXPECT_EQ(ids.groups, (std::map<std::string, int64_t>{{"root", 0}}));
}

}  // namespace
}  // namespace scx::explain
