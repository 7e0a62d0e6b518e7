// The emitted scheduler as text: it compiles, holds what the policy uses and
// nothing else, and takes and returns kernel resources in guards only.
#include <algorithm>
#include <regex>
#include <sstream>

#include <gmock/gmock.h>

#include "compiler/codegen/dictionary.h"
#include "tests/unit/codegen/policies.h"

namespace scx::codegen {
namespace {

using testing::compile_policy;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Sections of the programs and maps in a text.
std::set<std::string> programs(const std::string& text) {
  static const std::regex kSection("SEC\\(\"([a-z_.]+/?[a-z_]*)\"\\)");
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), kSection), end; at != end; ++at)
    found.insert((*at)[1]);
  return found;
}

class EveryPolicy : public ::testing::TestWithParam<std::string> {};

std::string policy_name(const ::testing::TestParamInfo<std::string>& info) {
  static const std::vector<std::string> kNames = {"OneLayer", "Rich", "OpenOnly"};
  return kNames[info.index];
}

INSTANTIATE_TEST_SUITE_P(Codegen, EveryPolicy,
                         ::testing::Values(testing::kOneLayer, testing::kRich, testing::kOpenOnly),
                         policy_name);

TEST_P(EveryPolicy, CompilesWithStockClangWithoutWarnings) {
#ifndef SCX_STOCK_CLANG
  GTEST_SKIP() << "no clang-19";
#else
  const std::string path = testing::write("policy.bpf.c", compile_policy(GetParam()).text);
  const std::string command =
      std::string(SCX_STOCK_CLANG) +
      " -O2 -g -mcpu=v3 -target bpf -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare "
      "-Werror -c " +
      path + " -o " + path + ".o";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
#endif
}

TEST_P(EveryPolicy, IsTheSameEveryTime) {
  EXPECT_EQ(compile_policy(GetParam()).text, compile_policy(GetParam()).text);
}

TEST_P(EveryPolicy, IsSelfContained) {
  const std::string text = compile_policy(GetParam()).text;
  EXPECT_THAT(text, Not(HasSubstr("#include")));
  EXPECT_THAT(text, Not(HasSubstr("//%")));
}

TEST_P(EveryPolicy, TakesAndReturnsResourcesInGuardsOnly) {
  static const Names kResourceCalls = {"bpf_rcu_read_lock",        "bpf_rcu_read_unlock",
                                       "bpf_cpumask_create",       "bpf_cpumask_acquire",
                                       "bpf_cpumask_release",      "bpf_kptr_xchg",
                                       "bpf_cgroup_from_id",       "bpf_cgroup_acquire",
                                       "bpf_cgroup_ancestor",      "bpf_cgroup_release",
                                       "bpf_task_from_pid",        "bpf_task_acquire",
                                       "bpf_task_release",         "bpf_spin_lock",
                                       "bpf_spin_unlock",          "bpf_preempt_disable",
                                       "bpf_preempt_enable",       "bpf_iter_num_new",
                                       "bpf_iter_num_destroy",     "bpf_iter_css_new",
                                       "bpf_iter_css_destroy",     "bpf_iter_scx_dsq_new",
                                       "bpf_iter_scx_dsq_destroy", "scx_bpf_put_idle_cpumask",
                                       "scx_bpf_get_idle_cpumask", "scx_bpf_task_cgroup"};
  const std::string text = compile_policy(GetParam()).text;
  const size_t guards = text.find("/* guards.h:");
  const size_t after = text.find("/* compat.h:");
  ASSERT_NE(guards, std::string::npos);
  ASSERT_LT(guards, after);
  for (const std::string& part : {text.substr(0, guards), text.substr(after)}) {
    for (const Declaration& declaration : declarations(part)) {
      if (declaration.code.find("(*const") != std::string::npos ||
          declaration.code.find("__ksym") != std::string::npos) {
        continue;  // says that there is such a function
      }
      for (const std::string& name : identifiers(declaration.code)) {
        EXPECT_FALSE(kResourceCalls.contains(name)) << name << " outside the guards:\n" << declaration.text;
      }
    }
  }
}

