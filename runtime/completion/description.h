// What may stand where in a program's command line, and the scripts with which
// shells complete it. Used by the command lines of scxc and scx-run.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

// NOLINTNEXTLINE(readability-identifier-naming): the name is CLI11's
namespace CLI {
class App;
}

namespace scx::completion {

// What can be proposed for a value; nothing of it: any text may stand there.
struct Values {
  std::vector<std::string> words = {};
  std::vector<std::string> files = {};  // patterns: `*.scx`; `*` for any file
  bool folders = false;
  bool processes = false;
  auto operator<=>(const Values&) const = default;
};

struct Option {
  std::vector<std::string> names;  // `--output`, `-o`
  bool takes_value = false;
  bool only_attached = false;  // a value only as `--vm=6.18`
  Values values;
};

struct Command {
  std::string name;
  std::vector<Option> options;
  Values operands;
};

struct Program {
  std::string name;
  std::vector<Command> commands;  // the first is the program without a command; its name is empty
};

// By the name of a type, or of a command.
using Known = std::map<std::string, Values>;

// Of what --help shows. `types`: what the names of the program's own types stand for; `operands` by command.
Program describe(const CLI::App& app, const Known& types, const Known& operands);

// Those that there are scripts for.
std::vector<std::string> shells();
// Empty for other shells.
std::string script(const Program& program, std::string_view shell);

}  // namespace scx::completion
