// Reads the verifier's log of a refused program and finds the policy line that
// caused it. Kernels write two shapes: the classic trace, which ends in one
// sentence, and from 7.3 on the same followed by a report (reason, place, causal
// path). Pure; the loader calls it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace scx::load {

struct SourceLine {
  std::string file;
  uint32_t line = 0;
  std::string text;
  bool operator==(const SourceLine&) const = default;
};

struct VerifierReport {
  std::string program;
  // The last line of a policy (a file `*.scx`) before the failure; none if the failure is in code that every
  // policy has.
  std::optional<SourceLine> policy;
  // The last line of any source before the failure.
  std::optional<SourceLine> source;
  std::string sentence;  // the verifier's own last words, the same on old and new kernels
  // Of the newer shape, else empty.
  std::string summary;  // "CATEGORY: TITLE"
  std::string cause;    // the text under "Reason:"
  std::string suggestion;
};

VerifierReport read_verifier_log(std::string_view program, std::string_view log);

// Numbers of "processed N insns … total_states N peak_states N", "verification time N usec" and "stack depth
// N"; 0 where the log lacks them.
struct VerifierCost {
  uint64_t instructions = 0;
  uint64_t total_states = 0;
  uint64_t peak_states = 0;
  uint64_t microseconds = 0;
  uint64_t stack_bytes = 0;
};
VerifierCost read_verifier_cost(std::string_view log);

}  // namespace scx::load
