// The logs are shortened from what 6.18 and 7.3 wrote about two small programs with faults.
#include "runtime/load/verifier_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/load/loader.h"

namespace scx::load {
namespace {

using testing::HasSubstr;

constexpr std::string_view kClassic = R"(0: R1=ctx() R10=fp0
; SEC("struct_ops") void enqueue(struct task_struct *p, u64 flags) @ place.bpf.c:114
0: (79) r6 = *(u64 *)(r1 +8)          ; R1=ctx() R6=scalar()
; u32 key = p->pid; @ place.bpf.c:115
13: (61) r1 = *(u32 *)(r7 +2704)      ; R1=scalar() R7=trusted_ptr_task_struct()
; layer web { match comm "a @ b:1*"; slice 5ms; } @ pol.scx:2
17: (18) r1 = 0xff1614bd46070600      ; R1=map_ptr(map=stats,ks=4,vs=88)
19: (85) call bpf_map_lookup_elem#1   ; R0=map_value_or_null(id=3,map=stats,ks=4,vs=88)
; s->count[0]++; @ account.bpf.c:9
21: (7b) *(u64 *)(r0 +0) = r1
R0 invalid mem access 'map_value_or_null'
processed 20 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0
)";

constexpr std::string_view kReport = R"(; layer web { match comm "nginx*"; } @ pol.scx:2
14: (61) r1 = *(u32 *)(r7 +2872)      ; R1=scalar()
31: (95) exit
BPF_EXIT instruction in main prog cannot be used inside bpf_rcu_read_lock-ed region

Verification failed: Execution Context Safety: Operation is not allowed in this context

Reason:
  The operation BPF_EXIT instruction in main prog cannot be used while this path is still inside an
  active RCU read lock region (depth 1). Leave the region before this operation.

At:
  enqueue @ place.bpf.c:115:24
  Source context:
      114 | ...
  >>> 115 | void enqueue(struct task_struct *p, u64 flags) {
          | ^-- error: not allowed before leaving RCU read lock region
  Instruction context:
  >>> 31 | (95) exit

Causal path:
  enqueue @ pol.scx:3:9
  Source context:

      2 | ...
  >>> 3 | layer batch { match nice > 0; }
        | ^-- context: entered RCU read lock region; depth is now 1
  Instruction context:
  >>> 13 | (85) call bpf_rcu_read_lock#68180

  enqueue @ pol.scx:4:5
  Source context:

      3 | ...
  >>> 4 | layer rest open { match *; }
        | ^-- branch: took the true branch of this conditional, goto followed

Suggestion:
  Call bpf_rcu_read_unlock() before this operation on every path.

processed 26 insns (limit 1000000) max_states_per_insn 0 total_states 2 peak_states 2 mark_read 0
)";

TEST(VerifierLog, ClassicShape) {
  const VerifierReport report = read_verifier_log("enqueue", kClassic);
  ASSERT_TRUE(report.policy.has_value());
  EXPECT_EQ(*report.policy, (SourceLine{"pol.scx", 2, "layer web { match comm \"a @ b:1*\"; slice 5ms; }"}));
  EXPECT_EQ(report.source->file, "account.bpf.c");
  EXPECT_EQ(report.source->line, 9U);
  EXPECT_EQ(report.sentence, "R0 invalid mem access 'map_value_or_null'");
  EXPECT_EQ(report.summary, "");
}

TEST(VerifierLog, ReportShape) {
  const VerifierReport report = read_verifier_log("enqueue", kReport);
  ASSERT_TRUE(report.policy.has_value());
  // It failed in a template, so the last policy line of the causal path.
  EXPECT_EQ(*report.policy, (SourceLine{"pol.scx", 4, "layer rest open { match *; }"}));
  EXPECT_EQ(*report.source,
            (SourceLine{"place.bpf.c", 115, "void enqueue(struct task_struct *p, u64 flags) {"}));
  EXPECT_EQ(report.sentence,
            "BPF_EXIT instruction in main prog cannot be used inside bpf_rcu_read_lock-ed region");
  EXPECT_EQ(report.summary, "Execution Context Safety: Operation is not allowed in this context");
  EXPECT_THAT(report.cause, HasSubstr("still inside an active RCU read lock region"));
  EXPECT_EQ(report.suggestion, "Call bpf_rcu_read_unlock() before this operation on every path.");
}

TEST(VerifierLog, ThePlaceOfTheFailureComesFirst) {
  std::string text(kReport);
  text.replace(text.find("place.bpf.c:115:24"), 18, "pol.scx:9:1");
  const VerifierReport report = read_verifier_log("enqueue", text);
  EXPECT_EQ(report.policy->line, 9U);
}

TEST(VerifierLog, SentenceBehindTheReport) {
  std::string text(kReport);
  text.insert(text.find("processed 26"), "R2 type=scalar expected=fp\n");
  EXPECT_EQ(read_verifier_log("enqueue", text).sentence, "R2 type=scalar expected=fp");
}

TEST(VerifierLog, WithoutAPolicyLine) {
  const VerifierReport report = read_verifier_log("init", R"(; int init(void) @ ops.bpf.c:3
0: (85) call scx_bpf_create_dsq#1
calling kernel function scx_bpf_create_dsq is not allowed
processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
)");
  EXPECT_FALSE(report.policy.has_value());
  EXPECT_EQ(*report.source, (SourceLine{"ops.bpf.c", 3, "int init(void)"}));
  EXPECT_EQ(report.sentence, "calling kernel function scx_bpf_create_dsq is not allowed");
}

TEST(VerifierLog, OddLogs) {
  EXPECT_EQ(read_verifier_log("x", "").sentence, "");
  EXPECT_EQ(read_verifier_log("x", "\n\n").sentence, "");
  EXPECT_EQ(read_verifier_log("x", "; @ :3\n; a @ b\n; a @ b:x\n; a @ b:99999999999\nend").sentence, "end");
  EXPECT_FALSE(read_verifier_log("x", "; a @ b.scx:99999999999\n").policy.has_value());
  EXPECT_EQ(
      read_verifier_log("x", "BPF program is too large. Processed 1000001 insn\nprocessed 1000001 insns\n")
          .sentence,
      "BPF program is too large. Processed 1000001 insn");
}

TEST(VerifierLog, Costs) {
  const VerifierCost cost = read_verifier_cost(
      "verification time 1234 usec\nstack depth 16+8\nprocessed 345 insns (limit 1000000) "
      "max_states_per_insn 0 total_states 27 peak_states 14 mark_read 3\n");
  EXPECT_EQ(cost.instructions, 345U);
  EXPECT_EQ(cost.total_states, 27U);
  EXPECT_EQ(cost.peak_states, 14U);
  EXPECT_EQ(cost.microseconds, 1234U);
  EXPECT_EQ(cost.stack_bytes, 16U);
  const VerifierCost newer = read_verifier_cost(
      "verification time 4525 usec\nstack depth max 96\nsubprog 0 (enqueue) main insns_self 22 insns_total "
      "22 stack 8\n"
      "processed 22 insns (limit 1000000) max_states_per_insn 0\n");
  EXPECT_EQ(newer.stack_bytes, 96U);
  EXPECT_EQ(newer.instructions, 22U);
  EXPECT_EQ(read_verifier_cost("").instructions, 0U);
}

TEST(VerifierError, PointsAtThePolicy) {
  const Error error = verifier_error(read_verifier_log("enqueue", kReport), "edge");
  EXPECT_EQ(error.reason, "verifier-refused");
  EXPECT_THAT(error.message,
              testing::StartsWith("pol.scx:4: the kernel's verifier refuses `enqueue` of policy `edge`: "
                                  "`layer rest open { match *; }`\nthe verifier says: BPF_EXIT"));
  EXPECT_THAT(error.help, HasSubstr("--verifier-log"));
}

}  // namespace
}  // namespace scx::load
