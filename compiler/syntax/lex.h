// Text to tokens: runs ANTLR's lexer over the bytes of a file and reports what
// is wrong with characters, strings, numbers and foreign notation. What comes
// out holds only tokens of the language, so that the parser sees the statement
// that was meant. Called by parse.cpp.
#pragma once

#include <string>
#include <vector>

#include "compiler/syntax/reporter.h"
#include "compiler/syntax/token.h"

namespace scx::syntax {

// The tokens with one for the end of the file. Comments are no tokens; where they stand is added to
// `comments` unless it is null.
std::vector<Token> lex(Reporter& reporter, std::vector<Span>* comments = nullptr);

// A number token's digits and what touches them.
struct NumberParts {
  std::string_view digits;
  std::string_view unit;
};
NumberParts split_number(std::string_view text);

}  // namespace scx::syntax
