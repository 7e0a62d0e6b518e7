// Membership by GPU use, with harmless character devices that the policy counts
// as GPUs: opens before and after the start, failed ones, threads, forks, other
// programs, ends.
#include <atomic>
#include <cerrno>
#include <memory>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vm/guest/scheduler_fixture.h"

namespace scx::testing {
namespace {

using ::testing::IsSubsetOf;

constexpr const char* kSeven = "/dev/full";
constexpr const char* kFive = "/dev/zero";
// A node whose driver does not exist, and one that only root may open.
constexpr const char* kAbsent = "/gpu-absent";
constexpr const char* kPrivate = "/gpu-private";
// Busybox under a name that the policy matches.
constexpr const char* kProgram = "/gpu-program";

// A process that computes all the time, or hardly ever, and opens devices when it is told to.
class User {
 public:
  explicit User(const std::string& comm, unsigned threads = 0, uid_t uid = 0, bool rests = false)
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
  User(User&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), shared_(other.shared_), rests_(other.rests_) {}
  User(const User&) = delete;
  User& operator=(User&&) = delete;
  ~User() {
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
    ::execl(kProgram, "sh", "-c", "while :; do :; done", nullptr);
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
          ::execl(kProgram, "sh", "-c", "while :; do :; done", nullptr);
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

class Gpu : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::mknod(kAbsent, S_IFCHR | 0666, ::makedev(507, 3));
    ::mknod(kPrivate, S_IFCHR | 0600, ::makedev(1, 7));
    ::symlink("/bin/busybox", kProgram);
  }
};

TEST_F(Gpu, OpenedWhileTheSchedulerRuns) {
  Loaded scheduler("gpu");
  User user("gpu-now");
  const User other("gpu-other");
  ASSERT_TRUE(scheduler.counts("process", 0));
  EXPECT_EQ(user.open(kSeven), 0);
  EXPECT_TRUE(scheduler.counts("process", 1)) << scheduler.layer("process");
  let_run(1000);
  EXPECT_TRUE(scheduler.counts("process", 1));
}

TEST_F(Gpu, OpenedBefore) {
  User first("gpu-before");
  User second("thr-before", 1);
  const User none("gpu-none");
  ASSERT_EQ(first.open(kFive), 0);
  ASSERT_EQ(second.open(kSeven), 0);
  Loaded scheduler("gpu");
  EXPECT_TRUE(scheduler.counts("process", 1)) << scheduler.layer("process");
  // Of a process that had it open the first thread counts as the one.
  EXPECT_TRUE(scheduler.counts("thread", 1)) << scheduler.layer("thread");
}

TEST_F(Gpu, AFailedOpenIsNone) {
  Loaded scheduler("gpu");
  User absent("gpu-absent");
  User denied("gpu-denied", 0, 1234);
  EXPECT_EQ(absent.open(kAbsent), ENXIO);
  EXPECT_EQ(denied.open(kPrivate), EACCES);
  EXPECT_EQ(absent.open("/dev/null"), 0);
  let_run(1000);
  EXPECT_TRUE(scheduler.counts("process", 0));
  // Another node of the same device is the same device.
  EXPECT_EQ(absent.open(kPrivate), 0);
  EXPECT_TRUE(scheduler.counts("process", 1));
}

TEST_F(Gpu, ThreadsAndTheirProcess) {
  Loaded scheduler("gpu");
  User threads("thr-some", 2);
  User process("gpu-some", 2);
  EXPECT_EQ(threads.open(kSeven, 1), 0);
  EXPECT_TRUE(scheduler.counts("thread", 1)) << scheduler.layer("thread");
  EXPECT_EQ(threads.open(kSeven, 2), 0);
  EXPECT_TRUE(scheduler.counts("thread", 2)) << scheduler.layer("thread");
  EXPECT_EQ(process.open(kSeven, 2), 0);
  EXPECT_TRUE(scheduler.counts("process", 3)) << scheduler.layer("process");
}

TEST_F(Gpu, ByDevice) {
  Loaded scheduler("gpu");
  User user("dev-user");
  User other("dev-other");
  EXPECT_EQ(user.open(kFive), 0);
  EXPECT_TRUE(scheduler.counts("five", 1)) << scheduler.layer("five");
  EXPECT_EQ(user.open(kSeven), 0);
  EXPECT_TRUE(scheduler.counts("seven", 1)) << scheduler.layer("seven");
  EXPECT_TRUE(scheduler.counts("five", 0));
  EXPECT_EQ(other.open(kFive), 0);
  EXPECT_TRUE(scheduler.counts("five", 1));
}

// A confined layer's CPUs are all that a member uses soon after its open, though it never sleeps.
TEST_F(Gpu, ARunningHogMovesAtOnce) {
  Loaded scheduler("gpu");
  const std::vector<unsigned> home = parse_cpu_list(scheduler.layer("seven").at("cpus").get<std::string>());
  User user("dev-hog", 1);
  ASSERT_TRUE(scheduler.counts("seven", 0));
  ASSERT_EQ(user.open(kSeven), 0);
  let_run(100);
  std::vector<unsigned> used;
  for (int i = 0; i < 200; ++i) {
    for (const auto& thread : {user.pid(), user.pid() + 1}) {
      const std::string stat =
          read_text("/proc/" + std::to_string(user.pid()) + "/task/" + std::to_string(thread) + "/stat");
      if (stat.empty()) continue;
      // Field 39 is the CPU; the name in parentheses has no space.
      size_t at = 0;
      for (int field = 1; field < 39; ++field) at = stat.find(' ', at) + 1;
      used.push_back(static_cast<unsigned>(std::atoi(stat.c_str() + at)));
    }
    ::usleep(2000);
  }
  ASSERT_FALSE(used.empty());
  for (const unsigned cpu : used) EXPECT_THAT(std::vector<unsigned>{cpu}, IsSubsetOf(home));
}

TEST_F(Gpu, AChildTakesItOverUntilItExecutes) {
  Loaded scheduler("gpu");
  User user("gpu-parent");
  ASSERT_EQ(user.open(kSeven), 0);
  ASSERT_TRUE(scheduler.counts("process", 1));
  user.fork();
  EXPECT_TRUE(scheduler.counts("process", 2)) << scheduler.layer("process");
  user.execute_in_child();
  EXPECT_TRUE(scheduler.counts("process", 1)) << scheduler.layer("process");
  // What it opened itself stays, whatever program it executes.
  user.execute();
  let_run(1500);
  EXPECT_TRUE(scheduler.counts("process", 1)) << scheduler.layer("process");
}

// The thread that executes takes the place of the first one, which had the process's memberships.
TEST_F(Gpu, AnotherThreadExecutes) {
  Loaded scheduler("gpu");
  User user("gpu-threads", 2);
  ASSERT_EQ(user.open(kSeven), 0);
  ASSERT_TRUE(scheduler.counts("process", 3));
  user.execute(2);
  EXPECT_TRUE(scheduler.counts("process", 1)) << scheduler.layer("process");
  let_run(1500);
  EXPECT_TRUE(scheduler.counts("process", 1)) << scheduler.layer("process");
}

TEST_F(Gpu, AMembershipExpires) {
  Loaded scheduler("gpu");
  User user("brief-user", 1);
  ASSERT_TRUE(scheduler.counts("brief", 0));
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(user.open(kSeven), 0);
    EXPECT_TRUE(scheduler.counts("brief", 2)) << scheduler.layer("brief");
    EXPECT_TRUE(scheduler.counts("brief", 0)) << scheduler.layer("brief");
  }
  // Each open begins anew.
  const uint64_t left = scheduler.total("brief", "left");
  for (int i = 0; i < 6; ++i) {
    ASSERT_EQ(user.cycle(kSeven, 1), 0);
    let_run(1000);
  }
  EXPECT_EQ(scheduler.total("brief", "left"), left);
}

TEST_F(Gpu, EndsWithTheProcess) {
  Loaded scheduler("gpu");
  {
    User user("gpu-short", 1);
    ASSERT_EQ(user.open(kSeven), 0);
    ASSERT_TRUE(scheduler.counts("process", 2));
  }
  EXPECT_TRUE(scheduler.counts("process", 0));
}

TEST_F(Gpu, ManyOpensOfManyProcesses) {
  Loaded scheduler("gpu");
  std::vector<User> users;
  users.reserve(64);
  for (int i = 0; i < 64; ++i) users.emplace_back("gpu-many", 0, 0, true);
  std::vector<std::thread> askers;
  std::atomic<int> failed{0};
  for (User& user : users) askers.emplace_back([&user, &failed] { failed += user.cycle(kSeven, 200) != 0; });
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(failed, 0);
  EXPECT_TRUE(scheduler.counts("process", 64)) << scheduler.layer("process");
}

// The driver of these checks plugs a GPU into a bus of node 1.
TEST(Places, LayersAreNearAGpu) {
  if (guest_topology().nodes < 2) GTEST_SKIP() << "one node: no CPU is nearer than another";
  Loaded scheduler("near");
  const unsigned half = guest_topology().cpus() / 2;
  const auto cpus = [&](const char* layer) {
    return parse_cpu_list(scheduler.layer(layer).at("cpus").get<std::string>());
  };
  EXPECT_THAT(cpus("render"), ::testing::AllOf(::testing::SizeIs(2), ::testing::Each(::testing::Ge(half))));
  EXPECT_THAT(cpus("feed"), ::testing::AllOf(::testing::SizeIs(1), ::testing::Each(::testing::Ge(half))));
}

}  // namespace
}  // namespace scx::testing
