// Settings of the machine that a policy changes: they follow the plan, and
// they come back, whoever dies on the way.
#include <csignal>
#include <filesystem>
#include <functional>

#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/support/process.h"
#include "tests/vm/guest/scheduler_fixture.h"

namespace scx::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string file_of(unsigned cpu) {
  return "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/power/pm_qos_resume_latency_us";
}

std::vector<std::string> latencies() {
  std::vector<std::string> values;
  for (unsigned cpu = 0; std::filesystem::exists(file_of(cpu)); ++cpu)
    values.push_back(read_text(file_of(cpu)));
  return values;
}

// Processes of that name which are alive.
std::vector<pid_t> processes(const std::string& comm) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (read_text(entry.path() / "comm") != comm) continue;
    const std::string stat = read_text(entry.path() / "stat");
    if (stat.find(") Z ") == std::string::npos) found.push_back(std::stoi(name));
  }
  return found;
}

bool comes_true(const std::function<bool()>& holds) {
  for (int tries = 0; tries < 300; ++tries) {
    if (holds()) return true;
    ::usleep(100'000);
  }
  return false;
}

class Settings : public ::testing::Test {
 protected:
  void SetUp() override {
    if (latencies().empty()) GTEST_SKIP() << "this kernel has no " << file_of(0);
    // Some as the machine boots, some of an administrator.
    for (unsigned cpu = 0; cpu < latencies().size(); ++cpu)
      write_text(file_of(cpu), cpu % 2 == 0 ? "0" : "150");
    before_ = latencies();
    ASSERT_EQ(before_[0], "0");
    ASSERT_EQ(before_[1], "150");
  }
  bool is_back() const { return latencies() == before_; }
  static bool journal_exists() { return std::filesystem::exists("/run/scx/settings.journal"); }

  // What the plan of these statistics asks for.
  std::vector<std::string> as_planned(const nlohmann::json& stats) const {
    std::vector<std::string> values = before_;
    const auto& layers = stats.at("cells").at("root").at("layers");
    for (const unsigned cpu : parse_cpu_list(layers.at("quick").at("cpus").get<std::string>()))
      values[cpu] = "20";
    for (const unsigned cpu : parse_cpu_list(layers.at("calm").at("cpus").get<std::string>()))
      values[cpu] = "n/a";
    return values;
  }
  bool follows(Loaded& scheduler) const {
    for (int tries = 0; tries < 20; ++tries)
      if (latencies() == as_planned(scheduler->fresh_stats())) return true;
    return false;
  }

  std::vector<std::string> before_;
};

TEST_F(Settings, FollowThePlanAndComeBackAtAnOrderlyEnd) {
  {
    Loaded scheduler("settings");
    EXPECT_TRUE(scheduler.until("calm", [](const auto& figures) { return figures.at("cpu_count") == 1; }));
    EXPECT_TRUE(follows(scheduler));
    {
      std::vector<Task> tasks;
      for (int i = 0; i < 8; ++i) tasks.emplace_back(TaskSpec{.comm = "calm"});
      EXPECT_TRUE(scheduler.until("calm", [](const auto& figures) { return figures.at("cpu_count") == 4; }));
      EXPECT_TRUE(follows(scheduler));
    }
    EXPECT_TRUE(scheduler.until("calm", [](const auto& figures) { return figures.at("cpu_count") == 1; }));
    EXPECT_TRUE(follows(scheduler));
    EXPECT_THAT(processes("scx-guardian"), SizeIs(1));
    EXPECT_TRUE(journal_exists());
  }
  EXPECT_TRUE(is_back()) << ::testing::PrintToString(latencies());
  EXPECT_THAT(processes("scx-guardian"), IsEmpty());
  EXPECT_FALSE(journal_exists());
}

TEST_F(Settings, FollowHotplug) {
  {
    Loaded scheduler("settings");
    ASSERT_TRUE(follows(scheduler));
    const auto quick = parse_cpu_list(scheduler.layer("quick").at("cpus").get<std::string>());
    const unsigned cpu = quick.back();
    ASSERT_NE(cpu, 0);
    set_online(cpu, false);
    EXPECT_TRUE(comes_true([&] { return read_text(file_of(cpu)) == before_[cpu]; }));
    EXPECT_TRUE(follows(scheduler));
    set_online(cpu, true);
    let_run(1500);
    EXPECT_TRUE(follows(scheduler));
  }
  EXPECT_TRUE(is_back()) << ::testing::PrintToString(latencies());
}

TEST_F(Settings, SomebodyElsesChangeStays) {
  unsigned cpu = 0;
  {
    Loaded scheduler("settings");
    ASSERT_TRUE(follows(scheduler));
    cpu = parse_cpu_list(scheduler.layer("quick").at("cpus").get<std::string>()).back();
    write_text(file_of(cpu), "77");
  }
  before_[cpu] = "77";
  EXPECT_TRUE(is_back()) << ::testing::PrintToString(latencies());
}

TEST_F(Settings, AKilledLoaderIsFollowedByItsGuardian) {
  Loaded scheduler("settings");
  scheduler.released();
  ASSERT_TRUE(follows(scheduler));
  scheduler->kill();
  EXPECT_TRUE(comes_true([&] { return is_back(); })) << ::testing::PrintToString(latencies());
  EXPECT_TRUE(comes_true([] { return processes("scx-guardian").empty(); }));
  EXPECT_FALSE(journal_exists());
  EXPECT_TRUE(wait_for_sched_ext("disabled"));
  EXPECT_THAT(scheduler->errors(), HasSubstr("scx-guardian: scx-run died"));
}

TEST_F(Settings, RecoverPutsThemBackWhenBothWereKilled) {
  Loaded scheduler("settings");
  scheduler.released();
  ASSERT_TRUE(follows(scheduler));
  const Outcome refused = run({"scx-run", "--recover"});
  EXPECT_EQ(refused.exit_code, 3) << refused.error;
  EXPECT_THAT(refused.error, HasSubstr("error[settings-in-use]"));

  const std::vector<pid_t> guardians = processes("scx-guardian");
  ASSERT_THAT(guardians, SizeIs(1));
  ::kill(scheduler->pid(), SIGSTOP);  // else it may start a new one
  ::kill(guardians[0], SIGKILL);
  scheduler->kill();
  EXPECT_TRUE(wait_for_sched_ext("disabled"));
  EXPECT_FALSE(is_back());
  EXPECT_TRUE(journal_exists());

  const Outcome recovered = run({"scx-run", "--recover"});
  EXPECT_EQ(recovered.exit_code, 0) << recovered.error;
  EXPECT_THAT(recovered.error, HasSubstr("is 150us again"));
  EXPECT_THAT(recovered.error, HasSubstr("settings put back: "));
  EXPECT_TRUE(is_back()) << ::testing::PrintToString(latencies());
  EXPECT_FALSE(journal_exists());
  const Outcome again = run({"scx-run", "--recover"});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.error, HasSubstr("no settings to put back"));
}

