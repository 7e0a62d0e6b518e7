// What a file is made of, as it is written: tokens and comments in their order,
// without a tree. For what prints or compares texts; the only look at comments,
// which the parser never sees. Called by compiler/format and by tests.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/support/source.h"

namespace scx::syntax {

struct Lexeme {
  enum class Kind : uint8_t {
    kWord,  // keywords, too
    kNumber,
    kString,
    kComparison,
    kAssign,
    kStar,
    kDots,
    kComma,
    kSemicolon,
    kOpenParenthesis,
    kCloseParenthesis,
    kOpenSet,
    kCloseSet,
    kOpenBlock,
    kCloseBlock,
    kComment,  // from `#` to before the end of its line
  };
  Kind kind;
  Span span;
};

// Of a text in which `parse` finds no mistake. Of any other text: what a reader who repairs it would see.
std::vector<Lexeme> lexemes(FileId file, const Sources& sources);

}  // namespace scx::syntax
