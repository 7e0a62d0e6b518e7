#include "tests/support/guest_task.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace scx::testing {
namespace {

using Clock = std::chrono::steady_clock;

// A worker that does not answer for so long never will: a stuck task is a finding, and it must end the test.
constexpr std::chrono::seconds kAnswerLimit{30};

enum Request : uint32_t { kNothing, kRename, kSetUid, kSetNice };

[[noreturn]] void broken(std::string_view what) {
  fmt::print(stderr, "guest support: {}: {}\n", what, std::strerror(errno));
  std::fflush(stderr);
  std::abort();
}

void must(bool done, std::string_view what) {
  if (!done) broken(what);
}

cpu_set_t cpu_set_of(const std::vector<unsigned>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const unsigned cpu : cpus) CPU_SET(cpu, &set);
  return set;
}

void set_scheduler(pid_t pid, int policy) {
  const sched_param parameters{.sched_priority = policy == SCHED_FIFO || policy == SCHED_RR ? 1 : 0};
  must(::sched_setscheduler(pid, policy, &parameters) == 0, "sched_setscheduler");
}

bool write_text(const std::string& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return done;
}

void join_cgroup(std::string_view cgroup, pid_t pid) {
  must(write_text(fmt::format("{}{}/cgroup.procs", kCgroupRoot, cgroup), std::to_string(pid)),
       "joining a cgroup");
}

}  // namespace

// Between a test and its worker. Lock-free atomics work across processes.
struct Task::Shared {
  std::atomic<uint32_t> ready{0};
  std::atomic<uint32_t> go{0};
  // Requests are numbered; the worker copies the number when it is done.
  std::atomic<uint32_t> asked{0};
  std::atomic<uint32_t> answered{0};
  std::atomic<int> error{0};
  uint32_t what = kNothing;
  uint64_t argument = 0;
  char text[16] = {};
  std::array<std::atomic<uint64_t>, kMaxCpus> units{};
  std::array<std::atomic<uint64_t>, kMaxCpus> forgotten{};
};

namespace {

void answer(Task::Shared& shared) {
  int result = 0;
  switch (shared.what) {
    case kRename:
      result = ::prctl(PR_SET_NAME, shared.text);
      break;
    case kSetUid:
      result = ::setresuid(static_cast<uid_t>(shared.argument), static_cast<uid_t>(shared.argument),
                           static_cast<uid_t>(shared.argument));
      break;
    case kSetNice:
      result = ::setpriority(PRIO_PROCESS, 0, static_cast<int>(shared.argument));
      break;
    default:
      break;
  }
  shared.error = result == 0 ? 0 : errno;
  shared.answered = shared.asked.load();
}

// One thread's work, for ever. The CPU is looked up many times a unit: a unit that was cut by a migration
// counts for each CPU that it touched, so that none goes unseen.
[[noreturn]] void work_for_ever(Task::Shared& shared, const Work& work, bool leader) {
  for (;;) {
    if (leader && shared.asked != shared.answered) answer(shared);
    const auto end = Clock::now() + std::chrono::microseconds(work.busy_us);
    int last = -1;
    do {
      const int cpu = ::sched_getcpu();
      if (cpu != last && cpu >= 0 && static_cast<size_t>(cpu) < kMaxCpus) {
        shared.units[static_cast<size_t>(cpu)].fetch_add(1, std::memory_order_relaxed);
        last = cpu;
      }
      for (int i = 0; i < 200; ++i) asm volatile("" ::: "memory");
    } while (Clock::now() < end);
    if (work.sleep_us != 0) ::usleep(work.sleep_us);
    if (work.yields) ::sched_yield();
  }
}

[[noreturn]] void be_worker(const TaskSpec& spec, Task::Shared& shared) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);
  must(::prctl(PR_SET_NAME, spec.comm.c_str()) == 0, "naming a worker");
  if (spec.nice != 0) must(::setpriority(PRIO_PROCESS, 0, spec.nice) == 0, "setpriority");
  if (spec.policy != SCHED_OTHER) set_scheduler(0, spec.policy);
  if (!spec.cpus.empty()) {
    const cpu_set_t set = cpu_set_of(spec.cpus);
    must(::sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
  }
  if (spec.gid)
    must(::setgroups(0, nullptr) == 0 && ::setresgid(*spec.gid, *spec.gid, *spec.gid) == 0, "setresgid");
  if (spec.uid) must(::setresuid(*spec.uid, *spec.uid, *spec.uid) == 0, "setresuid");
  for (unsigned i = 0; i < spec.threads; ++i) {
    std::thread([&spec, &shared] {
      if (!spec.thread_comm.empty()) ::prctl(PR_SET_NAME, spec.thread_comm.c_str());
      ++shared.ready;
      while (shared.go == 0) ::usleep(1000);
      work_for_ever(shared, spec.work, false);
    }).detach();
  }
  ++shared.ready;
  while (shared.go == 0) ::usleep(1000);
  work_for_ever(shared, spec.work, true);
}

}  // namespace

