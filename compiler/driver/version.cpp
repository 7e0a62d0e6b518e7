#include "compiler/driver/version.h"

#include "compiler/backend/compile_bpf.h"

namespace scx::driver {

std::string version_text() { return compiler_name() + " (" + backend::clang_version() + ")"; }

}  // namespace scx::driver
