// What `scxc verify` found out, as data: an answer for each policy and kernel,
// whoever gave it. verify_load.cpp asks real kernels, verify_btf.cpp their BTF;
// verify_report.cpp and verify_budget.cpp read the answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/driver/options.h"
#include "runtime/audit/audit.h"
#include "runtime/base/result.h"
#include "runtime/load/object_file.h"

namespace scx::driver {

// A policy or an object of the command line, ready to be asked about.
struct Subject {
  std::string file;  // as given
  load::ObjectFile object;
};

// What loading a program cost, as the kernel counts.
struct ProgramCost {
  std::string name;
  uint64_t instructions = 0;  // after load
  uint64_t processed = 0;     // instructions that the verifier walked
  uint64_t states = 0;        // that it kept, in all and at a time
  uint64_t peak_states = 0;
  uint64_t stack_bytes = 0;
  uint64_t microseconds = 0;
};

// Instructions, states and times of all programs; the deepest stack and the most states at a time of one.
ProgramCost total(const std::vector<ProgramCost>& programs);

struct Verdict {
  enum class By : uint8_t { kLoading, kBtf };
  std::string file;
  std::string policy;
  std::string kernel;
  By by = By::kLoading;
  bool takes = false;
  Error refusal;                      // why not: one reason, its words, its help
  std::vector<audit::Lack> lacks;     // kBtf: everything that is in the way
  std::vector<ProgramCost> programs;  // kLoading: each of them, if it takes the object
};

// Loads every subject here (`--host`) or in one virtual machine of the series, and attaches nothing. An
// answer for each subject, in their order. Errors: the kernel could not be asked (no scx-run, no privileges,
// no QEMU).
Result<std::vector<Verdict>> load_here(const std::vector<Subject>& subjects, const Options& options);
Result<std::vector<Verdict>> load_in_vm(const std::vector<Subject>& subjects, const std::string& series,
                                        const Options& options);

// Answers from BTF alone: for each kernel that `--btf` names an answer for each subject, and an error for
// each kernel that cannot be found or asked. Broken BTF is an answer.
struct BtfAnswers {
  std::vector<Verdict> answers;
  std::vector<Error> errors;
};
BtfAnswers ask_btf(const std::vector<Subject>& subjects, const Options& options);

// The kernel series that every change of scxc is tested on.
std::vector<std::string> tested_series();

// Where a kernel was asked both ways: how often, and where BTF and loading say different things.
struct Agreement {
  size_t compared = 0;
  std::vector<std::string> disagreements;
};
Agreement agreement(const std::vector<Verdict>& answers);

// The answers for people, a table for each policy and below it why a kernel does not take it; as one JSON
// document; as a table of Markdown.
std::string verify_text(const std::vector<Verdict>& answers, bool programs, bool color);
std::string verify_json(const std::vector<Verdict>& answers, const std::vector<std::string>& exceeded);
std::string verify_markdown(const std::vector<Verdict>& answers);

}  // namespace scx::driver
