// From load to end, whatever the end: every example on this kernel, a killed
// loader, a second scheduler, broken objects, a refused program, CPUs that go
// and come.
#include <cctype>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/process.h"
#include "tests/vm/guest/scheduler_fixture.h"

namespace scx::testing {
namespace {

using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::HasSubstr;

// The other policies are loaded by the checks that they are made for.
std::vector<std::string> examples() {
  std::vector<std::string> names = compiled_policies();
  std::erase_if(names, [](const std::string& name) { return std::isdigit(name.front()) == 0; });
  return names;
}

TEST(Lifecycle, EveryExampleLoadsRunsWorkAndEnds) {
  const std::vector<std::string> names = examples();
  ASSERT_GE(names.size(), 6);
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    Loaded scheduler(name);
    const Task task({.comm = "work"});
    const Task sleeper({.comm = "nginx", .work = kInteractive, .threads = 2});
    const uint64_t before = task.units();
    const uint64_t sleeper_before = sleeper.units();
    let_run(1000);
    EXPECT_GT(task.units(), before);
    EXPECT_GT(sleeper.units(), sleeper_before);
  }
}

TEST(Lifecycle, ADryRunMeasuresAndAttachesNothing) {
  const Outcome outcome = run({"scx-run", object_path("08-whole-language"), "--dry-run", "--stats", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_EQ(sched_ext_state(), "disabled");
  const nlohmann::json document = nlohmann::json::parse(outcome.out);
  EXPECT_GT(document.at("map_bytes"), 0);
  for (const auto& program : document.at("programs")) {
    EXPECT_GT(program.at("instructions"), 0) << program;
    // What the verifier says only when it is asked to.
    EXPECT_GT(program.at("verify_us"), 0) << program;
    EXPECT_GT(program.at("total_states"), 0) << program;
  }
}

// Each test is one branch, and no other test's: what the verifier walks grows as the policy does.
TEST(Lifecycle, AThousandNamesLoad) {
  const Outcome outcome = run({"scx-run", object_path("thousand-names"), "--dry-run", "--stats", "json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  for (const auto& program : nlohmann::json::parse(outcome.out).at("programs"))
    EXPECT_LT(program.at("verified_instructions"), 50'000) << program;
}

// Kernels before 6.18 hide the cgroups above a container from it, and tasks there could not be told apart.
TEST(Lifecycle, ACgroupNamespaceIsRefusedByNameOrDoesNoHarm) {
  const Cgroup container("/container");
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    if (!container.write("cgroup.procs", "0") || ::unshare(CLONE_NEWCGROUP) != 0) ::_exit(2);
    const Outcome outcome = run({"scx-run", object_path("classes"), "--duration", "1s"});
    std::fprintf(stderr, "%s", outcome.error.c_str());
    const bool hidden = guest_series() == "6.16" || guest_series() == "6.17";
    if (!hidden) ::_exit(outcome.exit_code == 0 ? 0 : 1);
    ::_exit(outcome.exit_code == 3 && outcome.error.find("error[cgroup-namespace]") != std::string::npos ? 0
                                                                                                         : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(sched_ext_state(), "disabled");
}

TEST(Lifecycle, AKilledLoaderGivesTheMachineBackAtOnce) {
  Loaded scheduler("confined");
  scheduler.released();
  const Task boxed({.comm = "boxed"});
  const Task other({.comm = "other", .threads = 2});
  const Task sleeper({.comm = "sleeper", .work = kInteractive});
  let_run(500);
  scheduler->kill();
  EXPECT_TRUE(wait_for_sched_ext("disabled"));
  for (const Task* task : {&boxed, &other, &sleeper}) {
    const uint64_t before = task->units();
    let_run(500);
    EXPECT_GT(task->units(), before) << "a task was lost";
  }
  Loaded again("confined");
  EXPECT_TRUE(again.counts("box", 1));
}

TEST(Lifecycle, ASecondSchedulerIsRefusedByName) {
  Loaded scheduler("confined");
  const Outcome second = run({"scx-run", object_path("shares"), "--stats", "none"});
  EXPECT_EQ(second.exit_code, 3);
  EXPECT_THAT(second.error, HasSubstr("confined"));
  EXPECT_EQ(sched_ext_state(), "enabled");
}

TEST(Lifecycle, ADurationEndsByItself) {
  const Outcome outcome = run({"scx-run", object_path("confined"), "--stats", "json", "--duration", "2s"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_THAT(outcome.out, HasSubstr("\"orderly\":true"));
  EXPECT_EQ(sched_ext_state(), "disabled");
}

TEST(Lifecycle, BrokenObjectsAreRefusedClearly) {
  std::ifstream file(object_path("confined"), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(file)), {});
  ASSERT_GT(whole.size(), 1000);
  // The section table's place in the ELF header (e_shoff), and the manifest's own text.
  std::string no_sections = whole;
  no_sections[40] = static_cast<char>(~no_sections[40]);
  std::string manifest = whole;
  const size_t member = manifest.find("\"classifier\"");
  ASSERT_NE(member, std::string::npos);
  manifest[member + 3] = '\0';
  const struct {
    const char* name;
    std::string bytes;
  } cases[] = {
      {"empty", ""},
      {"text", "layer rest open { match *; }\n"},
      {"truncated", whole.substr(0, whole.size() / 3)},
      {"no-sections", no_sections},
      {"manifest", manifest},
  };
  for (const auto& broken : cases) {
    SCOPED_TRACE(broken.name);
    const std::string path = std::string("/tmp/") + broken.name + ".bpf.o";
    write_text(path, broken.bytes);
    const Outcome outcome = run({"scx-run", path, "--duration", "1s"});
    EXPECT_THAT(outcome.exit_code, AnyOf(Eq(1), Eq(3))) << outcome.error;
    EXPECT_THAT(outcome.error, HasSubstr("error"));
    EXPECT_THAT(outcome.error, HasSubstr(path));
  }
  const Outcome foreign = run({"scx-run", "/bin/busybox"});
  EXPECT_THAT(foreign.exit_code, AnyOf(Eq(1), Eq(3)));
  EXPECT_THAT(foreign.error, HasSubstr("/bin/busybox"));
  EXPECT_EQ(sched_ext_state(), "disabled");
}

TEST(Lifecycle, ARefusedProgramNamesThePolicyLine) {
  const Outcome outcome =
      run({"scx-run", "/objects/broken/broken.bpf.o", "--verifier-log", "/results/verifier.log"});
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_THAT(outcome.error, HasSubstr("broken.scx:7"));
  EXPECT_THAT(outcome.error, HasSubstr("nice < 0"));
  EXPECT_TRUE(std::filesystem::file_size("/results/verifier.log") > 100);
  EXPECT_EQ(sched_ext_state(), "disabled");
}

TEST(Lifecycle, CpusMayGoAndCome) {
  Loaded scheduler("confined");
  const std::vector<unsigned> home = parse_cpu_list(scheduler.layer("box").at("cpus").get<std::string>());
  std::vector<Task> boxed;
  for (int i = 0; i < 3; ++i) boxed.emplace_back(TaskSpec{.comm = "boxed"});
  const Task pinned({.comm = "pinned", .cpus = {7}});
  const Task other({.comm = "other", .threads = 6});
  for (const unsigned cpu : {home.back(), 7U}) {
    if (cpu == 0) continue;
    set_online(cpu, false);
    const uint64_t before = boxed[0].units() + other.units();
    EXPECT_TRUE(scheduler.until("box",
                                [&](const nlohmann::json& figures) {
                                  const auto now = parse_cpu_list(figures.at("cpus").get<std::string>());
                                  return now.size() == 2 &&
                                         std::find(now.begin(), now.end(), cpu) == now.end();
                                }))
        << "the plan does not follow CPU " << cpu;
    const uint64_t pinned_before = pinned.units();
    let_run(1500);
    EXPECT_GT(boxed[0].units() + other.units(), before);
    EXPECT_GT(pinned.units(), pinned_before);
    set_online(cpu, true);
    let_run(1500);
    EXPECT_EQ(sched_ext_state(), "enabled") << scheduler->errors();
  }
}

}  // namespace
}  // namespace scx::testing
