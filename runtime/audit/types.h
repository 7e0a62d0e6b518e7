// The types of one kernel, found by name, and the comparisons that the loader
// makes between an object's types and a kernel's: the rules are libbpf's, which
// has no interface for them. Used by the audit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/base/btf_handle.h"

namespace scx::audit {

// Names are read up to here: the kernel's are shorter (KSYM_NAME_LEN is 512). Many names in one long text
// cost no more than that each.
constexpr size_t kMaxName = 1024;

// A name without its flavour: `task_struct___old` stands for the kernel's `task_struct`.
std::string_view essential_name(std::string_view name);

// The name of a type or of anything else that BTF names, of at most kMaxName bytes; empty for none. It lives
// as long as `types`.
std::string_view name_at(const btf* types, uint32_t offset);

// Past modifiers and typedefs; 0 (void) for what is not there.
uint32_t skip_modifiers(const btf* types, uint32_t id);

class Types {
 public:
  explicit Types(BtfHandle types);

  [[nodiscard]] const btf* get() const { return types_.get(); }
  [[nodiscard]] const btf_type* type(uint32_t id) const { return btf__type_by_id(types_.get(), id); }
  // Every type of the name and the kind (BTF_KIND_…), lowest first. Both kinds of enum count as one.
  // Functions go by their whole names, all others without their flavours.
  [[nodiscard]] std::vector<uint32_t> find(std::string_view name, uint32_t kind) const;
  // Whether the function is one that BPF programs may call; kernels whose BTF does not say answer yes.
  [[nodiscard]] bool is_kernel_function(uint32_t function) const;

 private:
  BtfHandle types_;
  std::unordered_multimap<std::string_view, uint32_t> by_name_;
  std::unordered_map<uint32_t, bool> callable_;
};

// Whether a call through the object's prototype fits the kernel's: as many parameters, of the same kinds all
// the way down; names of structures do not count.
bool is_compatible(const btf* local, uint32_t local_id, const btf* target, uint32_t target_id);

}  // namespace scx::audit
