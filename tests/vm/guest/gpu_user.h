// A process that opens devices when a check tells it to, for the checks of GPU
// matchers: computing all the time, with threads, children and other programs.
#pragma once

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace scx::testing {

// Busybox under a name that policies match; the checks make it.
inline constexpr const char* kGpuProgram = "/gpu-program";

// A process that computes all the time, or hardly ever, and opens devices when it is told to.
class GpuUser {
 public:
  explicit GpuUser(const std::string& comm, unsigned threads = 0, uid_t uid = 0, bool rests = false)
      : rests_(rests) {
    void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared_ = new (memory) Shared;
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, comm.c_str());
    if (uid != 0 && ::setresuid(uid, uid, uid) != 0) ::_exit(1);
    for (unsigned i = 1; i <= threads; ++i) std::thread([this, i] { work(i); }).detach();
    work(0);
  }
  GpuUser(GpuUser&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), shared_(other.shared_), rests_(other.rests_) {}
  GpuUser(const GpuUser&) = delete;
  GpuUser& operator=(GpuUser&&) = delete;
  ~GpuUser() {
    if (pid_ <= 0) return;
    if (const pid_t child = shared_->child; child > 0) ::kill(child, SIGKILL);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  // Thread `thread` (0: the first) opens the device and keeps it. Returns errno.
  int open(const char* path, unsigned thread = 0) { return ask(kOpen, path, thread); }
  // Opens and closes it as often as that.
  int cycle(const char* path, unsigned times) {
    shared_->times = times;
    return ask(kCycle, path, 0);
  }
  // The process forks, and parent and child go on computing.
  void fork() { ask(kFork, "", 0); }
  // The forked child, or else this process, executes another program, which computes.
  void execute_in_child() { ask(kExecuteInChild, "", 0); }
  void execute(unsigned thread = 0) { ask(kExecute, "", thread); }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  enum Request : uint32_t { kNothing, kOpen, kCycle, kFork, kExecute, kExecuteInChild };
  struct Shared {
    std::atomic<uint32_t> request{kNothing};
    std::atomic<uint32_t> thread{0};
    std::atomic<int> result{0};
    std::atomic<pid_t> child{0};
    std::atomic<bool> child_executes{false};
    uint32_t times = 1;
    char path[64] = {};
  };

  int ask(Request request, const char* path, unsigned thread) {
    std::snprintf(shared_->path, sizeof shared_->path, "%s", path);
    shared_->thread = thread;
    shared_->request = request;
    while (shared_->request != kNothing) ::usleep(1000);
    return shared_->result;
  }

  [[noreturn]] void work(unsigned thread) {
    for (;;) {
      if (shared_->request != kNothing && shared_->thread == thread) answer();
      if (rests_) ::usleep(5000);
      for (int i = 0; i < 20000; ++i) asm volatile("" ::: "memory");
    }
  }

  [[noreturn]] void become_program() {
    shared_->request = kNothing;
    ::execl(kGpuProgram, "sh", "-c", "while :; do :; done", nullptr);
    ::_exit(1);
  }

  void answer() {
    int result = 0;
    switch (shared_->request) {
      case kOpen:
        result = ::open(shared_->path, O_RDWR) < 0 ? errno : 0;
        break;
      case kCycle:
        for (uint32_t i = 0; i < shared_->times; ++i) {
          const int descriptor = ::open(shared_->path, O_RDWR);
          if (descriptor < 0) result = errno;
          ::close(descriptor);
        }
        break;
      case kFork: {
        const pid_t child = ::fork();
        if (child == 0) {
          ::prctl(PR_SET_PDEATHSIG, SIGKILL);
          while (!shared_->child_executes)
            for (int i = 0; i < 20000; ++i) asm volatile("" ::: "memory");
          ::execl(kGpuProgram, "sh", "-c", "while :; do :; done", nullptr);
          ::_exit(1);
        }
        shared_->child = child;
        break;
      }
      case kExecuteInChild:
        shared_->child_executes = true;
        break;
      case kExecute:
        become_program();
      default:
        break;
    }
    shared_->result = result;
    shared_->request = kNothing;
  }

  pid_t pid_ = -1;
  Shared* shared_ = nullptr;
  bool rests_ = false;  // between requests
};

// 64 processes that all open and close the device so many times at once, and then keep it open: an open that
// the kernel passes over the program for can only be made good while it lasts. How many could not, in
// `failed`.
inline std::vector<GpuUser> cycle_in_many(const char* path, unsigned times, int& failed) {
  std::vector<GpuUser> users;
  users.reserve(64);
  for (int i = 0; i < 64; ++i) users.emplace_back("gpu-many", 0, 0, true);
  std::atomic<int> failures{0};
  std::vector<std::thread> askers;
  for (GpuUser& user : users)
    askers.emplace_back([&user, &failures, path, times] {
      failures += user.cycle(path, times) != 0 || user.open(path) != 0;
    });
  for (std::thread& asker : askers) asker.join();
  failed = failures;
  return users;
}

}  // namespace scx::testing
