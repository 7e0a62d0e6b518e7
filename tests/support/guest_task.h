// Real tasks for tests that run inside a virtual machine: forked workers with a
// given name, cgroup, nice value, user and affinity, which count where they run
// and change themselves on request; and cgroups. Used by tests/vm/guest. Needs
// root. What fails here is the test's environment: it aborts with a message.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace scx::testing {

inline constexpr size_t kMaxCpus = 128;
inline constexpr std::string_view kCgroupRoot = "/sys/fs/cgroup";

// What a worker does: `busy` microseconds of computing, then `sleep`
// microseconds of sleep, or a yield. Without either it never gives up its CPU.
struct Work {
  unsigned busy_us = 1000;
  unsigned sleep_us = 0;
  bool yields = false;
};
inline constexpr Work kFlatOut{1000, 0};
inline constexpr Work kInteractive{200, 2000};
inline constexpr Work kIdle{0, 10000};

struct TaskSpec {
  std::string comm = "worker";
  // Below the root of the hierarchy: `/web.slice/x`; made if it is not there.
  std::string cgroup = {};
  int nice = 0;
  // SCHED_OTHER, SCHED_BATCH, SCHED_IDLE …
  int policy = 0;
  std::optional<uid_t> uid = {};
  std::optional<gid_t> gid = {};
  // CPUs it may use; empty: all.
  std::vector<unsigned> cpus = {};
  Work work = kFlatOut;
  // Further threads of the same process, each doing `work`, named `thread_comm` (empty: as the leader).
  unsigned threads = 0;
  std::string thread_comm = {};
};

// A worker process; killed and reaped when this object goes.
class Task {
 public:
  // Returns when the worker (with all its threads) has everything asked for and has begun its work.
  explicit Task(const TaskSpec& spec);
  Task(Task&& other) noexcept;
  Task(const Task&) = delete;
  Task& operator=(Task&&) = delete;
  ~Task();

  [[nodiscard]] pid_t pid() const { return pid_; }

  // The worker does these to itself while it works; they return when it is done.
  void rename(std::string_view comm);
  void set_uid(uid_t uid);
  void set_nice_itself(int nice);
  // These are done to it from outside.
  void set_nice(int nice);
  void set_policy(int policy);
  void set_cpus(const std::vector<unsigned>& cpus);
  void move_to(std::string_view cgroup);

  // Work units (about `busy_us` of computing each) done so far, all threads; and on each CPU.
  [[nodiscard]] uint64_t units() const;
  [[nodiscard]] std::array<uint64_t, kMaxCpus> units_by_cpu() const;
  // The CPUs on which it did anything since the last forget_cpus().
  [[nodiscard]] std::vector<unsigned> cpus_used() const;
  void forget_cpus();

  struct Shared;

 private:
  void request(uint32_t what, uint64_t argument, std::string_view text);
  pid_t pid_ = -1;
  Shared* shared_ = nullptr;
};

// A cgroup v2 directory, made with its missing parents; what this object made is removed when it goes.
class Cgroup {
 public:
  // `path` as the kernel shows it: `/web.slice`.
  explicit Cgroup(std::string_view path);
  Cgroup(Cgroup&& other) noexcept;
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(Cgroup&&) = delete;
  ~Cgroup();

  [[nodiscard]] const std::string& path() const { return path_; }
  // Writes one of its files, `cpuset.cpus`; false when the kernel refuses.
  [[nodiscard]] bool write(std::string_view file, std::string_view text) const;
  [[nodiscard]] std::string read(std::string_view file) const;

 private:
  std::string path_;
  // Deepest last.
  std::vector<std::string> made_;
};

// CPU time used by a task (its thread `tid`), and how long it waited for a CPU, from schedstat.
struct TaskTime {
  std::chrono::nanoseconds on_cpu{0};
  std::chrono::nanoseconds waited{0};
  uint64_t slices = 0;
};
TaskTime task_time(pid_t pid, pid_t tid = 0);
// The same summed over all threads of a process.
TaskTime process_time(pid_t pid);

// What decides how a task is scheduled, in one line for messages: name, cgroup, nice, policy, CPUs, times.
std::string scheduling_of(pid_t pid);

// One file of /proc or /sys, without its last newline; empty when it cannot be read.
std::string read_text(const std::string& path);
// `0-2,5` -> {0, 1, 2, 5}.
std::vector<unsigned> parse_cpu_list(std::string_view list);
std::vector<unsigned> online_cpus();

}  // namespace scx::testing
