// Tokens to balanced tokens: what needs a look at the whole file is settled
// here, so that the parser decides with one token of look-ahead. After it every
// `{` has its `}` and the other way round (made up or dropped, and reported), the
// braces of sets have types of their own, a statement that visibly ends has its
// `;`, no `;` stands alone, and nesting is bounded. Called by parse.cpp.
#pragma once

#include <string_view>
#include <vector>

#include "compiler/syntax/reporter.h"
#include "compiler/syntax/syntax.h"
#include "compiler/syntax/token.h"

namespace scx::syntax {

// Blocks, parentheses, `not` and `child of` around one thing. The tree is as
// deep, and everything that walks it recurses; far beyond what a person reads.
inline constexpr size_t kMaxDepth = 200;

// False, with a diagnostic, if the file nests deeper than kMaxDepth.
bool shape(std::vector<Token>& tokens, Reporter& reporter, Forgotten forgotten);

// `place` is a `=` where `==` is meant.
diag::Builder report_equals_sign(Reporter& reporter, Span place);

}  // namespace scx::syntax
