// libbpf's object as values with owners, and what is done with one by name: its
// maps written, its SYSCALL programs run. Used by the files of this folder that
// prepare, feed and attach an object.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <bpf/libbpf.h>

#include "runtime/base/result.h"

namespace scx::load {

struct CloseObject {
  void operator()(bpf_object* o) const { bpf_object__close(o); }
};
struct DestroyLink {
  void operator()(bpf_link* l) const { bpf_link__destroy(l); }
};
using Object = std::unique_ptr<bpf_object, CloseObject>;
using Link = std::unique_ptr<bpf_link, DestroyLink>;

// What helps where the object and this program do not understand each other.
inline constexpr const char* kCompileAgain =
    "compile the policy again with the scxc of this scx-run's version";
inline constexpr const char* kKernelLog = "the kernel's log says more: `dmesg`";

// An errno in words, with libbpf's last warning.
std::string because(int error);

// Reason: "feed-mismatch".
Result<bpf_map*> find_map(const Object& object, const char* name);
// Reasons: "feed-mismatch" (values of another size), "load-refused".
Result<void> write_entry(const bpf_map* map, uint32_t key, const void* value, size_t size);
// The whole of an array.
template <typename Entry>
Result<void> write_map(const Object& object, const char* name, const std::vector<Entry>& entries) {
  SCX_TRY(const bpf_map* map, find_map(object, name));
  for (uint32_t key = 0; key < entries.size(); ++key)
    SCX_TRY_VOID(write_entry(map, key, &entries[key], sizeof(Entry)));
  return {};
}

bool has_program(const Object& object, const char* name);
// Runs a SYSCALL program; what it returned. Reasons: "feed-mismatch" (there is none), "load-refused" (it
// cannot be run at all).
Result<int> run_program(const Object& object, const char* name, const void* context = nullptr,
                        size_t size = 0);
template <typename Context>
Result<int> run_program(const Object& object, const char* name, const Context& context) {
  return run_program(object, name, &context, sizeof context);
}

}  // namespace scx::load
