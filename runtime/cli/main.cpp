// scx-run: the loader of compiled policies.
#include <string>
#include <variant>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/output.h"
#include "runtime/cli/command_line.h"
#include "runtime/cli/commands.h"

namespace {

// Started with one of them closed, a map or the journal would take its number, and words would go there.
void open_standard_descriptors() {
  for (int fd = ::open("/dev/null", O_RDWR); fd >= 0; fd = ::open("/dev/null", O_RDWR)) {
    if (fd <= STDERR_FILENO) continue;
    ::close(fd);
    return;
  }
}

int run_command(const scx::cli::Options& options) {
  switch (options.command) {
    case scx::cli::Command::kStatus:
      return scx::cli::show_status();
    case scx::cli::Command::kExplain:
      return scx::cli::explain_task(options);
    case scx::cli::Command::kRecover:
      return scx::cli::recover_settings();
    case scx::cli::Command::kGuestLoad:
      return scx::cli::run_guest_load(options);
    case scx::cli::Command::kRun:
      break;
  }
  if (options.vm.has_value()) return scx::cli::run_in_vm(options);
  return options.dry_run ? scx::cli::dry_run(options) : scx::cli::run_here(options);
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  // Nothing that is written here may be writable by others.
  ::umask(::umask(0) | 022);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto parsed = scx::cli::parse_command_line(arguments);
  if (const auto* answer = std::get_if<scx::cli::Answer>(&parsed)) {
    scx::print_out(answer->out);
    scx::print_error(answer->error);
    return scx::exit_code_of(answer->exit_code, scx::cli::kExitRefused);
  }
  return scx::exit_code_of(run_command(std::get<scx::cli::Options>(parsed)), scx::cli::kExitRefused);
}
