// run_vm against real boots: what a caller gets from runs that go well, fail,
// hang, or are stopped. Each boot takes about seven seconds under emulation.
#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/vm/kernel.h"
#include "runtime/vm/vm.h"

namespace scx::vm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

VmSpec small_machine(std::vector<std::string> command) {
  VmSpec spec;
  auto kernel = find_kernel({.series = std::string(kDefaultSeries)});
  EXPECT_TRUE(kernel.ok()) << kernel.error().message;
  spec.kernel = *kernel;
  spec.topology = *parse_topology("1s2c1t");
  spec.memory_mib = 512;
  spec.command = std::move(command);
  return spec;
}

TEST(RunVm, BringsOutputResultsAndExitCodeBack) {
  const std::string directory = testing::TempDir() + "scx-harness-results";
  std::filesystem::remove_all(directory);
  VmSpec spec = small_machine(
      {"sh", "-c",
       "echo \"it's $NAME\"; echo to stderr >&2; mkdir /results/deep; cat /in >/results/deep/out; exit 7"});
  spec.environment = {"NAME=a 'quoted' $word"};
  spec.files = {{"/etc/os-release", "/in"}};
  spec.results_dir = directory;
  std::string live;
  spec.on_output = [&](std::string_view text) { live += text; };
  const auto result = run_vm(spec);
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->exit_code, 7);
  EXPECT_EQ(result->output, "it's a 'quoted' $word\nto stderr\n");
  EXPECT_EQ(live, result->output);
  EXPECT_EQ(*read_file(directory + "/deep/out"), *read_file("/etc/os-release"));
  EXPECT_THAT(result->dmesg, HasSubstr("Linux version " + spec.kernel.release));
  EXPECT_GT(result->boot_seconds, 0.1);
  EXPECT_GE(result->total_seconds, result->boot_seconds);
}

TEST(RunVm, EndsAJobThatExceedsItsLimitAndKeepsItsResults) {
  const std::string directory = testing::TempDir() + "scx-harness-limit";
  std::filesystem::remove_all(directory);
  VmSpec spec =
      small_machine({"sh", "-c", "trap '' INT TERM; echo kept >/results/file; while :; do :; done"});
  spec.results_dir = directory;
  spec.time_limit = std::chrono::seconds(20);
  const auto result = run_vm(spec);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason, "time-limit");
  EXPECT_THAT(result.error().message,
              AllOf(HasSubstr("exceeded its limit of 20 s"), HasSubstr("job starts")));
  EXPECT_EQ(*read_file(directory + "/file"), "kept\n");
}

TEST(RunVm, ShowsTheConsoleOfABootThatFails) {
  VmSpec spec = small_machine({"true"});
  spec.kernel_arguments = "rdinit=/absent root=/dev/absent";
  const auto result = run_vm(spec);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason, "boot-failed");
  EXPECT_THAT(result.error().message, AllOf(HasSubstr("did not boot"), HasSubstr("Kernel panic")));
}

// A QEMU that stands still in its first boot only.
TEST(RunVm, BeginsABootThatStandsStillOnceMore) {
  const std::string directory = testing::TempDir() + "scx-harness-still/";
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  const std::string qemu = directory + "qemu";
  std::ofstream(qemu) << "#!/bin/sh\n[ \"$1\" = --version ] || [ -e " << directory << "been ] || { : >"
                      << directory << "been; set -- \"$@\" -S; }\nexec qemu-system-x86_64 \"$@\"\n";
  std::filesystem::permissions(qemu, std::filesystem::perms::owner_all);
  ASSERT_EQ(::setenv("SCX_QEMU", qemu.c_str(), 1), 0);
  VmSpec spec = small_machine({"echo", "up"});
  spec.accelerator = Accelerator::kTcg;
  spec.boot_limit = std::chrono::seconds(30);
  const auto result = run_vm(spec);
  spec.qemu_arguments = {"-S"};
  spec.boot_limit = std::chrono::seconds(1);
  const auto stuck = run_vm(spec);
  ASSERT_EQ(::unsetenv("SCX_QEMU"), 0);
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->output, "up\n");
  ASSERT_FALSE(stuck.ok());
  EXPECT_EQ(stuck.error().reason, "boot-stuck");
  EXPECT_THAT(stuck.error().message, HasSubstr("was not there after 1 s"));
}

TEST(RunVm, SaysWhereAKernelDied) {
  const auto result = run_vm(small_machine({"sh", "-c", "echo c >/proc/sysrq-trigger"}));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason, "boot-failed");
  EXPECT_THAT(result.error().message, HasSubstr("ended before its job"));
  const std::string& message = result.error().message;
  EXPECT_THAT(message.substr(message.find("the kernel died:")),
              AllOf(HasSubstr("Kernel panic"), HasSubstr("sysrq_handle_crash+0x"), Not(HasSubstr("RAX:"))));
}

TEST(RunVm, AnImageThatIsNoKernelIsAnErrorWithQemusWords) {
  VmSpec spec = small_machine({"true"});
  spec.kernel.image = "/etc/os-release";
  const auto result = run_vm(spec);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason, "boot-failed");
  EXPECT_THAT(result.error().message, HasSubstr("QEMU said"));
}

TEST(RunVm, StopsTheJobInAnOrderlyWay) {
  VmSpec spec =
      small_machine({"sh", "-c", "trap 'echo stopped; exit 5' INT; echo up; while :; do sleep 0.1; done"});
  bool up = false;
  spec.on_output = [&](std::string_view text) { up = up || text.find("up") != std::string_view::npos; };
  spec.stop_requested = [&] { return up; };
  const auto result = run_vm(spec);
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(result->exit_code, 5);
  EXPECT_THAT(result->output, HasSubstr("stopped"));
}

TEST(RunVm, LeavesNoQemuBehindWhenTheCallerIsKilled) {
  // The job says nothing; the boot alone lasts longer than the caller lives.
  const std::string mark = testing::TempDir() + "scx-harness-pid";
  std::filesystem::remove(mark);
  VmSpec spec = small_machine({"sleep", "1000"});
  spec.qemu_arguments = {"-pidfile", mark};
  const pid_t caller = fork();
  if (caller == 0) {
    (void)run_vm(spec).ok();
    _exit(0);
  }
  for (int i = 0; i < 100 && !read_file(mark).ok(); ++i) usleep(100000);
  const auto pid_text = read_file(mark);
  ASSERT_TRUE(pid_text.ok());
  const pid_t qemu = std::stoi(*pid_text);
  ASSERT_EQ(kill(qemu, 0), 0);
  kill(caller, SIGKILL);
  waitpid(caller, nullptr, 0);
  bool gone = false;
  for (int i = 0; i < 50 && !gone; ++i) {
    usleep(100000);
    // An orphan without a reaper stays as a zombie; it runs no longer all the same.
    const auto status = read_file("/proc/" + std::to_string(qemu) + "/stat");
    gone = !status.ok() || status->find(") Z") != std::string::npos;
  }
  EXPECT_TRUE(gone);
}

TEST(FindKernel, SaysWhatIsWrong) {
  EXPECT_EQ(find_kernel({.series = "six"}).error().reason, "bad-series");
  EXPECT_EQ(find_kernel({.series = "6.18; rm -rf /"}).error().reason, "bad-series");
  EXPECT_EQ(find_kernel({.series = "6.1.2.3"}).error().reason, "bad-series");
  EXPECT_EQ(find_kernel({.series = "5.4", .offline = true}).error().reason, "no-kernel");
}

}  // namespace
}  // namespace scx::vm
