// Kernels and objects for tests of the audit, both from C text: what clang makes
// of the text of a kernel's types has the BTF of such a kernel.
#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "compiler/backend/compile_bpf.h"
#include "compiler/backend/object.h"

namespace scx::audit {

constexpr const char* kWords = R"(
typedef unsigned long long u64;
typedef unsigned int u32;
typedef int s32;
#define SEC(name) __attribute__((section(name), used))
#define KFUNC __attribute__((btf_decl_tag("bpf_kfunc"))) __attribute__((noinline))
#define ksym __attribute__((section(".ksyms")))
#define weak __attribute__((weak))
)";

// A kernel with sched_ext, without functions of its own.
constexpr const char* kSchedExt = R"(
struct task_struct { s32 pid; char comm[16]; u64 slice; u32 flags; };
struct sched_ext_ops {
	s32 (*select_cpu)(struct task_struct *p, s32 prev, u64 flags);
	void (*enqueue)(struct task_struct *p, u64 flags);
	u64 flags;
	u32 timeout_ms;
	char name[128];
};
struct bpf_struct_ops_sched_ext_ops { int common; struct sched_ext_ops data; } known_operations;
struct task_struct first_task;
typedef void (*btf_trace_task_rename)(void *data, struct task_struct *p);
btf_trace_task_rename known_tracepoint;
KFUNC u64 scx_bpf_now(void) { return 0; }
)";

// The scheduler that every object of these tests is: a table, and what `text` adds.
constexpr const char* kScheduler = R"(
char _license[] SEC("license") = "GPL";
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct task_struct { s32 pid; char comm[16]; u64 slice; u32 flags; };
#pragma clang attribute pop
)";

inline std::string compiled(const std::string& text) {
  auto object = backend::compile_bpf({"t.bpf.c", text, {}});
  EXPECT_TRUE(object.ok()) << (object.ok() ? "" : object.error().message);
  return object.ok() ? *object : "";
}

inline std::string btf_of(const std::string& text) {
  auto bytes = backend::section_bytes(compiled(std::string(kWords) + text), ".BTF");
  EXPECT_TRUE(bytes.ok());
  return bytes.ok() ? *bytes : "";
}

}  // namespace scx::audit
