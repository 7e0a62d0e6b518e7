// Comm tests that need no automaton: an exact name or a prefix is one masked
// comparison of the 16 bytes of task_struct::comm, read as two u64. Code
// generation asks here; the values suit little-endian machines, which BPF's
// targets are.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "compiler/model/model.h"

namespace scx::automata {

// Matches when (word[i] & mask[i]) == value[i] for both words of the comm.
struct WordTest {
  std::array<uint64_t, 2> mask{};
  std::array<uint64_t, 2> value{};
  bool operator==(const WordTest&) const = default;
};

// For `==`, `prefix`, and globs that are a literal or a literal before one
// last `*`, of `comm` and `leader comm`; nothing for any other test, and for
// texts that no comm can hold. The terminating zero of an exact name is
// compared, what may stand behind it is not.
std::optional<WordTest> word_test(const model::Predicate& predicate);

}  // namespace scx::automata
