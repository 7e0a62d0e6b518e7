#include "compiler/format/line_breaks.h"

#include <algorithm>

#include "compiler/format/one_line.h"

namespace scx::format {
namespace {

using Kind = syntax::Lexeme::Kind;

// How deep each piece stands in its expression.
struct Depth {
  size_t nesting = 0;      // parentheses and sets around the piece
  bool is_inner = false;   // an `and` beside an `or` without parentheses between them
  bool is_member = false;  // of a set
};

std::vector<Depth> depths_of(const std::vector<Piece>& pieces) {
  std::vector<Depth> out(pieces.size());
  struct Group {
    std::vector<size_t> conjunctions;  // the pieces `and` of it
    bool has_or = false;
    bool is_set = false;
  };
  std::vector<Group> open(1);
  const auto close = [&] {
    if (open.back().has_or)
      for (const size_t i : open.back().conjunctions) out[i].is_inner = true;
    open.pop_back();
  };
  for (size_t i = 0; i < pieces.size(); ++i) {
    const Kind kind = pieces[i].kind;
    if ((kind == Kind::kCloseParenthesis || kind == Kind::kCloseSet) && open.size() > 1) close();
    out[i].nesting = open.size() - 1;
    out[i].is_member = open.back().is_set;
    if (pieces[i].text == "and" && is_connective(pieces[i])) open.back().conjunctions.push_back(i);
    if (pieces[i].text == "or" && is_connective(pieces[i])) open.back().has_or = true;
    if (kind == Kind::kOpenParenthesis || kind == Kind::kOpenSet) {
      open.emplace_back();
      open.back().is_set = kind == Kind::kOpenSet;
    }
  }
  while (!open.empty()) close();
  return out;
}

class Breaking {
 public:
  Breaking(const std::vector<Piece>& pieces, size_t indent, const std::vector<size_t>& padding, size_t rest)
      : pieces_(pieces), depths_(depths_of(pieces)), indent_(indent), padding_(padding), rest_(rest) {}

  std::vector<WordLine> run() {
    std::vector<WordLine> out;
    size_t begin = 0;
    do {
      const size_t end = end_of_line(begin);
      out.push_back({begin, end, indent_of(begin)});
      begin = end;
    } while (begin < pieces_.size());
    return out;
  }

 private:
  // Of a line that begins with piece i.
  [[nodiscard]] size_t indent_of(size_t i) const {
    if (i == 0) return std::min(indent_, kMaxIndent);
    const Depth& depth = depths_[i];
    const size_t levels = 1 + depth.nesting + (depth.is_inner ? 1 : 0) - (depth.is_member ? 1 : 0);
    return std::min(indent_ + levels * kIndent, kMaxIndent);
  }
  // The smaller, the further out.
  [[nodiscard]] size_t level(size_t i) const {
    return 2 * depths_[i].nesting + (depths_[i].is_inner ? 1 : 0);
  }
  [[nodiscard]] bool must_break(size_t i) const {
    return !pieces_[i].comments.empty() || keeps_break(pieces_, i);
  }

  [[nodiscard]] size_t end_of_line(size_t begin) const;

  const std::vector<Piece>& pieces_;
  const std::vector<Depth> depths_;
  const size_t indent_;
  const std::vector<size_t>& padding_;
  const size_t rest_;
};

// Of the places where the line may end before it is too long: the outermost, of these the last.
size_t Breaking::end_of_line(size_t begin) const {
  size_t column = indent_of(begin);
  size_t best = begin;  // none
  for (size_t i = begin; i < pieces_.size(); ++i) {
    if (i > begin) {
      if (must_break(i)) return i;
      if (may_break(pieces_, i)) {
        if (column > kLineLimit) return best > begin ? best : i;
        if (best == begin || level(i) <= level(best)) best = i;
      }
      column += (space_before(pieces_, i) ? 1 : 0) + padding_[i];
    }
    column += width(pieces_[i].text);
    if (column > kLineLimit && best > begin) return best;
  }
  return column + rest_ > kLineLimit && best > begin ? best : pieces_.size();
}

}  // namespace

std::vector<WordLine> break_lines(const std::vector<Piece>& pieces, size_t indent,
                                  const std::vector<size_t>& padding, size_t rest) {
  return Breaking(pieces, indent, padding, rest).run();
}

}  // namespace scx::format
