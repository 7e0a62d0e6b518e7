// A token of the policy language between lexer and parser, and the stream that
// feeds ANTLR's parser from a vector of them. Offsets are bytes of the file.
// Only compiler/syntax includes this.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <antlr4-runtime.h>

#include "ScxLexer.h"
#include "compiler/support/source.h"

namespace scx::syntax {

using Type = grammar::ScxLexer;

class Token final : public antlr4::Token {
 public:
  Token() = default;
  Token(size_t type, Span span) : type(type), span(span) {}

  size_t type = EOF;
  Span span;
  size_t index = INVALID_INDEX;  // in the stream; invalid for one that was made up
  uint32_t column = 0;           // from 0, in bytes
  bool first_on_line = false;

  std::string getText() const override { return {}; }
  size_t getType() const override { return type; }
  size_t getLine() const override { return 0; }
  size_t getCharPositionInLine() const override { return column; }
  size_t getChannel() const override { return DEFAULT_CHANNEL; }
  size_t getTokenIndex() const override { return index; }
  size_t getStartIndex() const override { return span.begin; }
  size_t getStopIndex() const override { return span.end; }
  antlr4::TokenSource* getTokenSource() const override { return nullptr; }
  antlr4::CharStream* getInputStream() const override { return nullptr; }
  std::string toString() const override { return {}; }
};

// The last of `tokens` is the end of the file.
class TokenStream final : public antlr4::TokenStream {
 public:
  explicit TokenStream(std::vector<Token>& tokens);

  Token& at(size_t index) { return tokens_[index]; }
  Token& current() { return tokens_[position_]; }
  // What was read, up to the current one.
  std::span<const Token> read() const { return std::span(tokens_).first(position_); }

  antlr4::Token* LT(ssize_t k) override;
  antlr4::Token* get(size_t index) const override { return &tokens_[index]; }
  antlr4::TokenSource* getTokenSource() const override { return nullptr; }
  std::string getText(const antlr4::misc::Interval&) override { return {}; }
  std::string getText() override { return {}; }
  std::string getText(antlr4::RuleContext*) override { return {}; }
  std::string getText(antlr4::Token*, antlr4::Token*) override { return {}; }

  void consume() override;
  size_t LA(ssize_t k) override { return LT(k)->getType(); }
  ssize_t mark() override { return 0; }
  void release(ssize_t) override {}
  size_t index() override { return position_; }
  void seek(size_t index) override { position_ = index; }
  size_t size() override { return tokens_.size(); }
  std::string getSourceName() const override { return {}; }

 private:
  std::vector<Token>& tokens_;
  size_t position_ = 0;
};

// How a message names a token: its text in backticks, or "end of file".
std::string describe(const Token& token, std::string_view file_text);
// The same for the value that ends with the last of `tokens`: all of a range.
std::string describe_last_value(std::span<const Token> tokens, std::string_view file_text);

}  // namespace scx::syntax
