// `scxc verify --btf` against what this kernel says when it is asked for real:
// the audit of every object from the guest's own BTF, and loading.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/audit/audit.h"
#include "runtime/load/object_file.h"
#include "tests/support/process.h"
#include "tests/vm/guest/guest.h"

namespace scx::testing {
namespace {

constexpr const char* kOwnBtf = "/sys/kernel/btf/vmlinux";

std::string complaints(const audit::Kernel& kernel, const std::string& path) {
  auto object = load::read_object(path);
  if (!object.ok()) return object.error().message;
  auto code = audit::read_code(object->bytes);
  if (!code.ok()) return code.error().message;
  std::string text;
  for (const audit::Lack& lack : audit::audit(object->manifest, *code, kernel)) text += lack.message + "\n";
  return text;
}

bool loads(const std::string& path) {
  const Outcome outcome = run({"scx-run", path, "--dry-run", "--stats", "json"});
  EXPECT_THAT(outcome.exit_code, ::testing::AnyOf(0, 3)) << outcome.error;
  return outcome.exit_code == 0;
}

// The other checks load every one of these; an object that did not load would fail there.
TEST(Verify, BtfSaysYesToEveryObjectThatLoads) {
  auto kernel = audit::read_kernel(kOwnBtf);
  ASSERT_TRUE(kernel.ok()) << kernel.error().message;
  EXPECT_TRUE(kernel->release.starts_with(guest_series() + ".")) << kernel->release;
  for (const std::string& name : compiled_policies())
    EXPECT_EQ(complaints(*kernel, object_path(name)), "") << name;
  for (const char* name : {"01-one-open-layer", "shares"}) EXPECT_TRUE(loads(object_path(name))) << name;
}

// Each was made with one name in the templates that no kernel has, or with what only newer kernels have.
TEST(Verify, BtfAndLoadingAgreeAboutObjectsThatAreRefused) {
  auto kernel = audit::read_kernel(kOwnBtf);
  ASSERT_TRUE(kernel.ok()) << kernel.error().message;
  size_t refused = 0;
  for (const auto& file : std::filesystem::directory_iterator("/objects/lacking")) {
    const std::string path = file.path();
    const std::string found = complaints(*kernel, path);
    EXPECT_EQ(found.empty(), loads(path)) << path << "\n" << found;
    if (!found.empty()) ++refused;
  }
  EXPECT_GE(refused, 5U);
}

}  // namespace
}  // namespace scx::testing
