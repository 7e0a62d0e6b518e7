// The compiler's name and version, as it stands in --version and in every
// manifest. The number is CMake's project version.
#pragma once

#include <string>

namespace scx::driver {

inline std::string compiler_name() { return "scxc " SCX_VERSION; }
std::string version_text();

}  // namespace scx::driver
