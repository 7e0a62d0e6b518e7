// Whether a kernel takes an object, from that kernel's BTF alone: what libbpf
// and the verifier would look for and not find. It is no proof that the verifier
// accepts the programs; every kernel that it says no of refuses them. Called by
// scxc verify.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/abi/manifest.h"
#include "runtime/audit/code.h"
#include "runtime/audit/kernel.h"
#include "runtime/base/result.h"

namespace scx::audit {

// One thing that is in the way.
struct Lack {
  // In the order in which they are told, which is scx-run's.
  enum class Kind : uint8_t {
    kTooOld,      // older than the policy asks for
    kNoSchedExt,  // built without sched_ext
    kBroken,      // the BTF shows functions as no program can call them: a fault of the kernel's build
    kFunction,    // a kernel function that is not there, in another form there, or not for programs
    kOperation,   // a member of sched_ext_ops
    kAttachPoint,
    kField,  // a field, a type or an enumerator
  };
  Kind kind = Kind::kFunction;
  std::string what;                    // "kernel function `scx_bpf_dsq_peek`"
  std::string message;                 // the whole sentence, `what` in it
  std::string program;                 // the first that needs it; empty: all do
  std::optional<abi::Location> where;  // the policy's line that needs it; none: every policy does
  std::string help;
};

// The stable word for a kind, for programs that read the answers: "missing-kernel-function".
std::string_view reason(Lack::Kind kind);

// Everything that is in the way, one each; empty if the kernel takes the object. `code` is of the object that
// `manifest` came with.
std::vector<Lack> audit(const abi::Manifest& manifest, const ObjectCode& code, const Kernel& kernel);

}  // namespace scx::audit
