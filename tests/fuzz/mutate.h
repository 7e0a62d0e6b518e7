// Mutations of policies: those that must be rejected, each with a known fault,
// and blind ones. mutation_test.cpp feeds them to `scxc check`.
#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace scx::fuzz {

// A word, number, string, sign or comment of a policy; `begin` is its offset.
struct Piece {
  size_t begin = 0;
  std::string text;
  [[nodiscard]] size_t end() const { return begin + text.size(); }
  [[nodiscard]] bool is_comment() const { return text.front() == '#'; }
};
std::vector<Piece> split(std::string_view policy);

struct Mutant {
  std::string what;  // "misspelt keyword at byte 120"
  std::string text;
};

// Every mutant of `policy` that has one fault which the language must refuse.
std::vector<Mutant> faulty_mutants(const std::string& policy);

// Between one and four blind changes: bytes flipped, inserted and deleted,
// pieces dropped, doubled, swapped or taken from `others`, the end cut off.
Mutant blind_mutant(const std::string& policy, const std::vector<std::string>& others, std::mt19937& random);

}  // namespace scx::fuzz
