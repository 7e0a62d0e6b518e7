#include "compiler/diagnostics/words.h"

#include <algorithm>

#include "runtime/base/closest.h"

namespace scx::diag {

std::string list_words(const std::vector<std::string_view>& words, std::string_view conjunction) {
  constexpr size_t kMostWords = 30;
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i == kMostWords) return fmt::format("{} {} {} others", text, conjunction, words.size() - i);
    if (i > 0) text += i + 1 == words.size() ? fmt::format(" {} ", conjunction) : ", ";
    text += fmt::format("`{}`", words[i]);
  }
  return text;
}

Hint did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates,
                  std::string otherwise) {
  const std::string_view guess = closest(word, candidates);
  if (guess.empty()) return {std::move(otherwise), ""};
  return {fmt::format("did you mean `{}`?", guess), std::string(guess)};
}

std::string_view meant_connective(std::string_view word) {
  static const std::vector<std::string_view> connectives = {"and", "or", "not"};
  std::string small(word);
  std::transform(small.begin(), small.end(), small.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const auto same = std::find(connectives.begin(), connectives.end(), small);
  return same != connectives.end() ? *same : closest(small, connectives);
}

std::string count_of(size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace scx::diag
