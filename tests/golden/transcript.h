// A golden input with its commands and its transcript. golden_test.cpp walks
// the folders with it.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace scx::golden {

struct Case {
  std::filesystem::path input;
  std::vector<std::string> commands;  // as written: "scxc check {}"

  [[nodiscard]] std::filesystem::path transcript_path() const;
  [[nodiscard]] std::string name() const;  // "sema/fail_duplicate_layer"
  [[nodiscard]] bool expects_failure() const { return input.filename().string().rfind("fail_", 0) == 0; }
};

// All inputs below `root`, sorted by path.
std::vector<Case> find_cases(const std::filesystem::path& root);

// How GoogleTest names a case.
void PrintTo(const Case& golden, std::ostream* stream);

struct Transcript {
  std::string text;
  std::vector<int> exit_codes;
  double cpu_seconds = 0;  // of the slowest command
};

// Runs the commands of the case with `scxc` as the program.
Transcript record(const Case& golden, const std::string& scxc);

// The first line where two texts differ, with a line of each.
std::string first_difference(const std::string& expected, const std::string& got);

}  // namespace scx::golden
