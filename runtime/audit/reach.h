// Which instructions of an object the verifier can come to on one kernel, as
// far as the kernel's types decide it: branches on the address of a weak
// function and on relocated constants. What stands behind the other side of such
// a branch is dropped by the verifier, so nothing that it needs is needed. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "runtime/audit/code.h"

namespace scx::audit {

// What is known of a value before the program runs.
struct Known {
  enum class What : uint8_t { kNothing, kConstant, kNotZero };
  What what = What::kNothing;
  uint64_t value = 0;  // of a constant
  bool operator==(const Known&) const = default;
};

// The value that an instruction with a symbol or a relocation gives to its register.
using ValueOf = std::function<Known(const CodeSection&, uint32_t instruction)>;

struct Reached {
  uint32_t section = 0;
  uint32_t instruction = 0;
  uint32_t program = 0;  // the first of ObjectCode::programs that comes here
};

// In the order of programs, then of first arrival; every instruction once.
std::vector<Reached> reach(const ObjectCode& code, const ValueOf& value_of);

}  // namespace scx::audit
