#include "compiler/format/layout.h"

#include <algorithm>

#include "compiler/format/line_breaks.h"
#include "compiler/format/one_line.h"

namespace scx::format {
namespace {

// What the block of a statement is; inside tests and cleanup nothing changes it.
Place place_in(const Statement& statement, Place outside) {
  if (outside == Place::kSentences || statement.pieces.empty()) return outside;
  const std::string_view word = statement.pieces[0].text;
  return word == "test" || word == "cleanup" || word == "on" ? Place::kSentences : Place::kProperties;
}

class Layout {
 public:
  void body(const std::vector<Entry>& entries, Place place, size_t indent);
  std::vector<Line> take() { return std::move(lines_); }

 private:
  void statement(const Statement& statement, bool blank_before, Place place, size_t indent,
                 std::vector<size_t> padding);
  // The words of a statement and what follows them on their last line.
  void words(const std::vector<Piece>& pieces, bool blank_before, size_t indent,
             const std::vector<size_t>& padding, std::string_view rest);
  void own_comment(const Comment& comment, bool blank_before, size_t indent);
  void comments_between(const std::vector<Comment>& comments, size_t indent);

  std::vector<Line> lines_;
};

void Layout::own_comment(const Comment& comment, bool blank_before, size_t indent) {
  Line line;
  line.indent = std::min(indent, kMaxIndent);
  line.comment = comment.text;
  line.blank_before = blank_before;
  line.continues = comment.continues;
  lines_.push_back(std::move(line));
}

// Inside a statement: behind the line before, or alone.
void Layout::comments_between(const std::vector<Comment>& comments, size_t indent) {
  for (const Comment& comment : comments) {
    const bool is_free = !lines_.back().text.empty() && lines_.back().comment.empty();
    if (comment.trails && is_free) {
      lines_.back().comment = comment.text;
    } else {
      own_comment({comment.text, false, false}, false, indent);
    }
  }
}

void Layout::words(const std::vector<Piece>& pieces, bool blank_before, size_t indent,
                   const std::vector<size_t>& padding, std::string_view rest) {
  for (const WordLine& part : break_lines(pieces, indent, padding, width(rest))) {
    if (part.begin > 0) comments_between(pieces[part.begin].comments, part.indent);
    Line line;
    line.indent = part.indent;
    line.blank_before = blank_before && part.begin == 0;
    for (size_t i = part.begin; i < part.end; ++i) {
      if (i > part.begin) {
        if (space_before(pieces, i)) line.text += ' ';
        line.text.append(padding[i], ' ');
      }
      line.text += pieces[i].text;
    }
    lines_.push_back(std::move(line));
  }
  lines_.back().text += rest;
}

void Layout::statement(const Statement& statement, bool blank_before, Place place, size_t indent,
                       std::vector<size_t> padding) {
  const auto& pieces = statement.pieces;
  padding.resize(pieces.size() + 1, 0);
  std::string rest = ";";
  bool is_open = false;
  if (statement.has_block) {
    const size_t words_end = std::min(indent, kMaxIndent) + width_before(pieces, pieces.size()) - 1;
    std::optional<std::string> block;
    if (words_end < kLineLimit && has_plain_words(statement))
      block = one_line_block(statement, kLineLimit - words_end);
    if (!block && statement.body.empty() && !statement.opening) block = " { }";
    is_open = !block;
    rest = std::string(padding.back(), ' ') + (block ? *block : " {");
  }
  words(pieces, blank_before, indent, padding, rest);
  if (!is_open) {
    if (statement.trailing) lines_.back().comment = statement.trailing->text;
    return;
  }
  if (statement.opening) lines_.back().comment = statement.opening->text;
  lines_.back().ends_group = true;
  body(statement.body, place_in(statement, place), indent + kIndent);
  Line close;
  close.indent = std::min(indent, kMaxIndent);
  close.text = "}";
  close.ends_group = true;
  if (statement.trailing) close.comment = statement.trailing->text;
  lines_.push_back(std::move(close));
}

void Layout::body(const std::vector<Entry>& entries, Place place, size_t indent) {
  std::vector<std::vector<size_t>> padding = align_statements(entries, place, std::min(indent, kMaxIndent));
  for (size_t i = 0; i < entries.size(); ++i) {
    if (const auto* comment = std::get_if<Comment>(&entries[i].content)) {
      own_comment(*comment, entries[i].blank_before, indent);
    } else {
      statement(std::get<Statement>(entries[i].content), entries[i].blank_before, place, indent,
                std::move(padding[i]));
    }
  }
}

}  // namespace

std::vector<Line> lay_out(const std::vector<Entry>& statements) {
  Layout layout;
  layout.body(statements, Place::kFile, 0);
  return layout.take();
}

}  // namespace scx::format
