// The back end over C text of our own: what the object holds, that it does not
// depend on the place, and what a fault in the text looks like.
#include "compiler/backend/compile_bpf.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <unistd.h>

#include "compiler/backend/object.h"

namespace scx::backend {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPolicy = "# first line\nlayer web open { match *; }\n";

// A whole scheduler in small: CO-RE access, strong and weak kernel functions, a map, policy lines.
constexpr const char* kText =
    R"(typedef unsigned int u32; typedef int s32; typedef unsigned long long u64; typedef _Bool bool;
#define SEC(name) __attribute__((section(name), used))
#define __ksym __attribute__((section(".ksyms")))
#define __weak __attribute__((weak))
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct sched_ext_entity { u64 slice; };
struct task_struct { int pid; struct sched_ext_entity scx; };
#pragma clang attribute pop
struct sched_ext_ops { void (*enqueue)(struct task_struct *p, u64 flags); u64 flags; char name[128]; };
extern void scx_bpf_dsq_insert(struct task_struct *p, u64 dsq, u64 slice, u64 flags) __ksym;
extern bool scx_bpf_dsq_insert___v2(struct task_struct *p, u64 dsq, u64 slice, u64 flags) __ksym __weak;
struct { u32 (*type)[2]; u32 (*max_entries)[1]; u32 *key; u64 *value; } counts SEC(".maps");
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
SEC("struct_ops") void web_enqueue(u64 *ctx) {
  struct task_struct *p = (void *)ctx[0];
  u32 zero = 0;
#line 2 "policy.scx"
  u64 *count = bpf_map_lookup_elem(&counts, &zero);
  if (count) __sync_fetch_and_add(count, p->pid);
#line 21 "policy.bpf.c"
  if (scx_bpf_dsq_insert___v2) scx_bpf_dsq_insert___v2(p, 1, p->scx.slice, 0);
  else scx_bpf_dsq_insert(p, 1, p->scx.slice, 0);
}
SEC(".struct_ops.link") struct sched_ext_ops web = {.enqueue = (void *)web_enqueue, .name = "web"};
char _license[] SEC("license") = "GPL";
)";

BpfInput input() { return {"policy.bpf.c", kText, {{"policy.scx", kPolicy}}}; }

std::string compiled() {
  auto object = compile_bpf(input());
  EXPECT_TRUE(object.ok()) << (object.ok() ? "" : object.error().message);
  return object.ok() ? *object : "";
}

TEST(CompileBpf, GivesALoadableObject) {
  auto object = read_object(compiled());
  ASSERT_TRUE(object.ok()) << object.error().message;
  const auto fit = check_object(*object);
  EXPECT_TRUE(fit.ok()) << fit.error().message;
  EXPECT_EQ(object->license, "GPL");
  EXPECT_THAT(object->maps, ElementsAre("counts"));
  ASSERT_EQ(object->programs.size(), 1U);
  EXPECT_EQ(object->programs[0].name, "web_enqueue");
  EXPECT_EQ(object->programs[0].section, "struct_ops");
  EXPECT_GT(object->programs[0].instructions, 10U);
}

TEST(CompileBpf, NamesTheKernelFunctionsThatItNeeds) {
  auto object = read_object(compiled());
  ASSERT_TRUE(object.ok());
  EXPECT_THAT(object->kernel_symbols, ElementsAre(KernelSymbol{"scx_bpf_dsq_insert", true, false},
                                                  KernelSymbol{"scx_bpf_dsq_insert___v2", true, true}));
}

TEST(CompileBpf, LineInformationCarriesThePolicysText) {
  auto object = read_object(compiled());
  ASSERT_TRUE(object.ok());
  const auto line = std::find_if(object->lines.begin(), object->lines.end(),
                                 [](const BtfLine& l) { return l.file == "policy.scx"; });
  ASSERT_NE(line, object->lines.end());
  EXPECT_EQ(line->line, 2U);
  EXPECT_EQ(line->text, "layer web open { match *; }");
  const auto own = std::find_if(object->lines.begin(), object->lines.end(),
                                [](const BtfLine& l) { return l.file == "policy.bpf.c" && l.line == 21; });
  ASSERT_NE(own, object->lines.end());
  EXPECT_THAT(own->text, HasSubstr("scx_bpf_dsq_insert___v2"));
}

TEST(CompileBpf, HasNoDebugInformationBesidesBtf) {
  auto object = read_object(compiled());
  ASSERT_TRUE(object.ok());
  for (const ObjectSection& section : object->sections) {
    EXPECT_THAT(section.name, Not(HasSubstr("debug")));
    EXPECT_NE(section.name, ".comment");
  }
}

