#include "runtime/control/control.h"

#include <chrono>
#include <csignal>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/control/output.h"
#include "runtime/control/retry.h"

namespace scx::control {
namespace {

TEST(Exit, InPolicyTerms) {
  abi::Manifest manifest;
  manifest.policy = "edge";
  manifest.domains.resize(2);
  manifest.domains[1].cell = "root";
  manifest.domains[1].layer = "web";
  load::ExitReport exit;
  exit.kind = 1026;
  exit.reason = "runnable task stall";
  exit.message = "nginx[312] of domain 1 failed to run for 2.820s";
  exit.dump = "edge: root\n  CPU 3: domain 1\n";
  EXPECT_TRUE(exit.is_error());
  EXPECT_EQ(describe_exit({false, exit, {}, {}}, manifest),
            "the kernel ended policy `edge`: stall: a runnable task did not get a CPU (runnable task stall)\n"
            "  nginx[312] of layer root/web failed to run for 2.820s\n"
            "  state at that moment:\n"
            "    edge: root\n"
            "      CPU 3: layer root/web");
}

TEST(DescribeExit, AFreshStartIsAskedFor) {
  load::ExitReport exit;
  exit.kind = 66;                                     // SCX_EXIT_UNREG_KERN
  exit.code = uint64_t{1} << 48 | uint64_t{1} << 32;  // SCX_ECODE_ACT_RESTART | SCX_ECODE_RSN_HOTPLUG
  EXPECT_TRUE(exit.asks_restart());
  EXPECT_THAT(describe_exit({false, exit, {}, {}}, abi::Manifest{}),
              testing::HasSubstr("run `scx-run` again"));
  exit.code = uint64_t{1} << 32;
  EXPECT_FALSE(exit.asks_restart());
  exit.kind = 1024;  // SCX_EXIT_ERROR, whose code means other things
  exit.code = ~uint64_t{0};
  EXPECT_FALSE(exit.asks_restart());
}

TEST(Retry, TriesAgainAfterAPauseAndTellsOnce) {
  Retry retry;
  const Retry::Clock::time_point start{};
  EXPECT_FALSE(retry.due(start));
  EXPECT_TRUE(retry.failed(start));
  EXPECT_FALSE(retry.due(start + Retry::kPause / 2));
  EXPECT_TRUE(retry.due(start + Retry::kPause));
  EXPECT_FALSE(retry.failed(start + Retry::kPause));
  EXPECT_FALSE(retry.due(start + Retry::kPause));
  retry.succeeded();
  EXPECT_FALSE(retry.due(start + 10 * Retry::kPause));
  EXPECT_TRUE(retry.failed(start));
}

// Signals are a matter of the whole process: each case runs in a child of its own and exits 0 when all is
// well.
template <typename Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(Signals, AreReadInsteadOfEndingTheProcess) {
  EXPECT_EQ(in_child([] {
              Result<Signals> signals = Signals::open();
              if (!signals.ok() || signals->arrived()) return false;
              ::raise(SIGTERM);
              return signals->arrived();
            }),
            0);
}

TEST(Output, AReaderThatStopsReadingDoesNotHangAnEndingRun) {
  EXPECT_EQ(in_child([] {
              Result<Signals> signals = Signals::open();
              int ends[2];
              if (!signals.ok() || ::pipe(ends) != 0) return false;
              ::dup2(ends[1], STDOUT_FILENO);
              Output output(*signals);
              std::thread later([] {
                std::this_thread::sleep_for(std::chrono::milliseconds(100));
                ::kill(::getpid(), SIGINT);
              });
              const bool written = output.write(std::string(1 << 20, 'x'));  // more than a pipe holds
              later.join();
              return !written && signals->arrived();
            }),
            0);
}

TEST(Output, AReaderThatIsGone) {
  EXPECT_EQ(in_child([] {
              Result<Signals> signals = Signals::open();
              int ends[2];
              if (!signals.ok() || ::pipe(ends) != 0) return false;
              ::dup2(ends[1], STDOUT_FILENO);
              ::close(ends[0]);
              Output output(*signals);
              return !output.write("text\n") && !output.is_terminal() && !output.color();
            }),
            0);
}

TEST(Output, WholeTextsArrive) {
  EXPECT_EQ(in_child([] {
              Result<Signals> signals = Signals::open();
              int ends[2];
              if (!signals.ok() || ::pipe(ends) != 0) return false;
              ::dup2(ends[1], STDOUT_FILENO);
              size_t got = 0;
              std::thread reader([&] {
                char chunk[1000];
                while (got < 200'000) {
                  const ssize_t n = ::read(ends[0], chunk, sizeof chunk);
                  if (n <= 0) break;
                  got += static_cast<size_t>(n);
                }
              });
              Output output(*signals);
              const bool written = output.write(std::string(200'000, 'x'));
              reader.join();
              return written && got == 200'000;
            }),
            0);
}

}  // namespace
}  // namespace scx::control
