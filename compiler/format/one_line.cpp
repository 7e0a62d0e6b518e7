#include "compiler/format/one_line.h"

#include <algorithm>

namespace scx::format {
namespace {

using Kind = syntax::Lexeme::Kind;

// `5`, but not `5ms`: `core` may follow it.
bool is_bare_number(const Piece& piece) {
  return piece.kind == Kind::kNumber &&
         piece.text.find_first_not_of("-0123456789.") == std::string_view::npos;
}

// Whether a number ends before piece `i`, to which a `..` there belongs.
bool follows_number(const std::vector<Piece>& pieces, size_t i) {
  if (i == 0) return false;
  if (pieces[i - 1].kind == Kind::kNumber) return true;
  return i > 1 && pieces[i - 1].kind == Kind::kWord && pieces[i - 1].text == "core" &&
         is_bare_number(pieces[i - 2]);
}

// Adds the words and the block of the statement; false once the line is too long or does not belong on one.
bool add_statement(const Statement& statement, size_t limit, std::string& line);

bool add_block(const Statement& statement, size_t limit, std::string& line) {
  if (statement.body.empty() && !statement.opening) {
    line += " { }";
    return true;
  }
  if (!statement.one_line) return false;
  const bool is_task = statement.pieces.size() == 1 && statement.pieces[0].text == "task";
  if (statement.body.size() > kOneLineStatements && !is_task) return false;
  line += " {";
  for (const Entry& entry : statement.body) {
    const auto* inner = std::get_if<Statement>(&entry.content);
    // A block inside of another reads well if it is all that there is.
    if (inner == nullptr || (inner->has_block && statement.body.size() > 1)) return false;
    line += ' ';
    if (!add_statement(*inner, limit, line)) return false;
  }
  line += " }";
  return true;
}

bool add_statement(const Statement& statement, size_t limit, std::string& line) {
  if (statement.trailing || !has_plain_words(statement)) return false;
  for (size_t i = 0; i < statement.pieces.size(); ++i) {
    if (i > 0 && space_before(statement.pieces, i)) line += ' ';
    line += statement.pieces[i].text;
    if (line.size() > 4 * limit) return false;  // bytes: no character has more than four
  }
  if (statement.has_block) return add_block(statement, limit, line);
  line += ';';
  return true;
}

}  // namespace

bool space_before(const std::vector<Piece>& pieces, size_t i) {
  const Kind before = pieces[i - 1].kind;
  const Kind here = pieces[i].kind;
  if (here == Kind::kComma || here == Kind::kCloseParenthesis || here == Kind::kCloseSet) return false;
  if (before == Kind::kOpenParenthesis || before == Kind::kOpenSet) return false;
  if (here == Kind::kDots) return !follows_number(pieces, i);
  if (before == Kind::kDots) return here != Kind::kNumber;
  return true;
}

bool may_break(const std::vector<Piece>& pieces, size_t i) {
  if (i == 0) return false;
  const Kind before = pieces[i - 1].kind;
  if (before == Kind::kOpenParenthesis || before == Kind::kOpenSet) return false;
  return is_connective(pieces[i]) || before == Kind::kComma ||
         (pieces[i].kind == Kind::kWord && pieces[i].text == "except") ||
         (pieces[i].kind == Kind::kString && before == Kind::kString);
}

bool keeps_break(const std::vector<Piece>& pieces, size_t i) {
  if (!may_break(pieces, i)) return false;
  // Whoever ends lines with `or` or begins them with `,` finds the line end on the other side.
  const bool behind = is_connective(pieces[i]) && i + 1 < pieces.size() && pieces[i + 1].line_break;
  const bool before_comma = pieces[i - 1].kind == Kind::kComma && pieces[i - 1].line_break;
  return pieces[i].line_break || behind || before_comma;
}

bool has_plain_words(const Statement& statement) {
  for (size_t i = 0; i < statement.pieces.size(); ++i)
    if (!statement.pieces[i].comments.empty() || keeps_break(statement.pieces, i)) return false;
  return true;
}

std::optional<std::string> one_line_block(const Statement& statement, size_t limit) {
  std::string line;
  if (!statement.has_block || !add_block(statement, limit, line) || width(line) > limit) return std::nullopt;
  return line;
}

size_t width_before(const std::vector<Piece>& pieces, size_t end) {
  size_t columns = 0;
  for (size_t i = 0; i < end; ++i) {
    if (i > 0 && space_before(pieces, i)) ++columns;
    columns += width(pieces[i].text);
  }
  if (end > 0 && (end == pieces.size() || space_before(pieces, end))) ++columns;
  return columns;
}

}  // namespace scx::format
