// GPUs as their drivers register them: a DRM device (vgem) and stand-ins for
// other vendors' names and numbers (CUSE). Runs where the driver of these checks
// loaded those modules (vm.6.18.gpu).
#include <cerrno>

#include <sys/stat.h>

#include "tests/vm/guest/cuse_device.h"
#include "tests/vm/guest/gpu_user.h"
#include "tests/vm/guest/scheduler_fixture.h"

namespace scx::testing {
namespace {

constexpr const char* kCard = "/dev/dri/card0";
constexpr const char* kRender = "/dev/dri/renderD128";

class GpuDrivers : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::access("/sys/module/vgem", F_OK), 0) << "vgem is not loaded";
    ASSERT_EQ(::access("/dev/cuse", F_OK), 0) << "cuse is not loaded";
  }
};

TEST_F(GpuDrivers, ADrmDevice) {
  ASSERT_EQ(::access(kRender, F_OK), 0);
  GpuUser before("gpu-before");
  ASSERT_EQ(before.open(kRender), 0);
  Loaded scheduler("drivers");
  EXPECT_TRUE(scheduler.counts("process", 1)) << scheduler.layer("process");
  GpuUser after("gpu-after", 2);
  EXPECT_EQ(after.open(kCard, 1), 0);
  EXPECT_TRUE(scheduler.counts("process", 4)) << scheduler.layer("process");
}

TEST_F(GpuDrivers, ACardAndItsRenderNodeAreOneDevice) {
  Loaded scheduler("drivers");
  GpuUser card("dev-card");
  GpuUser render("dev-render");
  EXPECT_EQ(card.open(kCard), 0);
  EXPECT_TRUE(scheduler.counts("first", 1)) << scheduler.layer("first");
  EXPECT_EQ(render.open(kRender), 0);
  EXPECT_TRUE(scheduler.counts("first", 2)) << scheduler.layer("first");
}

TEST_F(GpuDrivers, AnotherVendorsNameAndNumber) {
  CuseDevice nvidia("nvidia0", 195);
  ASSERT_TRUE(nvidia.ready());
  Loaded scheduler("drivers");
  GpuUser user("gpu-user");
  GpuUser first("dev-first");
  EXPECT_EQ(user.open(nvidia.path().c_str()), 0);
  EXPECT_TRUE(scheduler.counts("process", 1)) << scheduler.layer("process");
  EXPECT_EQ(first.open(nvidia.path().c_str()), 0);
  EXPECT_TRUE(scheduler.counts("first", 1)) << scheduler.layer("first");
}

TEST_F(GpuDrivers, AnOpenThatTheDriverRefusesIsNone) {
  CuseDevice nvidia("nvidia0", 195);
  ASSERT_TRUE(nvidia.ready());
  Loaded scheduler("drivers");
  GpuUser user("gpu-user");
  nvidia.refuse_with(EIO);
  EXPECT_EQ(user.open(nvidia.path().c_str()), EIO);
  let_run(1000);
  EXPECT_TRUE(scheduler.counts("process", 0)) << scheduler.layer("process");
  nvidia.refuse_with(0);
  EXPECT_EQ(user.open(nvidia.path().c_str()), 0);
  EXPECT_TRUE(scheduler.counts("process", 1)) << scheduler.layer("process");
}

TEST_F(GpuDrivers, AnotherDriverIsNoGpu) {
  CuseDevice other("sensor0", 196);
  ASSERT_TRUE(other.ready());
  Loaded scheduler("drivers");
  GpuUser user("gpu-user");
  EXPECT_EQ(user.open(other.path().c_str()), 0);
  let_run(1000);
  EXPECT_TRUE(scheduler.counts("process", 0)) << scheduler.layer("process");
}

TEST_F(GpuDrivers, TenThousandOpensOfADrmDevice) {
  Loaded scheduler("drivers");
  int failed = 0;
  const std::vector<GpuUser> users = cycle_in_many(kRender, 160, failed);
  EXPECT_EQ(failed, 0);
  EXPECT_TRUE(scheduler.counts("process", 64)) << scheduler.layer("process");
}

}  // namespace
}  // namespace scx::testing
