// The word that was meant: guesses for words that no list knows. Used by both
// programs wherever they say "did you mean".
#pragma once

#include <string_view>
#include <vector>

namespace scx {

// The closest of `candidates` to `word` (edit distance at most a third of its
// length, at least 1), or empty: for "did you mean".
std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace scx
