// Thompson's construction: patterns to one nondeterministic automaton. Only
// the subset construction (subset.cpp) reads it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "compiler/automata/pattern.h"

namespace scx::automata {

struct Nfa {
  // kByte reads one byte of `sets[set]` and goes to `out`. The others read
  // nothing: kSplit goes to both, kBegin to `out` at the start of the value only,
  // kEnd at its end only. kAccept: pattern `pattern` has matched, whatever follows.
  enum class Kind : uint8_t { kByte, kSplit, kBegin, kEnd, kAccept };
  struct Node {
    Kind kind = Kind::kAccept;
    uint32_t out = 0;
    uint32_t other = 0;
    uint32_t set = 0;
    uint32_t pattern = 0;  // which pattern the node belongs to
  };
  std::vector<Node> nodes;
  std::vector<ByteSet> sets;     // distinct
  std::vector<uint32_t> starts;  // of each pattern; a search starts there before every byte
};

// More nodes than these (a repetition of repetitions) are not built.
inline constexpr uint32_t kMaxNfaNodes = 20000;

std::optional<Nfa> build_nfa(std::span<const Pattern> patterns);

}  // namespace scx::automata