Task::Task(const TaskSpec& spec) {
  if (!spec.cgroup.empty()) {
    std::error_code ignored;
    std::filesystem::create_directories(fmt::format("{}{}", kCgroupRoot, spec.cgroup), ignored);
  }
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  must(memory != MAP_FAILED, "mmap");
  shared_ = new (memory) Shared;
  std::fflush(nullptr);
  pid_ = ::fork();
  must(pid_ >= 0, "fork");
  if (pid_ == 0) {
    // Joins before it has threads, so that all of them start in the cgroup.
    if (!spec.cgroup.empty()) join_cgroup(spec.cgroup, ::getpid());
    be_worker(spec, *shared_);
  }
  const auto limit = Clock::now() + kAnswerLimit;
  while (shared_->ready != spec.threads + 1) {
    must(Clock::now() < limit && ::waitpid(pid_, nullptr, WNOHANG) == 0, "a worker did not start");
    ::usleep(1000);
  }
  shared_->go = 1;
}

Task::Task(Task&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), shared_(std::exchange(other.shared_, nullptr)) {}

Task::~Task() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (shared_ != nullptr) ::munmap(shared_, sizeof(Shared));
}

void Task::request(uint32_t what, uint64_t argument, std::string_view text) {
  shared_->what = what;
  shared_->argument = argument;
  std::memset(shared_->text, 0, sizeof shared_->text);
  text.copy(shared_->text, sizeof shared_->text - 1);
  const uint32_t number = ++shared_->asked;
  const auto limit = Clock::now() + kAnswerLimit;
  while (shared_->answered != number) {
    errno = ETIMEDOUT;
    must(Clock::now() < limit, "a worker does not answer");
    ::usleep(1000);
  }
  errno = shared_->error;
  must(shared_->error == 0, "a worker could not change itself");
}

void Task::rename(std::string_view comm) { request(kRename, 0, comm); }
void Task::set_uid(uid_t uid) { request(kSetUid, uid, ""); }
void Task::set_nice_itself(int nice) { request(kSetNice, static_cast<uint64_t>(nice), ""); }

void Task::set_nice(int nice) {
  must(::setpriority(PRIO_PROCESS, static_cast<id_t>(pid_), nice) == 0, "setpriority");
}

void Task::set_policy(int policy) { set_scheduler(pid_, policy); }

void Task::set_cpus(const std::vector<unsigned>& cpus) {
  const cpu_set_t set = cpu_set_of(cpus);
  must(::sched_setaffinity(pid_, sizeof set, &set) == 0, "sched_setaffinity");
}

void Task::move_to(std::string_view cgroup) { join_cgroup(cgroup, pid_); }

uint64_t Task::units() const {
  uint64_t sum = 0;
  for (const auto& count : shared_->units) sum += count.load();
  return sum;
}

std::array<uint64_t, kMaxCpus> Task::units_by_cpu() const {
  std::array<uint64_t, kMaxCpus> counts{};
  for (size_t cpu = 0; cpu < kMaxCpus; ++cpu) counts[cpu] = shared_->units[cpu] - shared_->forgotten[cpu];
  return counts;
}

