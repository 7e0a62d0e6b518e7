// The statements of a file with their comments, read from tokens alone: what
// they mean makes no difference to where they stand. Comments that stand where
// none can stay (before `;`, before `{`, behind `and`) are moved to the nearest
// place where they can, once. Used by this library only.
#pragma once

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/support/source.h"
#include "compiler/syntax/lexemes.h"

namespace scx::format {

struct Comment {
  std::string_view text;   // from `#`, without spaces at its end
  bool trails = false;     // something stands before it on its line
  bool continues = false;  // alone on its line, in the column of the comment behind the line before
};

// A token of a statement.
struct Piece {
  syntax::Lexeme::Kind kind;
  std::string_view text;
  bool line_break = false;        // a line ended between the token before and this one
  std::vector<Comment> comments;  // between the token before and this one
};

struct Entry;

struct Statement {
  std::vector<Piece> pieces;  // without `;` and the braces of its block
  bool has_block = false;
  bool one_line = false;           // no line ends inside its block
  std::optional<Comment> opening;  // behind `{`
  std::vector<Entry> body;
  std::optional<Comment> trailing;  // behind `;` or `}`
};

// A statement, or a comment that stands alone.
struct Entry {
  bool blank_before = false;
  std::variant<Comment, Statement> content;
};

std::vector<Entry> read_statements(FileId file, const Sources& sources);

// `and`, `or`: a line ends before such a token, never behind it.
bool is_connective(const Piece& piece);

// Columns that the text takes on a terminal.
size_t width(std::string_view text);

}  // namespace scx::format
