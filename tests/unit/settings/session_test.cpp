// Real processes: a loader that changes settings, its guardian, and who puts
// things back when which of them dies.
#include "runtime/settings/session.h"

#include <chrono>
#include <csignal>
#include <functional>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/settings/support.h"

namespace scx::settings {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

bool wait_until(const std::function<bool()>& done, seconds limit = seconds(30)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    ::usleep(2000);
  }
  return true;
}

bool exists(pid_t pid) {
  const Result<std::string> stat = read_file(fmt::format("/proc/{}/stat", pid));
  return stat.ok() && start_time(*stat).has_value();
}

// A loader in a process of its own: changes CPUs 1 and 2, and then waits to be killed.
class Loader {
 public:
  explicit Loader(const Machine& machine) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      Notes notes;
      auto session = Session::begin(machine.places(), nullptr, notes);
      if (!session.ok()) ::_exit(1);
      (void)session->apply({latency(1, "20"), latency(2, "n/a")});
      const pid_t guardian = session->guardian();
      (void)!::write(ends[1], &guardian, sizeof guardian);
      for (;;) ::pause();
    }
    ::close(ends[1]);
    EXPECT_EQ(::read(ends[0], &guardian_, sizeof guardian_), static_cast<ssize_t>(sizeof guardian_));
    // The guardian holds no end of anything of the loader's.
    ::close(ends[0]);
  }
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  ~Loader() { kill(); }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] pid_t guardian() const { return guardian_; }

 private:
  pid_t pid_ = -1;
  pid_t guardian_ = -1;
};

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() { machine_.set(2, "100"); }
  std::vector<std::string> values() const { return machine_.all(4); }
  bool is_back() const { return values() == std::vector<std::string>{"0", "0", "100", "0"}; }
  bool has_journal() const { return read_file(machine_.journal()).ok(); }
  Machine machine_{4};
};

TEST_F(SessionTest, AnOrderlyEndLeavesNothing) {
  Notes notes;
  auto session = Session::begin(machine_.places(), nullptr, notes);
  ASSERT_TRUE(session.ok()) << session.error().message;
  EXPECT_THAT(notes, IsEmpty());
  const pid_t guardian = session->guardian();
  EXPECT_TRUE(exists(guardian));
  EXPECT_THAT(session->apply({latency(1, "20"), latency(2, "20")}), IsEmpty());
  EXPECT_THAT(values(), ElementsAre("0", "20", "20", "0"));
  EXPECT_TRUE(has_journal());
  EXPECT_THAT(session->end(), testing::SizeIs(2));
  EXPECT_TRUE(is_back());
  EXPECT_FALSE(has_journal());
  EXPECT_FALSE(exists(guardian));
  EXPECT_THAT(session->end(), IsEmpty());
}

TEST_F(SessionTest, EveryWayOutPutsThingsBack) {
  pid_t guardian = 0;
  {
    Notes notes;
    auto session = Session::begin(machine_.places(), nullptr, notes);
    ASSERT_TRUE(session.ok());
    guardian = session->guardian();
    (void)session->apply({latency(1, "20"), latency(2, "20")});
  }
  EXPECT_TRUE(is_back());
  EXPECT_FALSE(has_journal());
  EXPECT_FALSE(exists(guardian));
}

TEST_F(SessionTest, TheGuardianPutsThingsBackWhenTheLoaderIsKilled) {
  Loader loader(machine_);
  EXPECT_THAT(values(), ElementsAre("0", "20", "n/a", "0"));
  const pid_t guardian = loader.guardian();
  loader.kill();
  EXPECT_TRUE(wait_until([&] { return !exists(guardian); }));
  EXPECT_TRUE(is_back());
  EXPECT_FALSE(has_journal());
}

TEST_F(SessionTest, SignalsOfATerminalDoNotReachTheGuardian) {
  Loader loader(machine_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGUSR1})
    ::kill(loader.guardian(), signal);
  EXPECT_EQ(::getsid(loader.guardian()), loader.guardian());
  loader.kill();
  EXPECT_TRUE(wait_until([&] { return is_back() && !has_journal(); }));
}

TEST_F(SessionTest, TheGuardianHoldsNothingElse) {
  const Loader loader(machine_);
  const std::string folder = fmt::format("/proc/{}/fd", loader.guardian());
  EXPECT_EQ(std::filesystem::read_symlink(folder + "/0"), "/dev/null");
  EXPECT_EQ(std::filesystem::read_symlink(folder + "/1"), "/dev/null");
  // The journal's folder and the loader; it says that it is ready on a pipe just before.
  std::vector<std::string> others;
  EXPECT_TRUE(wait_until([&] {
    others.clear();
    std::error_code vanished;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (std::stoi(entry.path().filename()) > 2)
        others.push_back(std::filesystem::read_symlink(entry.path(), vanished));
    return others.size() == 2;
  })) << testing::PrintToString(others);
  EXPECT_EQ(std::count(others.begin(), others.end(), machine_.places().folder), 1);
  EXPECT_EQ(std::filesystem::read_symlink(fmt::format("/proc/{}/cwd", loader.guardian())), "/");
  EXPECT_EQ(read_file(fmt::format("/proc/{}/comm", loader.guardian())).value(), "scx-guardian\n");
}

