#include "compiler/format/align.h"

#include <algorithm>
#include <array>

#include "compiler/format/one_line.h"

namespace scx::format {
namespace {

using Kind = syntax::Lexeme::Kind;

// A longer first word stands by itself: one `memory-bandwidth` must not push a whole block to the right.
constexpr size_t kLongestKeyword = 10;
constexpr size_t kLongestName = 32;
// Comments behind longer lines stand where these end.
constexpr size_t kLastCommentColumn = 60;
constexpr size_t kSpacesBeforeComment = 2;

constexpr std::array<std::string_view, 6> kDeclarations = {"layer", "layers", "cell", "cells", "root", "on"};

// Among pieces: the `{`.
constexpr size_t kBlock = SIZE_MAX;

// How a statement may be aligned: with neighbours of the same `form`, at the pieces `columns`.
struct Alignment {
  enum class Form : uint8_t {
    kNone,      // ends a group
    kThrough,   // a flag: neither ends one nor belongs to one
    kProperty,  // `weight 20;`
    kNamed,     // `match web = …;`
    kOneLine,   // `layer rest open { match *; }`
  };
  Form form = Form::kNone;
  std::string_view keyword;     // of kNamed and kOneLine
  std::vector<size_t> columns;  // pieces
  size_t one_line = 0;          // columns of a block on one line

  [[nodiscard]] bool fits(const Alignment& other) const {
    return form == other.form && keyword == other.keyword && columns == other.columns;
  }
};
using Form = Alignment::Form;

// Piece i always stands on the first line, right behind the one before it.
bool is_fixed(const Statement& statement, size_t i) {
  return i == statement.pieces.size() ||
         (statement.pieces[i].comments.empty() && !may_break(statement.pieces, i));
}

Alignment one_line_alignment(const Statement& statement, size_t block) {
  const auto& pieces = statement.pieces;
  Alignment out{Form::kOneLine, pieces[0].text, {kBlock}, block};
  if (pieces[0].text != "layer" || pieces.size() != 3) return out;
  if (width(pieces[1].text) > kLongestName) return {};
  out.columns = {2, kBlock};  // the kind is a column of its own
  return out;
}

Alignment property_alignment(const Statement& statement, size_t block) {
  const auto& pieces = statement.pieces;
  if (pieces.size() == 1 && !statement.has_block && pieces[0].comments.empty())
    return {Form::kThrough, "", {}, 0};
  if (pieces[0].kind != Kind::kWord || width(pieces[0].text) > kLongestKeyword || !is_fixed(statement, 1))
    return {};
  return {Form::kProperty, "", {1}, block};
}

// `block` are the columns of the statement's block if that stands on one line, 0 for a statement without one;
// `indent` those before it.
Alignment alignment_of(const Statement& statement, Place place, size_t indent) {
  const auto& pieces = statement.pieces;
  if (pieces.empty() || !pieces[0].comments.empty()) return {};
  size_t block = 0;
  if (statement.has_block) {
    const size_t words = indent + width_before(pieces, pieces.size()) - 1;
    const auto text = words < kLineLimit ? one_line_block(statement, kLineLimit - words) : std::nullopt;
    if (!text || !has_plain_words(statement)) return {};
    block = width(*text);
  }
  const bool declares =
      std::find(kDeclarations.begin(), kDeclarations.end(), pieces[0].text) != kDeclarations.end();
  if (statement.has_block && declares) return one_line_alignment(statement, block);
  if (place == Place::kProperties && pieces[0].text != "cleanup") return property_alignment(statement, block);
  const bool names = pieces[0].text == "let" || pieces[0].text == "match";
  if (place == Place::kFile && names && pieces.size() > 2 && is_fixed(statement, 1) &&
      is_fixed(statement, 2) && width(pieces[1].text) <= kLongestName)
    return {Form::kNamed, pieces[0].text, {2}, 0};
  return {};
}

// Statements that follow each other and stand in the same columns.
struct Group {
  struct Member {
    size_t entry;
    const Statement* statement;
    size_t one_line;
  };
  Alignment alignment;
  std::vector<Member> members;
};

void align_group(const Group& group, size_t indent, std::vector<std::vector<size_t>>& out) {
  if (group.members.size() < 2) return;
  std::vector<std::vector<size_t>> padding;
  std::vector<size_t> added(group.members.size(), 0);
  for (const Group::Member& member : group.members)
    padding.emplace_back(member.statement->pieces.size() + 1, 0);
  for (const size_t column : group.alignment.columns) {
    const auto piece_of = [&](size_t m) {
      return std::min(column, group.members[m].statement->pieces.size());
    };
    std::vector<size_t> begins;
    for (size_t m = 0; m < group.members.size(); ++m)
      begins.push_back(width_before(group.members[m].statement->pieces, piece_of(m)) + added[m]);
    const size_t furthest = *std::max_element(begins.begin(), begins.end());
    for (size_t m = 0; m < group.members.size(); ++m) {
      padding[m][piece_of(m)] = furthest - begins[m];
      added[m] += furthest - begins[m];
    }
  }
  // Columns that push a block beyond the line are none.
  for (size_t m = 0; m < group.members.size(); ++m) {
    const auto& pieces = group.members[m].statement->pieces;
    const size_t block = group.members[m].one_line;
    if (block > 0 && indent + width_before(pieces, pieces.size()) - 1 + added[m] + block > kLineLimit) return;
  }
  for (size_t m = 0; m < group.members.size(); ++m) out[group.members[m].entry] = std::move(padding[m]);
}

}  // namespace

std::vector<std::vector<size_t>> align_statements(const std::vector<Entry>& body, Place place,
                                                  size_t indent) {
  std::vector<std::vector<size_t>> out(body.size());
  Group group;
  const auto end_group = [&] {
    align_group(group, indent, out);
    group = {};
  };
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i].blank_before) end_group();
    const auto* statement = std::get_if<Statement>(&body[i].content);
    if (statement == nullptr) continue;
    Alignment alignment = alignment_of(*statement, place, indent);
    if (alignment.form == Form::kThrough) continue;
    if (!group.members.empty() && !group.alignment.fits(alignment)) end_group();
    if (alignment.form == Form::kNone) continue;
    group.members.push_back({i, statement, alignment.one_line});
    group.alignment = std::move(alignment);
  }
  end_group();
  return out;
}

std::string print(const std::vector<Line>& lines) {
  std::string out;
  const auto columns_of = [](const Line& line) { return line.indent + width(line.text); };
  const auto has_place = [&](const Line& line) {
    return !line.text.empty() && !line.comment.empty() && columns_of(line) <= kLastCommentColumn;
  };
  size_t column = 0;     // of the comments of the group
  size_t group_end = 0;  // the line behind it
  for (size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    if (line.blank_before && !out.empty()) out += '\n';
    if (i >= group_end && !line.continues) {
      column = columns_of(line) + kSpacesBeforeComment;
      for (group_end = i + 1;
           has_place(lines[i]) && !lines[group_end - 1].ends_group && group_end < lines.size(); ++group_end) {
        const Line& next = lines[group_end];
        if (next.blank_before || !(next.continues || (has_place(next) && !next.ends_group))) break;
        if (!next.continues) column = std::max(column, columns_of(next) + kSpacesBeforeComment);
      }
    }
    out.append(line.continues ? column : line.indent, ' ');
    out += line.text;
    if (!line.text.empty() && !line.comment.empty()) out.append(column - columns_of(line), ' ');
    out += line.comment;
    out += '\n';
  }
  return out;
}

}  // namespace scx::format
