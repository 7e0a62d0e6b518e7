// `scxc explain FILE --pid N` against a real thread: this one.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace scx {
namespace {

TEST(ExplainPid, ReadsALiveThread) {
  const std::string file = fmt::format("{}/scx-explain-{}.scx", ::testing::TempDir(), ::getpid());
  std::ofstream(file) << "language 1;\npolicy p { }\n"
                         "layer other open { match nice 8 or sched batch or kthread; }\n"
                         "layer asked open { match comm \"a) 9 x\" and nice 7 and leader and sched idle; }\n"
                         "layer rest open { match *; }\n";
  // A name that reads like the end of a field of /proc/PID/stat.
  ASSERT_EQ(::prctl(PR_SET_NAME, "a) 9 x"), 0);
  ASSERT_EQ(::setpriority(PRIO_PROCESS, 0, 7), 0);
  const sched_param none{};
  ASSERT_EQ(::sched_setscheduler(0, SCHED_IDLE, &none), 0);
  FILE* pipe = ::popen(
      fmt::format("{}/scxc explain {} --pid {} --format json", SCX_BIN_DIR, file, ::getpid()).c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string output;
  for (int byte; (byte = std::fgetc(pipe)) != EOF;) output += static_cast<char>(byte);
  EXPECT_EQ(::pclose(pipe), 0);
  std::filesystem::remove(file);
  const auto report = nlohmann::json::parse(output);
  EXPECT_EQ(report.at("layer"), "asked") << output;
  EXPECT_THAT(
      report.at("task").get<std::string>(),
      ::testing::AllOf(::testing::HasSubstr("comm \"a) 9 x\"; "), ::testing::HasSubstr("nice 7; sched idle;"),
                       ::testing::HasSubstr(fmt::format("pid {}", ::getpid()))));
}

}  // namespace
}  // namespace scx
