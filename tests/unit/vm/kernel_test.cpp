#include "runtime/vm/kernel.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "runtime/base/file.h"
#include "runtime/vm/qemu.h"

namespace scx::vm {
namespace {

TEST(Qemu, AnUnknownAcceleratorIsRefused) {
  const char* before = std::getenv("SCX_VM_ACCEL");
  const std::string kept = before != nullptr ? before : "";
  const auto wanted = [](const char* value) {
    ::setenv("SCX_VM_ACCEL", value, 1);
    return wanted_accelerator();
  };
  EXPECT_EQ(*wanted(""), Accelerator::kAutomatic);
  EXPECT_EQ(*wanted("tcg"), Accelerator::kTcg);
  EXPECT_EQ(*wanted("kvm"), Accelerator::kKvm);
  const auto unknown = wanted("KVM");
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().reason, "bad-accelerator");
  EXPECT_NE(unknown.error().message.find("\"KVM\""), std::string::npos);
  before != nullptr ? ::setenv("SCX_VM_ACCEL", kept.c_str(), 1) : ::unsetenv("SCX_VM_ACCEL");
}

TEST(Kernel, OrdersReleasesAsNumbers) {
  EXPECT_TRUE(release_less("6.9.1", "6.18.1"));
  EXPECT_TRUE(release_less("6.18.9+deb13-amd64", "6.18.15+deb13-amd64"));
  EXPECT_FALSE(release_less("7.0.1", "6.18.1"));
}

TEST(Kernel, KnowsSeriesAndFlavour) {
  EXPECT_TRUE(release_matches("6.18.15+deb13-cloud-amd64", "6.18", "cloud-amd64"));
  EXPECT_TRUE(release_matches("6.18.15+deb13-cloud-amd64", "6.18.15", "cloud-amd64"));
  EXPECT_FALSE(release_matches("6.18.15+deb13-cloud-amd64", "6.1", "cloud-amd64"));
  EXPECT_FALSE(release_matches("6.18.15+deb13-cloud-amd64", "6.18.1", "cloud-amd64"));
  EXPECT_FALSE(release_matches("6.18.15+deb13-cloud-amd64", "6.18", "amd64"));
  EXPECT_FALSE(release_matches("6.18.15+deb13-rt-amd64", "6.18", "amd64"));
}

TEST(Kernel, TakesTheNewestFromTheCacheAndNothingUnfinished) {
  const std::string cache = testing::TempDir() + "scx-kernel-cache";
  std::filesystem::remove_all(cache);
  for (const char* release : {"6.18.9+deb13-cloud-amd64", "6.18.15+deb13-cloud-amd64",
                              "6.19.1+deb13-cloud-amd64", ".fetching/6.18.99+deb13-cloud-amd64"}) {
    std::filesystem::create_directories(cache + "/kernels/" + release);
    ASSERT_TRUE(write_file_atomically(cache + "/kernels/" + release + "/vmlinuz", "x").ok());
  }
  // A directory without an image is what nobody may boot.
  std::filesystem::create_directories(cache + "/kernels/6.18.50+deb13-cloud-amd64");
  ::setenv("SCX_CACHE_DIR", cache.c_str(), 1);
  const auto kernel = find_kernel({.series = "6.18", .offline = true});
  ASSERT_TRUE(kernel.ok()) << kernel.error().message;
  EXPECT_EQ(kernel->release, "6.18.15+deb13-cloud-amd64");
  EXPECT_EQ(kernel->image, cache + "/kernels/6.18.15+deb13-cloud-amd64/vmlinuz");
  EXPECT_EQ(find_kernel({.series = "6.18", .modules = true, .offline = true}).error().reason, "no-kernel");
  ::unsetenv("SCX_CACHE_DIR");
}

TEST(Qemu, ReadsTheMajorVersion) {
  EXPECT_EQ(qemu_major_version("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)\n"), 10U);
  EXPECT_EQ(qemu_major_version("QEMU emulator version 7.2.17\n"), 7U);
  EXPECT_EQ(qemu_major_version("something else"), 0U);
}

}  // namespace
}  // namespace scx::vm
