// Where the words of a statement end lines: where they did before `and` and
// `or`, between members of sets and names, and where a line would be too long,
// there at the outermost place. Used by the layout.
#pragma once

#include <cstddef>
#include <vector>

#include "compiler/format/statements.h"

namespace scx::format {

inline constexpr size_t kIndent = 4;
// Deeper lines stand below each other: what nests so deep is no policy, and its text stays in bounds.
inline constexpr size_t kMaxIndent = 48;

// The pieces [begin, end) of a statement on one line.
struct WordLine {
  size_t begin;
  size_t end;
  size_t indent;  // columns
};

// `indent` is the statement's; `padding[i]` more columns stand before piece i; `rest` columns follow the last
// piece on its line. One line at least; a piece with comments before it begins a line.
std::vector<WordLine> break_lines(const std::vector<Piece>& pieces, size_t indent,
                                  const std::vector<size_t>& padding, size_t rest);

}  // namespace scx::format
