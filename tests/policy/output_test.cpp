// Standard output that cannot be written is told, by both programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/process.h"

namespace scx {
namespace {

TEST(Output, OnAFullDeviceIsAnErrorOfTheEnvironment) {
  for (const char* program : {SCX_BIN_DIR "/scxc", SCX_BIN_DIR "/scx-run"})
    for (const char* words : {"--help", "--version", "completion bash"}) {
      const auto out =
          testing::run({"sh", "-c", std::string("exec ") + program + " " + words + " > /dev/full"});
      EXPECT_EQ(out.exit_code, 3) << program << " " << words;
      EXPECT_THAT(out.error, ::testing::HasSubstr("cannot write standard output")) << program << " " << words;
    }
}

}  // namespace
}  // namespace scx