TEST_P(EveryPolicy, LineDirectivesLeadBack) {
  const std::string text = compile_policy(GetParam()).text;
  std::istringstream lines(text);
  std::string line;
  size_t number = 0;
  size_t back = 0;
  while (std::getline(lines, line)) {
    number++;
    size_t said = 0;
    char file[64];
    if (std::sscanf(line.c_str(), "#line %zu \"%63[^\"]\"", &said, file) != 2) continue;
    if (std::string(file) == "policy.scx") {
      EXPECT_GT(said, 0u);
    } else {
      EXPECT_STREQ(file, "policy.bpf.c");
      EXPECT_EQ(said, number + 1) << line;
      back++;
    }
  }
  EXPECT_GT(back, 0u);
}

TEST_P(EveryPolicy, CallsNothingThatAKernelRefuses) {
  EXPECT_THAT(forbidden_calls(compile_policy(GetParam()).text), IsEmpty());
}

TEST(Emit, OneLayerAttachesToNoEvent) {
  const std::set<std::string> found = programs(compile_policy(testing::kOneLayer).text);
  for (const std::string& section : found) {
    EXPECT_FALSE(section.starts_with("tp_btf") || section.starts_with("fexit")) << section;
  }
  EXPECT_THAT(found, Not(Contains("struct_ops/tick")));
  EXPECT_THAT(found, Not(Contains("struct_ops/set_weight")));
}

TEST(Emit, OneLayerHasNoClassifierNoGuestsNoWeights) {
  const Names names = identifiers(compile_policy(testing::kOneLayer).text);
  for (const std::string absent :
       {"classify", "subject", "cgroups", "marks", "lend", "reclaim", "service", "roams", "fifo", "preempt",
        "bpf_cgrp_storage_get", "bpf_cgroup_release"}) {
    EXPECT_FALSE(names.contains(absent)) << absent;
  }
}

TEST(Emit, KernelTypesHaveOnlyMembersInUse) {
  const std::string text = compile_policy(testing::kOneLayer).text;
  const size_t at = text.find("struct task_struct {");
  const std::string type = text.substr(at, text.find("};", at) - at);
  EXPECT_THAT(type, HasSubstr("cpus_ptr"));
  for (const std::string absent :
       {"comm", "pid", "cred", "cgroups", "static_prio", "policy", "real_parent"}) {
    EXPECT_THAT(type, Not(HasSubstr(absent)));
  }
}

// A policy that reads one attribute, and the programs that follow from it.
struct Attachment {
  std::string matcher;
  std::set<std::string> programs;
};

class EachAttribute : public ::testing::TestWithParam<Attachment> {};

const std::string kTick = "struct_ops/tick";
INSTANTIATE_TEST_SUITE_P(
    Codegen, EachAttribute,
    ::testing::Values(
        Attachment{"comm \"a*\"", {"tp_btf/task_rename", kTick}},
        Attachment{"comm contains \"a\"", {"tp_btf/task_rename", kTick}},
        Attachment{"leader comm == \"a\"", {"tp_btf/task_rename", kTick}},
        Attachment{"cgroup under \"/a\"", {"tp_btf/cgroup_mkdir", "tp_btf/cgroup_attach_task", kTick}},
        Attachment{"uid 7", {"fexit/commit_creds", kTick}},
        Attachment{"gid \"nogroup\"", {"fexit/commit_creds", kTick}},
        Attachment{"nice > 3", {"struct_ops/set_weight", kTick}},
        Attachment{"sched batch", {"struct_ops/set_weight", kTick}}, Attachment{"ppid 1", {kTick}},
        Attachment{"pid 5", {}}, Attachment{"tgid 5", {}}, Attachment{"kthread", {}},
        Attachment{"leader", {}}, Attachment{"affinity pinned", {"struct_ops/set_cpumask", kTick}},
        Attachment{"affinity full", {"struct_ops/set_cpumask", kTick}},
        Attachment{"affinity within node {0, 1}", {"struct_ops/set_cpumask", kTick}},
        Attachment{"gpu thread", {"fexit/chrdev_open", kTick}},
        Attachment{"gpu thread device 2 for 5s", {"fexit/chrdev_open", kTick}},
        Attachment{"gpu process",
                   {"fexit/chrdev_open", "tp_btf/sched_process_fork", "tp_btf/sched_prepare_exec", kTick}},
        Attachment{"affinity within llc 1", {"struct_ops/set_cpumask", kTick}}));

