// scxc: the compiler's command line.
#include <variant>

#include "compiler/driver/command_line.h"
#include "compiler/driver/commands.h"
#include "runtime/base/output.h"

int main(int argc, char** argv) {
  using namespace scx::driver;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::variant<Options, Answer> parsed = parse_command_line(arguments);
  if (const auto* answer = std::get_if<Answer>(&parsed)) {
    scx::print_out(answer->out);
    scx::print_error(answer->error);
    return scx::exit_code_of(answer->exit_code, kExitEnvironment);
  }
  return scx::exit_code_of(run_command(std::get<Options>(parsed)), kExitEnvironment);
}
