// The subset construction: an Nfa of searched patterns to a deterministic
// machine with match bits on its states, not yet minimal. Private to automata.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/automata/nfa.h"

namespace scx::automata {

// As abi::Automaton, with wider states.
struct Machine {
  uint32_t class_count = 1;
  std::array<uint8_t, 256> class_of{};
  std::vector<uint32_t> next;
  std::vector<uint64_t> entered;
  std::vector<uint64_t> final;
  [[nodiscard]] uint32_t state_count() const { return static_cast<uint32_t>(entered.size()); }
};

// What the machine remembers of a pattern after it has matched. Nobody reads
// its bit again, so each choice gives the same results: going on searching
// shares states between plain words, starting over forgets what `a.*b` holds
// open, and stopping makes `entered` hold for good (one language as a Dfa).
enum class AfterMatch : uint8_t { kGoOn, kStartOver, kStop };

// Nothing when more than `max_states` states would be made.
// Precondition of kStop: one pattern.
std::optional<Machine> determinise(const Nfa& nfa, AfterMatch after, uint32_t max_states);

// The fewest states and classes that give the same bits; Hopcroft's algorithm.
// States are numbered breadth first from the start.
Machine minimise(const Machine& machine);

}  // namespace scx::automata
