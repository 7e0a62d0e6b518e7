// The shell scripts that are embedded in the library, by file name: the guest's
// init and the kernel fetcher. Used inside scx_vm only.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace scx::vm {

// Defined by the build (scx_embed).
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_files();

// Precondition: the file is listed in CMakeLists.txt.
std::string_view script_text(std::string_view name);

}  // namespace scx::vm
