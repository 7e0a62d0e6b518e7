// Tokens side by side: where a space stands between two, and which blocks stay
// on one line. Used by the layout and the alignment.
#pragma once

#include <string>

#include "compiler/format/statements.h"

namespace scx::format {

// Columns of a line.
inline constexpr size_t kLineLimit = 100;
// Statements of a block on one line, but for a `task`, whose attributes read as a sentence.
inline constexpr size_t kOneLineStatements = 4;

// Whether a space stands before piece `i` when it does not begin a line.
bool space_before(const std::vector<Piece>& pieces, size_t i);

// Whether a line that ended before piece `i` is kept, and one that is too long may end there.
bool may_break(const std::vector<Piece>& pieces, size_t i);
bool keeps_break(const std::vector<Piece>& pieces, size_t i);

// The block of a statement with its braces as it follows the statement's words, beginning with a space;
// nothing if it does not belong on one line (which was written on several, holds comments, says much) or is
// longer than `limit` columns. The words before it have to fit beside it: the caller's to look at.
std::optional<std::string> one_line_block(const Statement& statement, size_t limit);

// Whether the words of the statement were written on one line and have no comments between them.
bool has_plain_words(const Statement& statement);

// Columns of the pieces [0, end) side by side, with the space before `end`, which may be the number of
// pieces.
size_t width_before(const std::vector<Piece>& pieces, size_t end);

}  // namespace scx::format
