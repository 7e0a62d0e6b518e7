// scx-peak COMMAND…: runs a command and prints the most memory it held, in KiB,
// and its CPU time in ms, as one line of text; the exit code is the command's.
#include <cstdio>
#include <string>
#include <vector>

#include "tests/support/process.h"

int main(int argc, char** argv) {
  const std::vector<std::string> command(argv + 1, argv + argc);
  if (command.empty()) {
    std::fputs("usage: scx-peak COMMAND…\n", stderr);
    return 2;
  }
  const scx::testing::Outcome outcome = scx::testing::run(command);
  if (outcome.exit_code != 0) std::fputs(outcome.error.c_str(), stderr);
  std::printf("%ld %.1f\n", outcome.peak_kib, outcome.cpu_seconds * 1000);
  return outcome.exit_code;
}
