// What libbpf makes of a CO-RE relocation for one kernel: a field of a
// structure, a type, an enumerator, found in that kernel's types or not. Used by
// the audit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/audit/code.h"
#include "runtime/audit/types.h"

namespace scx::audit {

struct CoreAnswer {
  // False: libbpf puts an instruction there that the verifier refuses where it can be reached.
  bool found = false;
  // The kernel has several types of the name, and they give different answers: libbpf refuses the object,
  // whether the instruction can be reached or not.
  bool ambiguous = false;
  // The number that the instruction gets, where the programs may compare it: whether something exists, sizes,
  // enumerators. Not of offsets.
  std::optional<uint64_t> value;
  std::string what;  // "field `task_struct.comm`"
  std::string why;   // if it was not found and is there in another form: "is no pointer there"
};

// All candidates of the name are looked at, as libbpf does. `loads` tells whether the instruction accesses
// memory: then the field's size must fit.
CoreAnswer resolve(const CoreRelocation& relocation, const btf* local, const Types& kernel, bool loads);

}  // namespace scx::audit
