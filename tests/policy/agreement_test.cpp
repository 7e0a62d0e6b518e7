// Random policies and random tasks through `scxc test`: whatever the tests
// expect, the reference classifier and the emitted one must not disagree.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "tests/support/policy_maker.h"

namespace {

using testing::HasSubstr;
using testing::Not;

struct Ran {
  int exit_code = -1;
  std::string output;
};

Ran run(const std::string& command) {
  Ran out;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return out;
  char buffer[4096];
  for (size_t size; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.output.append(buffer, size);
  const int status = pclose(pipe);
  out.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

void expect_one_verdict(bool cells) {
  const auto folder =
      std::filesystem::temp_directory_path() / fmt::format("scx-agreement-{}-{}", getpid(), cells);
  std::filesystem::create_directories(folder);
  constexpr int kPolicies = 25, kTasks = 150;
  int policies = 0;
  for (uint32_t seed = 1; policies < kPolicies && seed <= 10 * kPolicies; ++seed) {
    const std::string file = (folder / fmt::format("p{}.scx", seed)).string();
    const std::string text = scx::testing::PolicyMaker(seed, cells).make(cells ? 3 : 6, kTasks);
    std::ofstream(file) << text;
    // Some random layers are never reached, which is an error.
    if (run(fmt::format("{}/scxc check {} 2>&1", SCX_BIN_DIR, file)).exit_code == 1) continue;
    ++policies;
    const Ran ran = run(fmt::format("{}/scxc test {} 2>&1", SCX_BIN_DIR, file));
    EXPECT_THAT(ran.exit_code, testing::AnyOf(0, 1)) << ran.output << text;
    EXPECT_THAT(ran.output, HasSubstr(fmt::format("{} tests: ", kTasks))) << text;
    EXPECT_THAT(ran.output, HasSubstr("reference and emitted classifier"));
    EXPECT_THAT(ran.output, Not(HasSubstr("internal error"))) << text;
  }
  EXPECT_EQ(policies, kPolicies);
  std::filesystem::remove_all(folder);
}

TEST(Agreement, RandomTasksGetOneVerdict) { expect_one_verdict(/*cells=*/false); }
TEST(Agreement, AlsoInCells) { expect_one_verdict(/*cells=*/true); }

// Tests that `--generate` proposes, appended to their policy: both engines pass them, and no layer that a
// test can reach is left.
TEST(Agreement, GeneratedTestsPass) {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("scx-generated-{}", getpid());
  std::filesystem::create_directories(folder);
  constexpr int kPolicies = 12;
  int policies = 0;
  for (uint32_t seed = 1; policies < kPolicies && seed <= 10 * kPolicies; ++seed) {
    const std::string file = (folder / fmt::format("p{}.scx", seed)).string();
    std::ofstream(file) << scx::testing::PolicyMaker(seed, seed % 3 == 0).make(seed % 3 == 0 ? 3 : 6, 0);
    if (run(fmt::format("{}/scxc check {} 2>&1", SCX_BIN_DIR, file)).exit_code == 1) continue;
    ++policies;
    ASSERT_EQ(run(fmt::format("{0}/scxc test {1} --generate 2>&1 >>{1}", SCX_BIN_DIR, file)).exit_code, 0);
    const Ran ran = run(fmt::format("{}/scxc test {} --coverage-at-least 100 2>&1", SCX_BIN_DIR, file));
    EXPECT_EQ(ran.exit_code, 0) << ran.output << run("cat " + file).output;
    EXPECT_THAT(ran.output, HasSubstr("reference and emitted classifier"));
  }
  EXPECT_EQ(policies, kPolicies);
  std::filesystem::remove_all(folder);
}

}  // namespace
