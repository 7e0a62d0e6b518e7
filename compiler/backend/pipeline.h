// The optimisation of a BPF module: the part of -O2 that BPF programs gain
// from. compile_bpf calls it between clang's front end and code generation.
#pragma once

#include <llvm/IR/Module.h>

#include "runtime/base/result.h"

namespace scx::backend {

// Optimises in place. Everything `always_inline` is inlined and static
// functions with one caller are; `noinline` ones stay, without a change of
// their arguments. Precondition: the BPF target is initialised.
Result<void> optimise_bpf(llvm::Module& module);

}  // namespace scx::backend
