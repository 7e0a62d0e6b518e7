// Completion scripts for shells, made from the same description of the
// command line that parses it.
#pragma once

#include <string>
#include <string_view>

namespace scx::driver {

// `shell` is bash, zsh or fish.
std::string completion_script(std::string_view shell);

}  // namespace scx::driver