TEST_P(EachAttribute, AttachesToItsEventsAndToNoOthers) {
  const std::string text = compile_policy("language 1;\npolicy p { slice 1ms; }\nlayer a open { match " +
                                          GetParam().matcher + "; }\nlayer b open { match *; }\n")
                               .text;
  static const std::set<std::string> kAll = {"tp_btf/task_rename",        "tp_btf/cgroup_mkdir",
                                             "tp_btf/cgroup_attach_task", "fexit/commit_creds",
                                             "struct_ops/set_weight",     "struct_ops/set_cpumask",
                                             "fexit/chrdev_open",         "tp_btf/sched_process_fork",
                                             "tp_btf/sched_prepare_exec", kTick};
  const std::set<std::string> found = programs(text);
  for (const std::string& program : kAll) {
    EXPECT_EQ(found.contains(program), GetParam().programs.contains(program)) << program;
  }
  EXPECT_THAT(forbidden_calls(text), IsEmpty());
}

// Guards that no policy needs yet are kept alive here: every one, left early.
constexpr const char* kEveryGuard = R"(
struct value {
	struct bpf_spin_lock lock;
	u64 count;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct value);
} values SEC(".maps");

SEC("syscall")
s32 every_guard(void *unused)
{
	u32 key = 0;
	struct value *v = bpf_map_lookup_elem(&values, &key);

	if (!v)
		return 1;
	{
		guard_lock(&v->lock);
		if (v->count++ > 7)
			return 2;
	}
	guard_rcu();
	guard_preemption();
	guard_idle_mask(idle);
	guard_task_pid(p, 1);
	if (!p || bpf_cpumask_test_cpu(0, idle))
		return 3;
	guard_cgroup_id(root, 1);
	if (!root)
		return 4;
	guard_cpumask(mask);
	return mask && bpf_cpumask_weight((const struct cpumask *)mask);
}

char _license[] SEC("license") = "GPL";
)";

TEST(Emit, EveryGuardCompiles) {
#ifndef SCX_STOCK_CLANG
  GTEST_SKIP() << "no clang-19";
#else
  const std::string guards = needed(Templates::embedded().text("guards.h"), kEveryGuard);
  const std::string text =
      needed(Templates::embedded().text("kernel.h"), guards + kEveryGuard) + guards + kEveryGuard;
  const std::string path = testing::write("guards.bpf.c", text);
  const std::string command = std::string(SCX_STOCK_CLANG) +
                              " -O2 -g -mcpu=v3 -target bpf -Wall -Werror -c " + path + " -o " + path + ".o";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
#endif
}

TEST(Emit, NewerFloorDropsFormsOfOlderKernels) {
  const auto at = [](const std::string& version) {
    return identifiers(compile_policy("language 1;\npolicy p { slice 1ms; kernel >= " + version +
                                      "; }\nlayer a open { match *; }\n")
                           .text);
  };
  EXPECT_TRUE(at("6.16").contains("scx_bpf_dsq_insert"));
  EXPECT_FALSE(at("6.19").contains("scx_bpf_dsq_insert"));
  EXPECT_TRUE(at("6.19").contains("scx_bpf_dsq_move_to_local"));
  EXPECT_FALSE(at("7.1").contains("scx_bpf_dsq_move_to_local"));
}

TEST(Emit, NamesAreSafeForTheKernel) {
  EXPECT_THAT(compile_policy(testing::kRich).text, HasSubstr("#define OPS_NAME \"rich_one\""));
}

}  // namespace
}  // namespace scx::codegen
