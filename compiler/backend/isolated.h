// Runs one compilation in a forked child and brings its bytes back. Two
// reasons: LLVM's BPF target keeps a process-wide table of the fields it has
// relocated (BPFAbstractMemberAccess::GEPGlobals) that dangles once its module
// is gone, so a process may compile one module; and a fatal error of LLVM ends
// the child instead of the compiler. Private to compiler/backend.
#pragma once

#include <functional>
#include <string>

#include "runtime/base/result.h"

namespace scx::backend {

// `work` runs in the child. Errors: its own, LLVM's fatal errors as messages,
// a child that a signal ended. Precondition: no other thread runs.
Result<std::string> run_isolated(const std::function<Result<std::string>()>& work);

}  // namespace scx::backend
