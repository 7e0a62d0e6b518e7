#include "compiler/format/statements.h"

#include <algorithm>
#include <iterator>

#include "compiler/diagnostics/display_text.h"

namespace scx::format {
namespace {

using Kind = syntax::Lexeme::Kind;

// Line ends in a text of spaces: `\n`, `\r\n` and a lone `\r`.
size_t line_ends(std::string_view space) {
  size_t count = 0;
  for (size_t i = 0; i < space.size(); ++i)
    if (space[i] == '\n' || (space[i] == '\r' && (i + 1 == space.size() || space[i + 1] != '\n'))) ++count;
  return count;
}

class Reading {
 public:
  Reading(FileId file, const Sources& sources)
      : text_(sources.text(file)), lexemes_(syntax::lexemes(file, sources)) {}

  // Up to the `}` of the block, or the end of the file. `opening` takes a comment behind the block's `{`.
  void body(std::vector<Entry>& out, std::optional<Comment>* opening);

 private:
  // A comment as it was found, and where.
  struct Found {
    Comment comment;
    uint32_t column = 0;
    bool blank_before = false;
  };

  [[nodiscard]] bool at_end() const { return next_ == lexemes_.size(); }
  [[nodiscard]] Kind kind() const { return lexemes_[next_].kind; }
  [[nodiscard]] std::string_view text(Span span) const {
    return text_.substr(span.begin, span.end - span.begin);
  }
  // What stands between the lexeme before and the next one.
  [[nodiscard]] std::string_view space_before() const {
    const size_t begin = next_ == 0 ? 0 : lexemes_[next_ - 1].span.end;
    return text_.substr(begin, lexemes_[next_].span.begin - begin);
  }
  [[nodiscard]] uint32_t column_of(size_t offset) const;

  Found comment();
  void add_comment(const Found& found, std::vector<Entry>& out);
  void statement(std::vector<Entry>& out);
  void close_statement(Statement& statement, std::vector<Found>& pending, std::vector<Entry>& after);
  void open_block(Statement& statement, std::vector<Found>& pending);
  static void add_piece(Statement& statement, Piece piece, std::vector<Found>& pending);

  std::string_view text_;
  std::vector<syntax::Lexeme> lexemes_;
  size_t next_ = 0;
  std::optional<uint32_t> trailing_column_;  // of the comment behind the line before; none if that has none
};

uint32_t Reading::column_of(size_t offset) const {
  size_t begin = offset;
  while (begin > 0 && text_[begin - 1] != '\n' && text_[begin - 1] != '\r') --begin;
  return static_cast<uint32_t>(width(text_.substr(begin, offset - begin)));
}

Reading::Found Reading::comment() {
  const Span span = lexemes_[next_].span;
  std::string_view shown = text(span);
  shown = shown.substr(0, shown.find_last_not_of(" \t\f\v") + 1);
  Found found;
  const size_t ends = line_ends(space_before());
  found.comment = {shown, next_ > 0 && ends == 0, false};
  found.column = column_of(span.begin);
  found.blank_before = ends > 1;
  ++next_;
  return found;
}

// A comment between statements: behind the one before it, or alone.
void Reading::add_comment(const Found& found, std::vector<Entry>& out) {
  auto* before = out.empty() ? nullptr : std::get_if<Statement>(&out.back().content);
  if (found.comment.trails && before != nullptr && !before->trailing) {
    before->trailing = found.comment;
    trailing_column_ = found.column;
    return;
  }
  Entry entry{found.blank_before && !out.empty(), found.comment};
  auto& comment = std::get<Comment>(entry.content);
  comment.continues = !comment.trails && !found.blank_before && trailing_column_ == found.column;
  if (!comment.continues) trailing_column_.reset();
  out.push_back(std::move(entry));
}

void Reading::add_piece(Statement& statement, Piece piece, std::vector<Found>& pending) {
  // `a or  # this` reads as a remark on `a`, and `or` begins the next line.
  const bool before_connective = statement.pieces.size() > 1 && is_connective(statement.pieces.back());
  std::vector<Comment>& target = before_connective ? statement.pieces.back().comments : piece.comments;
  for (const Found& found : pending) target.push_back(found.comment);
  pending.clear();
  statement.pieces.push_back(std::move(piece));
}

// Comments before a `;` stand behind it.
void Reading::close_statement(Statement& statement, std::vector<Found>& pending, std::vector<Entry>& after) {
  for (const Found& found : pending) {
    if (found.comment.trails && !statement.trailing && after.empty()) {
      statement.trailing = found.comment;
      trailing_column_ = found.column;
    } else {
      after.push_back({false, found.comment});
      trailing_column_.reset();
    }
  }
}

// Comments before a `{` stand behind it.
void Reading::open_block(Statement& statement, std::vector<Found>& pending) {
  statement.has_block = true;
  const size_t open = next_++;
  for (const Found& found : pending) {
    if (found.comment.trails && !statement.opening && statement.body.empty()) {
      statement.opening = found.comment;
      trailing_column_ = found.column;
    } else {
      statement.body.push_back({false, found.comment});
      trailing_column_.reset();
    }
  }
  body(statement.body, &statement.opening);
  const uint32_t end = at_end() ? static_cast<uint32_t>(text_.size()) : lexemes_[next_].span.begin;
  const uint32_t begin = lexemes_[open].span.end;
  statement.one_line = line_ends(text_.substr(begin, end - begin)) == 0 && !statement.opening;
  if (!at_end()) ++next_;
  trailing_column_.reset();
}

void Reading::statement(std::vector<Entry>& out) {
  Entry entry{line_ends(space_before()) > 1 && !out.empty(), Statement{}};
  auto& made = std::get<Statement>(entry.content);
  std::vector<Found> pending;
  std::vector<Entry> after;
  trailing_column_.reset();
  while (!at_end() && kind() != Kind::kCloseBlock) {
    if (kind() == Kind::kComment) {
      pending.push_back(comment());
      continue;
    }
    if (kind() == Kind::kOpenBlock) {
      open_block(made, pending);
      pending.clear();
      break;
    }
    if (kind() == Kind::kSemicolon) {
      ++next_;
      break;
    }
    add_piece(made, {kind(), text(lexemes_[next_].span), line_ends(space_before()) > 0, {}}, pending);
    ++next_;
  }
  close_statement(made, pending, after);
  out.push_back(std::move(entry));
  std::move(after.begin(), after.end(), std::back_inserter(out));
}

void Reading::body(std::vector<Entry>& out, std::optional<Comment>* opening) {
  while (!at_end()) {
    if (kind() == Kind::kCloseBlock) {
      if (opening != nullptr) return;
      ++next_;  // a stray one: no text without mistakes has any
    } else if (kind() == Kind::kComment) {
      const Found found = comment();
      if (found.comment.trails && opening != nullptr && !*opening && out.empty()) {
        *opening = found.comment;
        trailing_column_ = found.column;
      } else {
        add_comment(found, out);
      }
    } else {
      statement(out);
    }
  }
}

}  // namespace

std::vector<Entry> read_statements(FileId file, const Sources& sources) {
  std::vector<Entry> out;
  Reading(file, sources).body(out, nullptr);
  return out;
}

bool is_connective(const Piece& piece) {
  return piece.kind == Kind::kWord && (piece.text == "and" || piece.text == "or");
}

size_t width(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return plain ? text.size() : diag::display(text).columns.back();
}

}  // namespace scx::format
