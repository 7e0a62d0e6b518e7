// Which device nodes count as GPUs, and who has one open, from file trees that stand for /proc.
#include "runtime/load/gpu.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace scx::load {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class Gpu : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("gpu-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void devices(const std::string& text) { std::ofstream(folder_ / "devices") << text; }
  // A process with a descriptor of each of these files.
  void process(const std::string& pid, const std::vector<std::string>& open) {
    fs::create_directories(folder_ / pid / "fd");
    for (size_t i = 0; i < open.size(); ++i)
      fs::create_symlink(open[i], folder_ / pid / "fd" / std::to_string(i));
  }

  fs::path folder_;
};

TEST_F(Gpu, DriversOfGpusAndNoOthers) {
  devices(
      "Character devices:\n  1 mem\n  4 tty\n195 nvidia-frontend\n195 nvidia\n226 drm\n261 accel\n"
      "510 nvidia-uvm\n511 kfd\n\nBlock devices:\n  8 sd\n 99 drm\n");
  const auto nodes = find_gpu_nodes(folder_, {"/dev/full"});
  ASSERT_TRUE(nodes.ok());
  EXPECT_THAT(nodes->majors, ElementsAre(195, 226, 261, 510, 511));
  EXPECT_THAT(nodes->nodes, ElementsAre(1U << 20 | 7));
}

TEST_F(Gpu, NumbersOfDevices) {
  const GpuNodes nodes{{195, 226}, {1U << 20 | 7}};
  EXPECT_EQ(nodes.number(::makedev(226, 1)), 1U);    // card1
  EXPECT_EQ(nodes.number(::makedev(226, 129)), 1U);  // its render node
  EXPECT_EQ(nodes.number(::makedev(195, 255)), 255U);
  EXPECT_EQ(nodes.number(::makedev(1, 7)), 7U);
  EXPECT_EQ(nodes.number(::makedev(1, 5)), std::nullopt);
}

TEST_F(Gpu, APathThatIsNoDeviceIsRefused) {
  for (const char* path : {"/nowhere", "/etc/passwd", "/"}) {
    const auto nodes = find_gpu_nodes(folder_, {path});
    ASSERT_FALSE(nodes.ok()) << path;
    EXPECT_EQ(nodes.error().reason, "unknown-device");
  }
}

TEST_F(Gpu, UsersEachOnce) {
  process("17", {"/dev/null", "/dev/full", "/dev/full"});
  process("18", {"/dev/null", "/nowhere", "/etc/passwd"});
  process("self", {"/dev/full"});
  fs::create_directories(folder_ / "19");
  const GpuUsers found = find_gpu_users(folder_, {{}, {1U << 20 | 7}});
  ASSERT_EQ(found.users.size(), 1U);
  EXPECT_EQ(found.users[0].pid, 17U);
  EXPECT_EQ(found.users[0].number, 7U);
  EXPECT_EQ(found.unreadable, 0U);
  EXPECT_THAT(find_gpu_users(folder_ / "none", {}).users, IsEmpty());
}

}  // namespace
}  // namespace scx::load
