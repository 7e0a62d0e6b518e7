// The command line of scx-run: parses it, answers --help, --version and
// completion, and refuses what belongs to later versions by name. main() calls
// it first; it touches nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/control/control.h"

namespace scx::cli {

// Exit codes of scx-run.
inline constexpr int kExitOrderly = 0;
inline constexpr int kExitEndedByError = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitRefused = 3;

enum class Command : uint8_t { kRun, kStatus, kExplain, kRecover, kGuestLoad };

struct Options {
  Command command = Command::kRun;
  std::string object;
  control::Options control;
  std::string verifier_log;       // path; empty: nowhere
  std::optional<std::string> vm;  // kernel series, empty for the default one
  std::string topology;           // empty: this machine, or the VM's own default
  bool dry_run = false;
  int pid = 0;        // explain: the thread
  bool json = false;  // explain
};

// The line asked for a text only, or was wrong: what to print and where.
struct Answer {
  int exit_code = kExitOrderly;
  std::string out;
  std::string error;
};

// `arguments` without the program's name.
std::variant<Options, Answer> parse_command_line(const std::vector<std::string>& arguments);

// "500ms", "4s", "2m", "1h": a number, possibly with decimals, and its unit.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

// For the command `completion`: `shell` is bash, zsh or fish; empty for others.
std::string completion_script(std::string_view shell);

}  // namespace scx::cli
