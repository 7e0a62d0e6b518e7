// The command line of scxc: parses it, answers --help and --version, and
// refuses what is not built yet by name. main() calls it first.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/driver/options.h"

namespace scx::driver {

// The line asked for a text only, or was wrong: what to print and where.
struct Answer {
  int exit_code = kExitOk;
  std::string out;    // standard output
  std::string error;  // standard error
};

// `arguments` without the program's name.
std::variant<Options, Answer> parse_command_line(const std::vector<std::string>& arguments);

// For the command `completion`: `shell` is bash, zsh or fish.
std::string completion_script(std::string_view shell);

// Commands of the language's design that this version does not have.
const std::vector<std::string_view>& planned_commands();

}  // namespace scx::driver
