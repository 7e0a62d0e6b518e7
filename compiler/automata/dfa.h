// Deterministic automata: compilation of patterns into the tables that BPF and
// the reference classifier run, and the operations on single languages that
// analyses ask (intersection, complement, emptiness, shortest witness).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/automata/pattern.h"
#include "runtime/abi/classifier.h"

namespace scx::automata {

// Compiles patterns[i] to bit i of one minimal automaton. Nothing when it
// would need more than abi::kMaxAutomatonStates states, or would grow beyond
// what construction may cost on the way. States are numbered breadth first, so
// the same patterns give the same tables.
// Precondition: at most abi::kMaxAutomatonBits patterns.
std::optional<abi::Automaton> compile(std::span<const Pattern> patterns, abi::Attribute attribute);

// One language: complete and deterministic, state 0 is the start.
struct Dfa {
  uint32_t class_count = 1;
  std::array<uint8_t, 256> class_of{};
  std::vector<uint32_t> next;  // state_count() * class_count
  std::vector<bool> accept;    // per state
  [[nodiscard]] uint32_t state_count() const { return static_cast<uint32_t>(accept.size()); }
};

// The values that the pattern matches, minimal. Nothing when construction grows beyond its bound.
std::optional<Dfa> language(const Pattern& pattern);
// The values that the attribute can have: up to 15 bytes without zero for a
// comm, an absolute path without empty components for a cgroup.
Dfa values_of(abi::Attribute attribute);

bool accepts(const Dfa& dfa, std::string_view value);
Dfa complement(Dfa dfa);
// Minimal. Nothing when the product has more than kMaxProductStates states.
inline constexpr uint32_t kMaxProductStates = 1u << 16;
std::optional<Dfa> intersection(const Dfa& a, const Dfa& b);
std::optional<Dfa> unite(const Dfa& a, const Dfa& b);
bool is_empty(const Dfa& dfa);
// The order of bytes in witnesses: letters and digits, other printable bytes, the
// rest, each ascending.
const std::vector<uint8_t>& witness_order();
// The shortest value of the language; of those the first in witness_order().
// Nothing when the language is empty.
std::optional<std::string> witness(const Dfa& dfa);

}  // namespace scx::automata
