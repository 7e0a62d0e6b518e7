#include "runtime/load/preflight.h"

#include <filesystem>
#include <fstream>

#include <bpf/btf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "runtime/load/kernel_btf.h"

namespace scx::load {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A machine on which everything is in order, as a tree of files, up to its BTF.
class PreflightTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/scx-preflight.XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    host_.release = "6.18.15+deb13-cloud-amd64";
    host_.sysfs = name;
    host_.effective_capabilities = ~0ULL;
    host_.open_files_limit = 1024;
    write("kernel/sched_ext/state", "disabled\n");
    write("fs/cgroup/cgroup.controllers", "cpu\n");
    object_.manifest.policy = "edge";
    object_.manifest.min_kernel = "6.16";
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  void expect(const char* reason, const std::string& text) {
    auto result = preflight(host_, object_);
    ASSERT_FALSE(result.ok()) << reason;
    EXPECT_EQ(result.error().reason, reason);
    EXPECT_THAT(result.error().message, HasSubstr(text));
    EXPECT_FALSE(result.error().help.empty());
  }

  std::filesystem::path root_;
  Host host_;
  ObjectFile object_;
};

TEST_F(PreflightTest, OrderOfObstacles) {
  // The tree has no BTF: reached only when everything before is in order.
  expect("no-btf", "no BTF");
  host_.system = "Darwin";
  expect("not-linux", "Darwin");
}

TEST_F(PreflightTest, Kernels) {
  for (const char* old : {"6.15.9", "5.10.0-30-amd64", "6", "nonsense"}) {
    host_.release = old;
    expect("kernel-too-old", old);
  }
  host_.release = "6.18.0";
  object_.manifest.min_kernel = "7.1";
  expect("kernel-too-old", "needs 7.1 or later");
  host_.release = "7.10.2-rc1";
  expect("no-btf", "BTF");
}

TEST_F(PreflightTest, SchedExt) {
  write("kernel/sched_ext/state", "enabled\n");
  write("kernel/sched_ext/root/ops", "other_1.0\n");
  expect("scheduler-active", "\"other_1.0\"");
  EXPECT_EQ(preflight(host_, object_, {true}).error().reason, "no-btf");
  std::filesystem::remove_all(root_ / "kernel");
  expect("no-sched-ext", "without sched_ext");
}

TEST_F(PreflightTest, PrivilegesNameWhatIsMissing) {
  host_.effective_capabilities = 0;
  expect("no-privileges", "CAP_BPF and CAP_PERFMON");
  host_.effective_capabilities = uint64_t{1} << kCapBpf;
  expect("no-privileges", "needs CAP_PERFMON");
  host_.effective_capabilities = uint64_t{1} << kCapBpf | uint64_t{1} << kCapPerfmon;
  expect("no-btf", "BTF");
  host_.effective_capabilities = uint64_t{1} << kCapSysAdmin;
  expect("no-btf", "BTF");
  write("kernel/security/lockdown", "none integrity [confidentiality]\n");
  expect("locked-down", "locked down");
}

TEST_F(PreflightTest, CgroupsOnlyIfThePolicyReadsThem) {
  std::filesystem::remove_all(root_ / "fs");
  expect("no-btf", "BTF");
  abi::Predicate predicate;
  predicate.attribute = abi::Attribute::kCgroup;
  object_.manifest.classifier.predicates.push_back(predicate);
  expect("no-cgroup2", "cgroup2");
}

TEST_F(PreflightTest, OpenFiles) {
  host_.open_files_limit = 64;
  expect("open-files-limit", "64 files");
}

TEST_F(PreflightTest, BtfThatIsNone) {
  write("kernel/btf/vmlinux", "this is no BTF");
  expect("corrupt-btf", "cannot be read");
}

// BTF with one function, as the kernel's file has it; `implicit` shows the argument that only the kernel
// fills in.
std::string btf_with_create_dsq(bool implicit) {
  btf* types = btf__new_empty();
  const int number = btf__add_int(types, "u64", 8, 0);
  const int aux = btf__add_struct(types, "bpf_prog_aux", 8);
  const int pointer = btf__add_ptr(types, btf__add_const(types, aux));
  const int proto = btf__add_func_proto(types, number);
  btf__add_func_param(types, "dsq_id", number);
  btf__add_func_param(types, "node", number);
  if (implicit) btf__add_func_param(types, "aux", pointer);
  btf__add_func(types, "scx_bpf_create_dsq", BTF_FUNC_STATIC, proto);
  uint32_t size = 0;
  const void* data = btf__raw_data(types, &size);
  std::string bytes(static_cast<const char*>(data), size);
  btf__free(types);
  return bytes;
}