TEST_F(Settings, TheNextStartRecoversFirst) {
  {
    Loaded scheduler("settings");
    scheduler.released();
    ASSERT_TRUE(follows(scheduler));
    ::kill(scheduler->pid(), SIGSTOP);
    for (const pid_t guardian : processes("scx-guardian")) ::kill(guardian, SIGKILL);
    scheduler->kill();
  }
  EXPECT_TRUE(wait_for_sched_ext("disabled"));
  EXPECT_FALSE(is_back());
  // Any policy: this one changes no settings itself.
  Loaded scheduler("confined");
  EXPECT_THAT(scheduler->errors(), HasSubstr("is 150us again"));
  EXPECT_TRUE(is_back()) << ::testing::PrintToString(latencies());
  EXPECT_THAT(processes("scx-guardian"), IsEmpty());
  EXPECT_FALSE(journal_exists());
}

TEST_F(Settings, ComeBackWhenTheKernelEndsTheScheduler) {
  Loaded scheduler("settings");
  scheduler.released();
  ASSERT_TRUE(follows(scheduler));
  write_text("/proc/sysrq-trigger", "S");
  EXPECT_TRUE(scheduler->wait(std::chrono::seconds(60)).has_value());
  EXPECT_TRUE(is_back()) << ::testing::PrintToString(latencies());
  EXPECT_THAT(processes("scx-guardian"), IsEmpty());
  EXPECT_FALSE(journal_exists());
}

TEST_F(Settings, ALoadThatFailsLeavesNothing) {
  const Outcome outcome = run({"scx-run", "/objects/broken/broken.bpf.o", "--duration", "1s"});
  EXPECT_EQ(outcome.exit_code, 3) << outcome.error;
  EXPECT_TRUE(is_back());
  EXPECT_THAT(processes("scx-guardian"), IsEmpty());
  EXPECT_FALSE(journal_exists());
}

}  // namespace
}  // namespace scx::testing
