#include "runtime/audit/audit.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/audit/core_field.h"
#include "tests/unit/audit/made.h"

namespace scx::audit {
namespace {

using testing::HasSubstr;

Kernel kernel_of(const std::string& text, const std::string& name = "plain") {
  auto kernel = parse_kernel(name, btf_of(text));
  EXPECT_TRUE(kernel.ok()) << (kernel.ok() ? "" : kernel.error().message);
  return *std::move(kernel);
}

// The audit of a scheduler with the C text `object` on a kernel with sched_ext and the C text `more`.
std::vector<Lack> lacks_of(const std::string& object, const std::string& more = "",
                           const abi::Manifest& manifest = {}, const std::string& kernel_name = "plain") {
  auto code = read_code(compiled(std::string(kWords) + kScheduler + object));
  EXPECT_TRUE(code.ok()) << (code.ok() ? "" : code.error().message);
  return audit(manifest, *code, kernel_of(kSchedExt + more, kernel_name));
}

std::string messages(const std::vector<Lack>& lacks) {
  std::string text;
  for (const Lack& lack : lacks) text += lack.message + "\n";
  return text;
}

// A program that does `body` and may use its argument `p`.
std::string program(const std::string& declarations, const std::string& body) {
  return declarations +
         "\nSEC(\"struct_ops/enqueue\") int pol_enqueue(u64 *ctx)\n{\n\tstruct task_struct *p = (void "
         "*)ctx[0];\n" +
         body + "\n\treturn 0;\n}\n";
}

void expect_taken(const std::vector<Lack>& lacks) { EXPECT_EQ(messages(lacks), ""); }
void expect_lack(const std::vector<Lack>& lacks, const std::string& message,
                 Lack::Kind kind = Lack::Kind::kFunction) {
  ASSERT_EQ(lacks.size(), 1U) << messages(lacks);
  EXPECT_EQ(lacks[0].message, message);
  EXPECT_EQ(lacks[0].kind, kind);
  EXPECT_FALSE(lacks[0].help.empty());
}

constexpr const char* kKick = "extern void scx_bpf_kick(s32 cpu, u64 flags) ksym;";

TEST(Functions, AnObjectIsTakenThatCallsWhatIsThere) {
  expect_taken(
      lacks_of(program(kKick, "scx_bpf_kick(p->pid, 1);"), "KFUNC void scx_bpf_kick(s32 cpu, u64 flags) {}"));
}

TEST(Functions, AMissingOneIsNamedWithItsProgram) {
  const auto lacks = lacks_of(program(kKick, "scx_bpf_kick(p->pid, 1);"));
  expect_lack(lacks, "it lacks the kernel function `scx_bpf_kick`");
  EXPECT_EQ(lacks[0].program, "pol_enqueue");
  EXPECT_EQ(reason(lacks[0].kind), "missing-kernel-function");
}

TEST(Functions, ThePrototypeMustFitByKindsAllTheWayDown) {
  const std::string object = program(kKick, "scx_bpf_kick(p->pid, 1);");
  const std::string other = "it has kernel function `scx_bpf_kick` in another form";
  // Names, modifiers and sizes of numbers do not count.
  expect_taken(lacks_of(object, "typedef const long whole; KFUNC void scx_bpf_kick(whole cpu, u64 f) {}"));
  expect_lack(lacks_of(object, "KFUNC void scx_bpf_kick(s32 cpu) {}"), other);
  expect_lack(lacks_of(object, "KFUNC void scx_bpf_kick(s32 cpu, u64 *flags) {}"), other);
  expect_lack(lacks_of(object, "KFUNC s32 scx_bpf_kick(s32 cpu, u64 flags) { return 0; }"), other);
  const std::string by_pointer =
      program("extern void scx_bpf_take(struct task_struct *p) ksym;", "scx_bpf_take(p);");
  expect_taken(
      lacks_of(by_pointer, "struct other { int a; }; KFUNC void scx_bpf_take(const struct other *p) {}"));
  expect_lack(lacks_of(by_pointer, "KFUNC void scx_bpf_take(s32 *p) {}"),
              "it has kernel function `scx_bpf_take` in another form");
}

TEST(Functions, OneThatProgramsMayNotCallIsNone) {
  expect_lack(lacks_of(program(kKick, "scx_bpf_kick(p->pid, 1);"),
                       "__attribute__((noinline)) void scx_bpf_kick(s32 cpu, u64 flags) {}"),
              "its kernel function `scx_bpf_kick` is not for programs to call");
}

// libbpf looks for `…___v2` under that name if the object adds another `___`.
TEST(Functions, AFlavourIsCutOffOnce) {
  const std::string object =
      program("extern void scx_bpf_kick___v2___compat(s32 cpu) ksym;", "scx_bpf_kick___v2___compat(1);");
  expect_taken(lacks_of(object, "KFUNC void scx_bpf_kick___v2(s32 cpu) {}"));
  expect_lack(lacks_of(object, "KFUNC void scx_bpf_kick(s32 cpu) {}"),
              "it lacks the kernel function `scx_bpf_kick___v2`");
}

TEST(Functions, BrokenBtfIsNamedAsSuchAndOnce) {
  const std::string aux = "struct bpf_prog_aux { int a; };\n";
  const auto lacks = lacks_of(
      program("extern void scx_bpf_kick(s32 cpu, u64 flags) ksym; extern void scx_bpf_more(s32 cpu) ksym;",
              "scx_bpf_kick(p->pid, 1); scx_bpf_more(1);"),
      aux +
          "KFUNC void scx_bpf_kick(s32 cpu, u64 flags, const struct bpf_prog_aux *aux) {}\n"
          "KFUNC void scx_bpf_more(s32 cpu, struct bpf_prog_aux *aux) {}");
  ASSERT_EQ(lacks.size(), 1U) << messages(lacks);
  EXPECT_EQ(reason(lacks[0].kind), "broken-btf");
  EXPECT_THAT(lacks[0].message, HasSubstr("`scx_bpf_kick`, `scx_bpf_more`"));
  EXPECT_THAT(lacks[0].help, HasSubstr("not of the policy"));
}

// What the verifier drops is not needed; what it comes to is.
class Weak : public testing::Test {
 protected:
  static constexpr const char* kOld = "extern void scx_bpf_old(s32 cpu) ksym weak;\n";
  static constexpr const char* kNew = "extern void scx_bpf_new(s32 cpu, u64 flags) ksym weak;\n";
  static constexpr const char* kHasOld = "KFUNC void scx_bpf_old(s32 cpu) {}";
  static constexpr const char* kHasNew = "KFUNC void scx_bpf_new(s32 cpu, u64 flags) {}";