// Also: a file of the same name in the directory has no influence.
TEST(CompileBpf, IsTheSameFromAnyDirectory) {
  const std::string here = compiled();
  const auto old = std::filesystem::current_path();
  const auto other = std::filesystem::temp_directory_path() / fmt::format("scx-backend-{}", getpid());
  std::filesystem::create_directories(other);
  std::filesystem::current_path(other);
  std::ofstream("policy.scx") << "other\nwrong text\n";
  std::ofstream("policy.bpf.c") << "#error not this one\n";
  const std::string there = compiled();
  std::filesystem::current_path(old);
  std::filesystem::remove_all(other);
  EXPECT_TRUE(here == there);
  EXPECT_THAT(here, Not(HasSubstr("wrong text")));
}

TEST(CompileBpf, WithoutATextNoFileIsLookedFor) {
  BpfInput bare = input();
  bare.sources.clear();
  auto object = compile_bpf(bare);
  ASSERT_TRUE(object.ok());
  auto read = read_object(*object);
  ASSERT_TRUE(read.ok());
  for (const BtfLine& line : read->lines) {
    if (line.file == "policy.scx") EXPECT_EQ(line.text, "");
  }
}

TEST(CompileBpf, AFaultInTheTextNamesBothLines) {
  const auto object =
      compile_bpf({"policy.bpf.c", "int a;\n#line 7 \"policy.scx\"\nint f(void) { return missing; }\n", {}});
  ASSERT_FALSE(object.ok());
  EXPECT_THAT(object.error().message, HasSubstr("policy.bpf.c:3:22 (from policy.scx:7): "));
  EXPECT_THAT(object.error().message, HasSubstr("undeclared identifier 'missing'"));
}

TEST(CompileBpf, AFaultOfTheBackEndIsCaught) {
  const auto object =
      compile_bpf({"policy.bpf.c", "void use(void *);\nvoid f(void) { char big[1024]; use(big); }\n", {}});
  ASSERT_FALSE(object.ok());
  EXPECT_THAT(object.error().message, HasSubstr("stack"));
}

TEST(CompileBpf, FindsNoHeader) {
  const auto object = compile_bpf({"policy.bpf.c", "#include <stdint.h>\n", {}});
  ASSERT_FALSE(object.ok());
  EXPECT_THAT(object.error().message, HasSubstr("'stdint.h' file not found"));
}

TEST(AddSection, KeepsTheRest) {
  const std::string object = compiled();
  auto with = add_section(object, ".scx.manifest", "{\"version\": 1}\n");
  ASSERT_TRUE(with.ok()) << with.error().message;
  auto bytes = section_bytes(*with, ".scx.manifest");
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(*bytes, "{\"version\": 1}\n");
  auto before = read_object(object);
  auto after = read_object(*with);
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_EQ(after->kernel_symbols, before->kernel_symbols);
  EXPECT_EQ(after->programs.size(), before->programs.size());
  EXPECT_TRUE(check_object(*after).ok());
}

TEST(CheckObject, ListsWhatIsWrong) {
  auto object = compile_bpf({"x.bpf.c", "int missing(void);\nint f(void) { return missing(); }\n", {}});
  ASSERT_TRUE(object.ok()) << object.error().message;
  auto read = read_object(*object);
  ASSERT_TRUE(read.ok());
  const auto fit = check_object(*read);
  ASSERT_FALSE(fit.ok());
  EXPECT_THAT(fit.error().message, HasSubstr("no section `license`"));
  EXPECT_THAT(fit.error().message, HasSubstr("no struct_ops program"));
  EXPECT_THAT(fit.error().message, HasSubstr("undefined symbol `missing`"));
}

TEST(ReadObject, RejectsForeignAndCutOffFiles) {
  EXPECT_FALSE(read_object("").ok());
  EXPECT_FALSE(read_object("not an object at all").ok());
  auto self = read_object(std::string("\x7f"
                                      "ELF\x02\x01\x01",
                                      7) +
                          std::string(57, '\0'));
  EXPECT_FALSE(self.ok());
  // Any prefix is an error or an object with less in it, never a crash.
  const std::string whole = compiled();
  for (size_t length = 0; length < whole.size(); length += 97) {
    auto cut = read_object(std::string_view(whole).substr(0, length));
    if (cut.ok()) EXPECT_FALSE(check_object(*cut).ok()) << length;
  }
}

TEST(Dump, IsStableText) {
  auto object = read_object(compiled());
  ASSERT_TRUE(object.ok());
  const std::string text = dump(*object);
  EXPECT_THAT(text, HasSubstr("license GPL\n"));
  EXPECT_THAT(text, HasSubstr("  scx_bpf_dsq_insert___v2 (weak)\n"));
  EXPECT_THAT(text, HasSubstr("  counts\n"));
}

}  // namespace
}  // namespace scx::backend
