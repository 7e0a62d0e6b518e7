#include "compiler/sema/phrase.h"

#include <algorithm>

#include <fmt/format.h>

namespace scx::sema {

using diag::Kind;

const ast::Word* Phrase::word() const { return at_end() ? nullptr : std::get_if<ast::Word>(&terms_[next_]); }

bool Phrase::take(std::string_view text) {
  const ast::Word* next = word();
  if (next == nullptr || next->text != text) return false;
  ++next_;
  return true;
}

bool Phrase::expect(std::string_view text) { return choose({text}).has_value(); }

std::optional<size_t> Phrase::choose(const std::vector<std::string_view>& choices) {
  if (at_end()) {
    report_missing();
    return std::nullopt;
  }
  for (size_t i = 0; i < choices.size(); ++i)
    if (take(choices[i])) return i;
  const ast::Word* found = word();
  const std::string wanted = list_words(choices, "or");
  if (found == nullptr) {
    diagnostics_
        .report(Kind::kWrongType, ast::span_of(terms_[next_]), "{} in `{}`, where {} stands",
                describe(terms_[next_]), words_, wanted)
        .help(fmt::format("for instance `{}`", example_));
    return std::nullopt;
  }
  diagnostics_.report(Kind::kUnknownValue, found->span, "unknown word `{}` in `{}`", found->text, words_)
      .hint(did_you_mean(found->text, choices,
                         fmt::format("{} stands there, for instance `{}`", wanted, example_)));
  return std::nullopt;
}

const ast::Term* Phrase::term() {
  if (!at_end()) return &terms_[next_++];
  report_missing();
  return nullptr;
}

bool Phrase::end() {
  if (at_end()) return true;
  diagnostics_
      .report(Kind::kUnexpectedOperand, ast::span_of(terms_[next_]), "{} behind a complete `{}`",
              describe(terms_[next_]), words_)
      .help(fmt::format("for instance `{}`", example_));
  return false;
}

void Phrase::report_missing() {
  diagnostics_
      .report(Kind::kMissingOperand, terms_.empty() ? span_ : ast::span_of(terms_.back()),
              "`{}` is not complete", words_)
      .help(fmt::format("for instance `{}`", example_));
}

}  // namespace scx::sema
