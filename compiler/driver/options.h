// What the command line asked for, as data. command_line.cpp fills it, the
// commands read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/diagnostics/diagnostics.h"

namespace scx::driver {

// Exit codes of scxc, the same for every command.
inline constexpr int kExitOk = 0;
inline constexpr int kExitErrors = 1;  // the policy has errors, or a test of it failed
inline constexpr int kExitUsage = 2;
inline constexpr int kExitEnvironment = 3;  // files, the machine, or a fault of scxc itself

enum class Command : uint8_t { kCompile, kCheck, kLint, kFmt, kTest, kDiff, kExplain, kVerify, kCompletion };
enum class Emit : uint8_t { kObject, kC };
enum class Dump : uint8_t { kNone, kTokens, kAst, kModel, kC, kObject, kManifest };
// kSarif, kGithub and kJunit are of `lint` only, kMarkdown of `verify`.
enum class Format : uint8_t { kText, kJson, kSarif, kGithub, kJunit, kMarkdown };
enum class Color : uint8_t { kAuto, kAlways, kNever };

// Of `scxc verify`: whom it asks, and what the figures are compared with.
struct VerifyOptions {
  bool host = false;
  std::vector<std::string> vm;   // series
  bool asks_btf = false;         // --btf, possibly without a word: every kernel in the cache
  std::vector<std::string> btf;  // files, folders, series
  std::string budget;
  std::string write_budget;
  std::string logs;  // folder
  bool programs = false;
};

struct Options {
  Command command = Command::kCompile;
  std::vector<std::string> files;
  std::vector<std::string> include_dirs;  // -I
  std::string output;                     // -o; empty: from the policy's name
  Emit emit = Emit::kObject;
  Dump dump = Dump::kNone;
  Format format = Format::kText;
  Color color = Color::kAuto;
  size_t error_limit = 20;  // of each file; 0: all
  std::optional<diag::Severity>
      fail_on;                     // lint: exit code 1 from this level upwards; else as the settings say
  std::string config;              // lint: the settings instead of those beside each policy
  bool fix = false;                // lint: make the fixes
  bool fix_guesses = false;        // lint: also those that may not be what was meant
  bool list_rules = false;         // lint: which rules there are
  std::vector<std::string> hosts;  // check, lint: machines that the policies are for
  bool schema = false;             // lint: the schema of its JSON
  bool timings = false;
  bool only_check = false;        // fmt: write nothing, list what would change
  bool diff = false;              // fmt: write nothing, print what would change
  bool coverage = false;          // test: what the tests reach
  size_t coverage_at_least = 0;   // test: percent of layers; exit code 1 below
  bool generate = false;          // test: propose tests instead
  std::string code;               // explain
  bool cleanup = false;           // explain: the cleanup table of `files`
  std::vector<std::string> task;  // explain: where this task goes, `comm=nginx,nice=-5`
  std::optional<int> pid;         // explain: where this thread goes
  std::string layer;              // explain: this layer of the policy
  std::string host;  // explain: and its CPUs on this machine, as `--topology` of scx-run names it
  VerifyOptions verify;
  std::string shell;  // completion
  [[nodiscard]] bool explains_task() const { return !task.empty() || pid.has_value(); }
  [[nodiscard]] bool explains_policy() const { return cleanup || !layer.empty() || explains_task(); }
  std::string templates;  // folder of BPF templates instead of the built-in ones, for tests
};

}  // namespace scx::driver
