// What happens where the tokens do not fit the grammar: one diagnostic in the
// language's words, then recovery at the end of the statement, so that the
// rest of the file is read as it was meant. Replaces ANTLR's own strategy and
// messages altogether. Called by the generated parser only.
#pragma once

#include <deque>
#include <set>

#include <antlr4-runtime.h>

#include "ScxParser.h"
#include "compiler/syntax/reporter.h"
#include "compiler/syntax/token.h"

namespace scx::syntax {

class ErrorStrategy final : public antlr4::ANTLRErrorStrategy {
 public:
  ErrorStrategy(TokenStream& stream, Reporter& reporter) : stream_(stream), reporter_(reporter) {}

  void reset(antlr4::Parser*) override {}
  // A token that was expected and is not there: throws, or returns a made-up
  // one when the parser can go on from the current token.
  antlr4::Token* recoverInline(antlr4::Parser* parser) override;
  // After an exception in a rule: skips to where its callers can go on.
  void recover(antlr4::Parser* parser, std::exception_ptr error) override;
  void sync(antlr4::Parser*) override {}
  bool inErrorRecoveryMode(antlr4::Parser*) override { return false; }
  void reportMatch(antlr4::Parser*) override {}
  void reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) override;

  // True if recovery stopped before this token: what is wrong with it was told.
  [[nodiscard]] bool recovered_at(const Token& token) const { return told_.contains(token.index); }

 private:
  const Token& previous() const;
  antlr4::Token* made_up(size_t type);
  bool told() const { return told_.contains(stream_.index()); }

  void missing_semicolon();
  void unexpected(antlr4::ParserRuleContext* context, size_t expected);
  // A misspelt `and` or `or` before the current token; false if there is none.
  bool report_connective();
  void unexpected_in_condition(antlr4::ParserRuleContext* context);
  void missing_condition();
  void missing_name(antlr4::ParserRuleContext* context);
  void missing_block(antlr4::ParserRuleContext* context);
  diag::Builder report_unexpected(std::string_view where, std::string_view expected);
  void skip_statement(bool stops_at_block);

  TokenStream& stream_;
  Reporter& reporter_;
  std::deque<Token> made_up_;
  std::set<size_t> told_;       // token indexes that an error was told about
  bool keep_position_ = false;  // the statement ends here, only its `;` is missing
};

}  // namespace scx::syntax
