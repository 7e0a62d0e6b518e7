// Lists of words and guesses at misspelt ones, for the help of diagnostics.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/diagnostics/diagnostics.h"

namespace scx::diag {

// "`a`, `b` and `c`"; of a long list the beginning.
std::string list_words(const std::vector<std::string_view>& words, std::string_view conjunction = "and");

// "did you mean `x`?" with `x`, or `otherwise` if no candidate is close to the word.
Hint did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates,
                  std::string otherwise);

// The one of `and`, `or`, `not` that the word is in capitals or with a slip; empty if it is none.
std::string_view meant_connective(std::string_view word);

// "1 policy", "2 policies".
std::string count_of(size_t count, std::string_view one, std::string_view many);

}  // namespace scx::diag