TEST_F(SessionTest, RecoveryPutsThingsBackWhenBothAreKilled) {
  Loader loader(machine_);
  ::kill(loader.guardian(), SIGKILL);
  loader.kill();
  ASSERT_TRUE(wait_until([&] { return !exists(loader.guardian()); }));
  EXPECT_THAT(values(), ElementsAre("0", "20", "n/a", "0"));
  const auto recovery = recover(machine_.places(), seconds(5));
  ASSERT_TRUE(recovery.ok()) << recovery.error().message;
  EXPECT_TRUE(recovery->found);
  EXPECT_EQ(recovery->restored, 2);
  EXPECT_THAT(recovery->notes, ElementsAre(Note{false, "the resume latency of CPU 1 is without bound again"},
                                           Note{false, "the resume latency of CPU 2 is 100us again"}));
  EXPECT_TRUE(is_back());
  const auto again = recover(machine_.places(), seconds(0));
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->found);
}

TEST_F(SessionTest, TheNextSessionRecoversFirst) {
  Loader loader(machine_);
  ::kill(loader.guardian(), SIGKILL);
  loader.kill();
  Notes notes;
  auto session = Session::begin(machine_.places(), nullptr, notes);
  ASSERT_TRUE(session.ok()) << session.error().message;
  EXPECT_THAT(notes, testing::SizeIs(2));
  EXPECT_TRUE(is_back());
  (void)session->apply({latency(1, "50")});
  (void)session->end();
  EXPECT_TRUE(is_back());
}

TEST_F(SessionTest, ARunningOneIsNotRecoveredNorReplaced) {
  const Loader loader(machine_);
  const auto recovery = recover(machine_.places(), seconds(5));
  ASSERT_FALSE(recovery.ok());
  EXPECT_EQ(recovery.error().reason, "settings-in-use");
  EXPECT_THAT(recovery.error().message, HasSubstr(fmt::format("(pid {})", loader.pid())));
  Notes notes;
  EXPECT_EQ(Session::begin(machine_.places(), nullptr, notes).error().reason, "settings-in-use");
  EXPECT_THAT(values(), ElementsAre("0", "20", "n/a", "0"));
}

TEST_F(SessionTest, ARunningOwnerIsBelievedWithoutItsLockToo) {
  auto store = Store::open(machine_.places().folder);
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(
      store->replace(owner_line(this_process().value()) + set_line({Kind::kResumeLatency, 0}, "5", "0"))
          .ok());
  EXPECT_EQ(recover(machine_.places(), milliseconds(0)).error().reason, "settings-in-use");
  EXPECT_EQ(machine_.get(0), "0");
  EXPECT_TRUE(has_journal());
}

TEST_F(SessionTest, AJournalOfAnEarlierBootIsDiscarded) {
  auto store = Store::open(machine_.places().folder);
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(
      store->replace(owner_line({"earlier", 1, 1}) + set_line({Kind::kResumeLatency, 0}, "5", "0")).ok());
  const auto recovery = recover(machine_.places(), milliseconds(0));
  ASSERT_TRUE(recovery.ok());
  EXPECT_EQ(recovery->restored, 0);
  EXPECT_THAT(recovery->notes, testing::SizeIs(1));
  EXPECT_EQ(machine_.get(0), "0");
  EXPECT_FALSE(has_journal());
}

TEST_F(SessionTest, ACorruptJournalIsLeftToPeople) {
  auto store = Store::open(machine_.places().folder);
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(store->replace("hello\n").ok());
  EXPECT_EQ(recover(machine_.places(), milliseconds(0)).error().reason, "corrupt-journal");
  EXPECT_TRUE(has_journal());
  // One without a whole line is of a loader that was killed before it changed anything.
  ASSERT_TRUE(store->replace("scx-sett").ok());
  EXPECT_TRUE(recover(machine_.places(), milliseconds(0)).ok());
  EXPECT_FALSE(has_journal());
}

TEST_F(SessionTest, ADeadGuardianIsReplaced) {
  Notes notes;
  auto session = Session::begin(machine_.places(), nullptr, notes);
  ASSERT_TRUE(session.ok());
  EXPECT_THAT(session->watch(), IsEmpty());
  const pid_t first = session->guardian();
  ::kill(first, SIGKILL);
  Notes told;
  ASSERT_TRUE(wait_until([&] { return !(told = session->watch()).empty(); }));
  EXPECT_THAT(told[0].text, HasSubstr("takes its place"));
  EXPECT_NE(session->guardian(), first);
  EXPECT_TRUE(exists(session->guardian()));
}

TEST_F(SessionTest, WithoutAPlaceForTheJournalNothingBegins) {
  Places places = machine_.places();
  places.folder += "/deep/er";
  Notes notes;
  EXPECT_EQ(Session::begin(places, nullptr, notes).error().reason, "no-journal");
}

}  // namespace
}  // namespace scx::settings
