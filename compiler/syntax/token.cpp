#include "compiler/syntax/token.h"

#include <algorithm>

#include <fmt/format.h>

namespace scx::syntax {

TokenStream::TokenStream(std::vector<Token>& tokens) : tokens_(tokens) {
  for (size_t i = 0; i < tokens_.size(); ++i) tokens_[i].index = i;
}

antlr4::Token* TokenStream::LT(ssize_t k) {
  if (k == -1) return position_ > 0 ? &tokens_[position_ - 1] : nullptr;
  return &tokens_[std::min(position_ + static_cast<size_t>(k) - 1, tokens_.size() - 1)];
}

void TokenStream::consume() {
  if (position_ + 1 < tokens_.size()) ++position_;
}

std::string describe(const Token& token, std::string_view file_text) {
  if (token.type == antlr4::Token::EOF) return "end of file";
  if (token.span.begin == token.span.end) return "end of line";
  // Long enough for any name, short enough for a line.
  constexpr size_t kShown = 40;
  std::string text(file_text.substr(token.span.begin, token.span.end - token.span.begin));
  if (text.size() > kShown) {
    size_t cut = kShown;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
    text = text.substr(0, cut) + "...";
  }
  return fmt::format("`{}`", text);
}

std::string describe_last_value(std::span<const Token> tokens, std::string_view file_text) {
  Token value = tokens.back();
  const auto belongs = [&](size_t i) {
    return tokens[i].span.end == tokens[i + 1].span.begin &&
           (tokens[i].type == Type::DOTDOT || tokens[i + 1].type == Type::DOTDOT);
  };
  for (size_t i = tokens.size() - 1; i > 0 && belongs(i - 1); --i)
    value.span.begin = tokens[i - 1].span.begin;
  return describe(value, file_text);
}

}  // namespace scx::syntax