std::vector<unsigned> Task::cpus_used() const {
  std::vector<unsigned> used;
  const auto counts = units_by_cpu();
  for (unsigned cpu = 0; cpu < kMaxCpus; ++cpu) {
    if (counts[cpu] != 0) used.push_back(cpu);
  }
  return used;
}

void Task::forget_cpus() {
  for (size_t cpu = 0; cpu < kMaxCpus; ++cpu) shared_->forgotten[cpu] = shared_->units[cpu].load();
}

Cgroup::Cgroup(std::string_view path) : path_(path) {
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string level = fmt::format("{}{}", kCgroupRoot, path.substr(0, slash));
    if (::mkdir(level.c_str(), 0755) == 0) {
      made_.push_back(level);
    } else {
      must(errno == EEXIST, "making a cgroup");
    }
    if (slash == std::string_view::npos) break;
  }
}

Cgroup::Cgroup(Cgroup&& other) noexcept
    : path_(std::move(other.path_)), made_(std::exchange(other.made_, {})) {}

Cgroup::~Cgroup() {
  for (auto level = made_.rbegin(); level != made_.rend(); ++level) {
    // A task that was just killed leaves its cgroup a moment later.
    for (int attempt = 0; ::rmdir(level->c_str()) != 0 && errno == EBUSY && attempt < 100; ++attempt)
      ::usleep(10000);
  }
}

bool Cgroup::write(std::string_view file, std::string_view text) const {
  return write_text(fmt::format("{}{}/{}", kCgroupRoot, path_, file), text);
}

std::string Cgroup::read(std::string_view file) const {
  return read_text(fmt::format("{}{}/{}", kCgroupRoot, path_, file));
}

TaskTime task_time(pid_t pid, pid_t tid) {
  std::istringstream fields(read_text(fmt::format("/proc/{}/task/{}/schedstat", pid, tid == 0 ? pid : tid)));
  uint64_t on_cpu = 0;
  uint64_t waited = 0;
  TaskTime time;
  fields >> on_cpu >> waited >> time.slices;
  time.on_cpu = std::chrono::nanoseconds(on_cpu);
  time.waited = std::chrono::nanoseconds(waited);
  return time;
}

TaskTime process_time(pid_t pid) {
  TaskTime sum;
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), code)) {
    const TaskTime time = task_time(pid, std::atoi(entry.path().filename().c_str()));
    sum.on_cpu += time.on_cpu;
    sum.waited += time.waited;
    sum.slices += time.slices;
  }
  return sum;
}

std::string scheduling_of(pid_t pid) {
  const std::string folder = fmt::format("/proc/{}/", pid);
  std::istringstream status(read_text(folder + "status"));
  std::string cpus;
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("Cpus_allowed_list:")) cpus = line.substr(line.find('\t') + 1);
  const TaskTime time = task_time(pid);
  return fmt::format(
      "{} ({}) in {}, nice {}, policy {}, may use CPUs {}, ran {} ms in {} slices, waited {} ms", pid,
      read_text(folder + "comm"), read_text(folder + "cgroup"),
      ::getpriority(PRIO_PROCESS, static_cast<id_t>(pid)), ::sched_getscheduler(pid), cpus,
      time.on_cpu.count() / 1000000, time.slices, time.waited.count() / 1000000);
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

std::vector<unsigned> parse_cpu_list(std::string_view list) {
  std::vector<unsigned> cpus;
  const char* at = list.data();
  const char* const end = at + list.size();
  while (at < end) {
    unsigned first = 0;
    at = std::from_chars(at, end, first).ptr;
    unsigned last = first;
    if (at < end && *at == '-') at = std::from_chars(at + 1, end, last).ptr;
    for (unsigned cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    ++at;
  }
  return cpus;
}

std::vector<unsigned> online_cpus() { return parse_cpu_list(read_text("/sys/devices/system/cpu/online")); }

}  // namespace scx::testing