  // On a kernel with the old form, with the new, with both, with neither.
  static void expect_either(const std::string& body, const std::string& more = "") {
    const std::string object = program(std::string(kOld) + kNew + more, body);
    expect_taken(lacks_of(object, kHasOld));
    expect_taken(lacks_of(object, kHasNew));
    expect_taken(lacks_of(object, std::string(kHasOld) + kHasNew));
    expect_lack(lacks_of(object), "it lacks the kernel function `scx_bpf_old`");
  }
};

TEST_F(Weak, BehindATest) { expect_either("if (!scx_bpf_new) scx_bpf_old(1); else scx_bpf_new(1, 2);"); }

TEST_F(Weak, BehindAnEarlyReturn) {
  expect_either("if (!!scx_bpf_new) { scx_bpf_new(1, 2); return 0; } scx_bpf_old(1);");
}

TEST_F(Weak, InAFunctionThatIsCalled) {
  expect_either("kick(p->pid);",
                "static __attribute__((noinline)) void kick(s32 cpu)\n"
                "{ if (scx_bpf_new) { scx_bpf_new(cpu, 1); return; } scx_bpf_old(cpu); }\n");
}

TEST_F(Weak, InALoop) {
  expect_either(
      "for (int i = 0; i < p->pid; i++) { if (scx_bpf_new) scx_bpf_new(i, 1); else scx_bpf_old(i); }");
}

TEST_F(Weak, WithoutATestItIsNeeded) {
  const auto lacks = lacks_of(program(kNew, "if (p->pid > 3) scx_bpf_new(1, 2);"));
  expect_lack(lacks, "it lacks the kernel function `scx_bpf_new`");
}

TEST_F(Weak, InAnotherFormItIsAbsent) {
  const std::string object =
      program(std::string(kOld) + kNew, "if (scx_bpf_new) scx_bpf_new(1, 2); else scx_bpf_old(1);");
  expect_taken(lacks_of(object, std::string(kHasOld) + "KFUNC void scx_bpf_new(s32 cpu) {}"));
}

TEST_F(Weak, ALineOfThePolicyThatAsksForANewerKernelIsTheReason) {
  abi::Manifest manifest;
  manifest.min_kernel = "6.19";
  manifest.min_kernel_where = abi::Location{"web.scx", 4, 5};
  const std::string object = program(kNew, "scx_bpf_new(1, 2);");
  const auto lacks = lacks_of(object, "", manifest);
  expect_lack(lacks, "it lacks the kernel function `scx_bpf_new`");
  EXPECT_EQ(lacks[0].where, manifest.min_kernel_where);
  EXPECT_THAT(lacks[0].help, HasSubstr("lower `kernel >= 6.19`"));
  // Where the kernel's release is known, that is told as well, and first.
  const auto old = lacks_of(object, "", manifest, "6.18.2.btf");
  ASSERT_EQ(old.size(), 2U);
  EXPECT_EQ(old[0].kind, Lack::Kind::kTooOld);
  EXPECT_EQ(old[0].message, "it is older than 6.19, which the policy asks for");
  EXPECT_EQ(old[0].where, manifest.min_kernel_where);
}

TEST(Release, TheOldestSupportedOneHolds) {
  expect_lack(lacks_of(program("", ""), "", {}, "6.15.9.btf"),
              "it is older than 6.16, which every policy needs", Lack::Kind::kTooOld);
  expect_taken(lacks_of(program("", ""), "", {}, "6.16.btf"));
}

TEST(SchedExt, AKernelWithoutItLacksNothingElse) {
  auto code = read_code(compiled(std::string(kWords) + kScheduler + program(kKick, "scx_bpf_kick(1, 1);")));
  ASSERT_TRUE(code.ok());
  expect_lack(
      audit({}, *code,
            kernel_of("struct task_struct { s32 pid; } first; KFUNC int schedule(void) { return 0; }")),
      "it was built without sched_ext", Lack::Kind::kNoSchedExt);
}

// `thread`: the kernel's own type of that name.
std::vector<Lack> reads_of(const std::string& local, const std::string& thread, const std::string& body) {
  const std::string declarations =
      "#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)\n" + local +
      "\n#pragma clang attribute pop\n";
  return lacks_of(program(declarations, "struct thread *t = (void *)p;\n" + body),
                  thread + " thread_of_kernel;");
}

TEST(Fields, AreFoundByTheirNamesWhereverTheyAre) {
  const std::string local = "struct inner { u64 seq; }; struct thread { u32 flags; struct inner in; };";
  const std::string body = "ctx[1] = t->flags + t->in.seq;";
  expect_taken(reads_of(
      local,
      "struct inner { u64 x, seq; }; struct thread { long a; struct { u32 flags; }; struct inner in; }",
      body));
  expect_lack(reads_of(local, "struct inner { u64 seq; }; struct thread { struct inner in; }", body),
              "it lacks the field `thread.flags`", Lack::Kind::kField);
  expect_lack(
      reads_of(local, "struct inner { u64 other; }; struct thread { u32 flags; struct inner in; }", body),
      "it lacks the field `thread.in.seq`", Lack::Kind::kField);
}

TEST(Fields, MustBeOfTheSameKindAndSize) {
  const std::string local = "struct thread { u32 flags; };";
  const std::string body = "ctx[1] = t->flags;";
  // Numbers without a sign may have another size, as the access is adapted.
  expect_taken(reads_of(local, "struct thread { u64 flags; }", body));
  expect_lack(reads_of(local, "struct thread { long flags; }", body),
              "the field `thread.flags` has another size there", Lack::Kind::kField);
  expect_lack(reads_of(local, "struct thread { u32 *flags; }", body),
              "the field `thread.flags` has another type there", Lack::Kind::kField);
  expect_lack(
      reads_of("struct thread { u32 cpus[8]; };", "struct thread { u32 cpus[4]; }", "ctx[1] = t->cpus[6];"),
      "the field `thread.cpus[6]` is a shorter array there", Lack::Kind::kField);
  expect_lack(lacks_of(program("struct gone { u32 a; } __attribute__((preserve_access_index));",
                               "ctx[1] = ((struct gone *)p)->a;")),
              "the field `gone.a` there is no `gone` there", Lack::Kind::kField);
}

TEST(Fields, BehindAQuestionAreNotNeeded) {
  const std::string local = "struct thread { u32 flags; u32 more; };";
  const std::string body =
      "if (__builtin_preserve_field_info(t->more, 2)) ctx[1] = t->more; else ctx[1] = t->flags;";
  expect_taken(reads_of(local, "struct thread { u32 flags; }", body));
  expect_taken(reads_of(local, "struct thread { u32 more; }", body));
  expect_lack(reads_of(local, "struct thread { u32 other; }", body), "it lacks the field `thread.flags`",
              Lack::Kind::kField);
}

TEST(Enumerators, AreFoundByName) {
  const std::string declarations = "enum kick { KICK_IDLE = 1, KICK_NOW = 2 };";
  const std::string body = "ctx[1] = __builtin_preserve_enum_value(*(enum kick *)KICK_NOW, 1);";
  expect_taken(lacks_of(program(declarations, body), "enum kick { A = 9, KICK_NOW = 70 } kick_of_kernel;"));
  expect_taken(
      lacks_of(program(declarations, body), "enum kick { A = 9, KICK_NOW = 1ULL << 40 } kick_of_kernel;"));
  expect_lack(lacks_of(program(declarations, body), "enum kick { KICK_IDLE = 9 } kick_of_kernel;"),
              "it lacks the enumerator `KICK_NOW` of `kick`", Lack::Kind::kField);
}

TEST(Operations, ThoseThatAreSetMustBeThere) {
  const std::string table =
      "struct sched_ext_ops { void (*enqueue)(struct task_struct *p, u64 f); void (*sub_attach)(void); u64 "
      "flags; u32 "
      "timeout_ms; };\n";
  const std::string taken =
      "SEC(\".struct_ops.link\") struct sched_ext_ops ops = { .enqueue = (void *)pol_enqueue, .flags = 1 };";
  const std::string refused =
      "SEC(\".struct_ops.link\") struct sched_ext_ops ops = { .enqueue = (void *)pol_enqueue, "
      ".sub_attach = (void *)pol_enqueue };";
  expect_taken(lacks_of(program(table, "") + taken));
  const auto lacks = lacks_of(program(table, "") + refused);
  expect_lack(lacks, "its schedulers have no operation `sub_attach`", Lack::Kind::kOperation);
  const std::string wider =
      "struct sched_ext_ops { void (*enqueue)(struct task_struct *p, u64 f); u64 timeout_ms; };\n";
  expect_lack(lacks_of(program(wider, "") + "SEC(\".struct_ops.link\") struct sched_ext_ops ops = { .enqueue "
                                            "= (void *)pol_enqueue, .timeout_ms = 5 };"),
              "its schedulers have operation `timeout_ms` in another form", Lack::Kind::kOperation);
}

TEST(AttachPoints, MustBeThere) {
  const auto at = [](const std::string& section) {
    return lacks_of("SEC(\"" + section + "\") int pol_traced(u64 *ctx) { return 0; }",
                    "__attribute__((noinline)) int commit_creds(void) { return 0; }");
  };
  expect_taken(at("tp_btf/task_rename"));
  expect_taken(at("fexit/commit_creds"));
  expect_taken(at("fentry.s/commit_creds"));
  expect_lack(at("tp_btf/task_renamed"), "it lacks the tracepoint `task_renamed`", Lack::Kind::kAttachPoint);
  expect_lack(at("fexit/task_rename"), "it lacks the function to trace `task_rename`",
              Lack::Kind::kAttachPoint);
}

TEST(Places, AnInstructionOfThePolicysOwnLineNamesIt) {
  const std::string declarations =
      "struct thread { u32 uid; } __attribute__((preserve_access_index));\n"
      "static __attribute__((noinline)) int test_0(struct thread *t)\n{\n#line 12 \"web.scx\"\n\treturn "
      "t->uid == 5;\n"
      "#line 90 \"t.bpf.c\"\n}\n";
  const auto lacks = lacks_of(program(declarations, "ctx[1] = test_0((void *)p);"),
                              "struct thread { u32 id; } thread_of_kernel;");
  expect_lack(lacks, "it lacks the field `thread.uid`", Lack::Kind::kField);
  ASSERT_TRUE(lacks[0].where.has_value());
  EXPECT_EQ(lacks[0].where->file, "web.scx");
  EXPECT_EQ(lacks[0].where->line, 12U);
}

TEST(Places, WhatATemplateNeedsForAFeatureNamesTheFeature) {
  abi::Manifest manifest;
  abi::Predicate predicate;
  predicate.attribute = abi::Attribute::kComm;
  predicate.where = {"web.scx", 7, 9};
  manifest.classifier.predicates = {predicate};
  auto code = read_code(compiled(std::string(kWords) + kScheduler +
                                 "SEC(\"tp_btf/task_rename\") int pol_rename(u64 *ctx) { return 0; }"));
  ASSERT_TRUE(code.ok());
  std::string without = kSchedExt;
  const size_t at = without.find("btf_trace_task_rename known");
  const auto lacks = audit(manifest, *code, kernel_of(without.erase(at, without.find(';', at) - at + 1)));
  expect_lack(lacks, "it lacks the tracepoint `task_rename`", Lack::Kind::kAttachPoint);
  EXPECT_EQ(lacks[0].where, predicate.where);
}

// libbpf looks at all types of a name, and at one function of it.
TEST(Candidates, MustAllGiveTheSameAnswer) {
  const std::string local = "struct thread { u32 flags; };";
  const std::string body = "ctx[1] = t->flags;";
  const auto reads = [&](const std::string& thread, const std::string& other) {
    return reads_of(local, other + " other_thread;\n" + thread, body);
  };
  expect_taken(reads("struct thread { u32 flags; }", "struct thread___b { u32 flags; u32 more; }"));
  // A candidate without the field is none.
  expect_taken(reads("struct thread { u32 flags; }", "struct thread___b { u32 other; }"));
  expect_lack(reads("struct thread { u32 flags; }", "struct thread___b { u64 more; u32 flags; }"),
              "the field `thread.flags` is not the same in all types `thread` there", Lack::Kind::kField);
  // Refused where no program comes, too: libbpf does not know.
  const std::string declarations = "struct thread { u32 flags; } __attribute__((preserve_access_index));";
  const std::string behind = "if (__builtin_preserve_field_info(t->flags, 2) == 5) ctx[1] = t->flags;";
  expect_lack(lacks_of(program(declarations, "struct thread *t = (void *)p;\n" + behind),
                       "struct thread { u32 flags; } a; struct thread___b { u64 more; u32 flags; } b;"),
              "the field `thread.flags` is not the same in all types `thread` there", Lack::Kind::kField);
}

TEST(Candidates, EnumeratorsOfOneNameMustBeEqual) {
  const std::string declarations = "enum kick { KICK_NOW = 2 };";
  const std::string body = "ctx[1] = __builtin_preserve_enum_value(*(enum kick *)KICK_NOW, 1);";
  const std::string kernel = "enum kick { KICK_NOW = 7 } a;";
  expect_taken(lacks_of(program(declarations, body), kernel + "enum kick___b { KICK_NOW___b = 7 } b;"));
  expect_lack(lacks_of(program(declarations, body), kernel + "enum kick___b { KICK_NOW___b = 8 } b;"),
              "the enumerator `KICK_NOW` of `kick` is not the same in all types `kick` there",
              Lack::Kind::kField);
}

TEST(Candidates, OfFunctionsTheFirstCounts) {
  const std::string bytes = btf_of(std::string(kSchedExt) + "KFUNC void scx_bpf_kick(s32 cpu) {}");
  BtfHandle types(btf__new(bytes.data(), static_cast<uint32_t>(bytes.size())));
  ASSERT_NE(types, nullptr);
  // One more of the name behind it, and this one fits.
  const int number = btf__find_by_name_kind(types.get(), "int", BTF_KIND_INT);
  const int proto = btf__add_func_proto(types.get(), 0);
  ASSERT_EQ(btf__add_func_param(types.get(), "cpu", number), 0);
  ASSERT_EQ(btf__add_func_param(types.get(), "flags", number), 0);
  const int function = btf__add_func(types.get(), "scx_bpf_kick", BTF_FUNC_GLOBAL, proto);
  ASSERT_GT(btf__add_decl_tag(types.get(), "bpf_kfunc", function, -1), 0);
  uint32_t size = 0;
  const void* raw = btf__raw_data(types.get(), &size);
  const auto kernel = parse_kernel("k", {static_cast<const char*>(raw), size});
  ASSERT_TRUE(kernel.ok());
  auto code = read_code(compiled(std::string(kWords) + kScheduler + program(kKick, "scx_bpf_kick(1, 1);")));
  ASSERT_TRUE(code.ok());
  expect_lack(audit({}, *code, *kernel), "it has kernel function `scx_bpf_kick` in another form");
}

TEST(Hostile, StructuresWithinThemselvesAreSearchedOnce) {
  BtfHandle types(btf__new_empty());
  const int id = btf__add_struct(types.get(), "task_struct", 8);
  ASSERT_EQ(btf__add_field(types.get(), "", id, 0, 0), 0);
  ASSERT_EQ(btf__add_field(types.get(), "", id, 0, 0), 0);
  const Types kernel(std::move(types));
  auto code = read_code(compiled(std::string(kWords) + kScheduler + program("", "ctx[1] = p->flags;")));
  ASSERT_TRUE(code.ok());
  size_t asked = 0;
  for (const CodeSection& section : code->sections)
    for (const auto& [at, relocation] : section.core) {
      EXPECT_FALSE(resolve(relocation, code->types.get(), kernel, true).found);
      ++asked;
    }
  EXPECT_GT(asked, 0U);
}

TEST(Hostile, PrototypesWithinThemselvesAreComparedOnce) {
  BtfHandle types(btf__new_empty());
  // void proto(proto *, …), of eight parameters.
  const int proto = btf__add_func_proto(types.get(), 0);
  for (int i = 0; i < 8; ++i) ASSERT_EQ(btf__add_func_param(types.get(), "p", proto + 1), 0);
  const int pointer = btf__add_ptr(types.get(), proto);
  ASSERT_EQ(pointer, proto + 1);
  const auto id = static_cast<uint32_t>(proto);
  EXPECT_FALSE(is_compatible(types.get(), id, types.get(), id));
}

TEST(Hostile, NamesAreNotCopiedForEachLine) {
  auto code = read_code(compiled(std::string(kWords) + kScheduler + program("", "ctx[1] = p->flags;")));
  ASSERT_TRUE(code.ok());
  const auto& lines = code->sections.back().lines;
  ASSERT_GT(lines.size(), 1U);
  EXPECT_EQ(lines.front().file.data(), lines.back().file.data());
}

// Whatever the bytes: an answer or an error, and no access outside of them (the sanitizers watch).
TEST(Hostile, DamagedObjectsAndKernelsAreAnsweredOrRefused) {
  const std::string object =
      compiled(std::string(kWords) + kScheduler +
               program("extern void scx_bpf_new(s32 cpu) ksym weak;",
                       "if (scx_bpf_new) scx_bpf_new(p->pid); else ctx[1] = p->flags;") +
               "struct sched_ext_ops { void (*enqueue)(struct task_struct *p, u64 f); };\n"
               "SEC(\".struct_ops.link\") struct sched_ext_ops ops = { .enqueue = (void *)pol_enqueue };");
  const std::string types = btf_of(kSchedExt);
  std::mt19937 random(7);
  size_t answered = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string bytes = object;
    std::string kernel_bytes = types;
    std::string& damaged = round % 2 == 0 ? bytes : kernel_bytes;
    for (int k = 0; k < 3; ++k) damaged[random() % damaged.size()] = static_cast<char>(random());
    if (round % 7 == 0) damaged.resize(random() % damaged.size());
    auto code = read_code(bytes);
    auto kernel = parse_kernel("plain", kernel_bytes);
    if (!code.ok() || !kernel.ok()) continue;
    (void)audit({}, *code, *kernel);
    ++answered;
  }
  EXPECT_GT(answered, 100U);
}

}  // namespace
}  // namespace scx::audit
