// scxc: the compiler's command line.
#include <variant>

#include "compiler/driver/command_line.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/report.h"

int main(int argc, char** argv) {
  using namespace scx::driver;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::variant<Options, Answer> parsed = parse_command_line(arguments);
  if (const auto* answer = std::get_if<Answer>(&parsed)) {
    print_out(answer->out);
    print_error(answer->error);
    return exit_code_of(answer->exit_code);
  }
  return exit_code_of(run_command(std::get<Options>(parsed)));
}