TEST_F(PreflightTest, BtfOfThisBuild) {
  object_.manifest.kernel_functions = {{"scx_bpf_create_dsq", false}};
  object_.function_parameters = {{"scx_bpf_create_dsq", 2}};
  write("kernel/btf/vmlinux", btf_with_create_dsq(true));
  expect("broken-btf", "`scx_bpf_create_dsq` with 3 parameters instead of 2");
  write("kernel/btf/vmlinux", btf_with_create_dsq(false));
  auto warnings = preflight(host_, object_);
  ASSERT_TRUE(warnings.ok()) << warnings.error().message;
  EXPECT_TRUE(warnings->empty());
  write("fs/cgroup/a/cpu.max", "50000 100000\n");
  EXPECT_THAT(
      preflight(host_, object_).value(),
      ElementsAre(
          "1 cgroup has CPU limits that this scheduler does not honour: \"/a\" (cpu.max 50000 100000)"));
  object_.manifest.kernel_functions.push_back({"scx_bpf_now", false});
  expect("missing-kernel-function", "`scx_bpf_now`");
}

TEST_F(PreflightTest, CgroupLimitsAreCountedAndNamed) {
  write("fs/cgroup/a/cpu.max", "50000 100000\n");
  write("fs/cgroup/a/cpu.weight", "100\n");
  write("fs/cgroup/a/b/cpu.max", "max 100000\n");
  write("fs/cgroup/a/b/cpu.weight", "300\n");
  write("fs/cgroup/c/cpu.max", "max 100000\n");
  write("fs/cgroup/c/cpu.weight", "100\n");
  for (int i = 0; i < 6; ++i) write(fmt::format("fs/cgroup/d{}/cpu.weight", i), "1\n");
  const CgroupLimits limits = unhonoured_cgroup_limits(host_);
  EXPECT_EQ(limits.count, 8U);
  EXPECT_THAT(limits.first,
              ElementsAre("\"/a\" (cpu.max 50000 100000)", "\"/a/b\" (cpu.weight 300)",
                          "\"/d0\" (cpu.weight 1)", "\"/d1\" (cpu.weight 1)", "\"/d2\" (cpu.weight 1)"));
}

TEST(KernelFunctions, MissingOnesAreNamed) {
  const std::vector<abi::KernelFunction> needed = {
      {"scx_bpf_now", false}, {"scx_bpf_create_dsq", false}, {"scx_bpf_dsq_peek", true}};
  const std::map<std::string, BtfFunction> found = {{"scx_bpf_create_dsq", {2, false}}};
  auto result = check_functions(needed, found, {}, "6.18.1");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason, "missing-kernel-function");
  EXPECT_THAT(result.error().message, HasSubstr("lacks a function that the policy needs: `scx_bpf_now`"));
  EXPECT_THAT(result.error().message, testing::Not(HasSubstr("peek")));
}

TEST(KernelFunctions, BrokenBtfIsNamedAsSuch) {
  const std::vector<abi::KernelFunction> needed = {{"scx_bpf_create_dsq", false}};
  const std::map<std::string, BtfFunction> broken = {{"scx_bpf_create_dsq", {3, true}}};
  const std::map<std::string, BtfFunction> sound = {{"scx_bpf_create_dsq", {2, false}}};
  auto result = check_functions(needed, broken, {{"scx_bpf_create_dsq", 2}}, "7.2.9");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason, "broken-btf");
  EXPECT_THAT(result.error().message, HasSubstr("`scx_bpf_create_dsq` with 3 parameters instead of 2"));
  EXPECT_TRUE(check_functions(needed, sound, {{"scx_bpf_create_dsq", 2}}, "7.3").ok());
  // An object that was made for three parameters is not in the way.
  EXPECT_TRUE(check_functions(needed, broken, {{"scx_bpf_create_dsq", 3}}, "7.3").ok());
}

TEST(KernelFunctions, LibbpfsNames) {
  EXPECT_EQ(kernel_name("scx_bpf_dsq_insert___v2___compat"), "scx_bpf_dsq_insert___v2");
  EXPECT_EQ(kernel_name("scx_bpf_now"), "scx_bpf_now");
  EXPECT_EQ(kernel_name("__scx_bpf_dsq_insert_vtime"), "__scx_bpf_dsq_insert_vtime");
}

}  // namespace
}  // namespace scx::load
