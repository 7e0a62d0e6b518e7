// The table of which kernel function may be called where, against texts that
// call at the wrong place.
#include <gmock/gmock.h>

#include "compiler/codegen/codegen.h"

namespace scx::codegen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kFunctions =
    "extern void scx_bpf_dsq_insert(int p) __ksym;\n\n"
    "extern bool scx_bpf_dsq_move_to_local___v2___compat(int d) __ksym __weak;\n\n"
    "static void helper(int p)\n{\n\tscx_bpf_dsq_insert(p);\n}\n\n";

TEST(KernelFunctions, RefusesACallFromTheWrongOperation) {
  const std::string text =
      std::string(kFunctions) +
      "SEC(\"struct_ops/tick\")\nvoid PROG(pol_tick, int p)\n{\n\tscx_bpf_dsq_insert(p);\n}\n";
  EXPECT_THAT(forbidden_calls(text), ElementsAre(HasSubstr("`struct_ops/tick` calls `scx_bpf_dsq_insert`")));
}

TEST(KernelFunctions, FollowsHelpers) {
  const std::string text =
      std::string(kFunctions) +
      "SEC(\"tp_btf/task_rename\")\nint PROG(pol_task_rename, int p)\n{\n\thelper(p);\n}\n";
  EXPECT_THAT(forbidden_calls(text), ElementsAre(HasSubstr("tp_btf/task_rename")));
}

TEST(KernelFunctions, KnowsTheKernelsNameOfAVersionedFunction) {
  const std::string text = std::string(kFunctions) +
                           "SEC(\"struct_ops/enqueue\")\nvoid PROG(pol_enqueue, int p)\n{\n\thelper(p);\n"
                           "\tscx_bpf_dsq_move_to_local___v2___compat(p);\n}\n";
  EXPECT_THAT(forbidden_calls(text), ElementsAre(HasSubstr("`scx_bpf_dsq_move_to_local___v2`")));
}

TEST(KernelFunctions, AllowsWhatIsAllowed) {
  const std::string text = std::string(kFunctions) +
                           "SEC(\"struct_ops/dispatch\")\nvoid PROG(pol_dispatch, int p)\n{\n\thelper(p);\n"
                           "\tscx_bpf_dsq_move_to_local___v2___compat(p);\n}\n";
  EXPECT_THAT(forbidden_calls(text), IsEmpty());
}

}  // namespace
}  // namespace scx::codegen
