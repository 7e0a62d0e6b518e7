// What the running kernel's BTF says about the kernel functions that an object
// calls: there or not, and whether the BTF itself is sound. Called by the
// preflight.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/abi/manifest.h"
#include "runtime/base/result.h"

struct btf;
struct btf_type;

namespace scx::load {

// One kernel function in BTF.
struct BtfFunction {
  uint32_t parameters = 0;
  // The last parameter is a `struct bpf_prog_aux *` named `aux`: the verifier fills it in, programs must not
  // see it.
  bool exposes_implicit = false;
};

// Whether a prototype (BTF_KIND_FUNC_PROTO) is such a one.
bool exposes_implicit(const btf* types, const btf_type* proto);

// Looks up `names` in the BTF file at `path`. Absent ones are not in the result. Errors: "no-btf",
// "corrupt-btf".
Result<std::map<std::string, BtfFunction>> find_functions(const std::string& path,
                                                          const std::vector<std::string>& names);

// The kernel's name of an object's extern: libbpf drops everything from the last `___` on.
std::string kernel_name(const std::string& extern_name);

// Compares what a manifest needs with what BTF has. `passed` is ObjectFile::function_parameters. Reasons:
// "broken-btf", "missing-kernel-function"; the message names every function, and the policy line where one is
// known.
Result<void> check_functions(const std::vector<abi::KernelFunction>& needed,
                             const std::map<std::string, BtfFunction>& found,
                             const std::map<std::string, uint32_t>& passed, const std::string& release);

}  // namespace scx::load
