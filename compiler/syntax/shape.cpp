#include "compiler/syntax/shape.h"

#include <algorithm>

#include "compiler/syntax/statements.h"

namespace scx::syntax {
namespace {

using diag::Kind;

// `policy NAME {`, `cell NAME {`; of a layer without its kind, too.
bool takes_name_and_block(size_t type) {
  return type == Type::POLICY || type == Type::LAYER || type == Type::LAYERS || type == Type::CELL ||
         type == Type::CELLS;
}

// A value begins with such a token: `x = 5` compares, `x = comm "a"` names a condition.
bool is_value(size_t type) {
  return type == Type::NUMBER || type == Type::STRING || type == Type::DOTDOT || type == Type::SET_OPEN;
}

class Shaping {
 public:
  Shaping(std::vector<Token>& tokens, Reporter& reporter) : tokens_(tokens), reporter_(reporter) {}

  bool run(Forgotten forgotten) {
    drop_templates();
    mark_sets();
    if (forgotten == Forgotten::kPutIn) open_blocks(tokens_, reporter_);
    if (!braces_balance()) close_braces();
    drop_strays();
    if (forgotten == Forgotten::kPutIn) end_statements(tokens_, reporter_);
    mark_comparisons();
    return depth_is_bounded();
  }

 private:
  std::string_view text(const Token& token) const { return reporter_.text(token.span); }
  Span after(const Token& token) const { return {reporter_.file(), token.span.end, token.span.end}; }

  void drop_templates();
  void mark_sets();
  void mark_comparisons();
  bool braces_balance() const;
  void close_braces();
  void drop_strays();
  bool depth_is_bounded();

  // close_braces: an open `{` and the indentation of the line it stands on.
  struct Open {
    Token token;
    uint32_t indent;
    bool is_wrong;  // a matcher has no block: the parser says so
  };
  void close_innermost(std::vector<Open>& open, std::vector<Token>& out, std::string_view reason, Span place);

  std::vector<Token>& tokens_;
  Reporter& reporter_;
};

// `layers x{name} …`: a name made of another one, as in templates elsewhere.
void Shaping::drop_templates() {
  std::vector<Token> out;
  out.reserve(tokens_.size());
  for (size_t i = 0; i < tokens_.size(); ++i) {
    const bool in_head = i > 1 && (tokens_[i - 2].type == Type::LAYERS || tokens_[i - 2].type == Type::CELLS);
    if (!in_head || tokens_[i].type != Type::LBRACE || tokens_[i - 1].span.end != tokens_[i].span.begin ||
        i + 2 >= tokens_.size() || tokens_[i + 2].type != Type::RBRACE) {
      out.push_back(tokens_[i]);
      continue;
    }
    const Span place = join(tokens_[i].span, tokens_[i + 2].span);
    reporter_.report(Kind::kUnexpectedToken, place, "`{}` in a name", reporter_.text(place))
        .at("a name is one word")
        .help(fmt::format("the members of a family need no names of their own: `{} {} …`",
                          text(tokens_[i - 2]), text(tokens_[i - 1])));
    i += 2;
  }
  tokens_ = std::move(out);
}

// A `{` opens a set when a set is what can follow, or when its content begins
// as no statement does; and when it is closed before a `;` or another `{`.
void Shaping::mark_sets() {
  for (size_t i = 0; i + 1 < tokens_.size(); ++i) {
    if (tokens_[i].type != Type::LBRACE) continue;
    size_t close = i + 1;
    while (close < tokens_.size() && tokens_[close].type != Type::RBRACE &&
           tokens_[close].type != Type::SEMI && tokens_[close].type != Type::LBRACE)
      ++close;
    if (close >= tokens_.size() || tokens_[close].type != Type::RBRACE) continue;
    const size_t first = tokens_[i + 1].type;
    // The block of `policy sched { }` is one: there the word is a name.
    const bool named = i > 1 && takes_name_and_block(tokens_[i - 2].type);
    const bool follows =
        i > 0 && (tokens_[i - 1].type == Type::ASSIGN || tokens_[i - 1].type == Type::EQ ||
                  tokens_[i - 1].type == Type::NE || (!named && takes_set(text(tokens_[i - 1]))));
    const bool lists = tokens_[i + 2].type == Type::COMMA;  // there is one: `close` or the end of the file
    if (!follows && !lists && first != Type::NUMBER && first != Type::STRING && first != Type::DOTDOT)
      continue;
    tokens_[i].type = Type::SET_OPEN;
    tokens_[close].type = Type::SET_CLOSE;
    i = close;
  }
}

bool Shaping::braces_balance() const {
  ptrdiff_t open = 0;
  for (const Token& token : tokens_) {
    if (token.type == Type::LBRACE) ++open;
    if (token.type == Type::RBRACE && open > 0) --open;  // a stray one is drop_strays'
  }
  return open == 0;
}

void Shaping::close_innermost(std::vector<Open>& open, std::vector<Token>& out, std::string_view reason,
                              Span place) {
  Token close(Type::RBRACE, after(out.empty() ? open.back().token : out.back()));
  // Where a `{` was made up the block was told of already.
  const Span opening = open.back().token.span;
  if (opening.begin != opening.end && !open.back().is_wrong)
    reporter_.report(Kind::kUnclosedBrace, place, "unclosed `{{`: {}", reason).label(opening, "opened here");
  close.column = open.back().indent;
  out.push_back(close);
  open.pop_back();
}

// Where a `}` is missing is a guess from the indentation: a `}` further left
// than the line of the innermost `{`, or a declaration in the first column.
// Well-balanced files never come here, however they are indented.
void Shaping::close_braces() {
  std::vector<Token> out;
  out.reserve(tokens_.size() + 8);
  std::vector<Open> open;
  uint32_t indent = 0;
  for (size_t i = 0; i < tokens_.size(); ++i) {
    const Token& token = tokens_[i];
    if (token.first_on_line) indent = token.column;
    if (token.type == Type::LBRACE)
      open.push_back({token, indent, i > 1 && tokens_[i - 2].type == Type::MATCH});
    if (token.type == Type::RBRACE) {
      if (token.first_on_line) {
        const auto fits = [&](const Open& o) { return o.indent == token.column; };
        // What nests deeper than it may is refused anyway, and is not worth a search for each `}`.
        while (open.size() > 1 && open.size() <= kMaxDepth && open.back().indent > token.column &&
               std::any_of(open.begin(), open.end(), fits))
          close_innermost(open, out, "this `}` closes an outer block by its indentation", token.span);
      }
      if (!open.empty()) open.pop_back();
    }
    if (!open.empty() && open.front().indent == 0 && begins_at_top_level(token))
      while (!open.empty())
        close_innermost(open, out, fmt::format("a new declaration begins with `{}`", text(token)),
                        token.span);
    if (token.type == antlr4::Token::EOF)
      while (!open.empty())
        close_innermost(open, out, "the file ends", after(out.empty() ? token : out.back()));
    out.push_back(token);
  }
  tokens_ = std::move(out);
}

// A `}` without its `{`, and a `;` without a statement, mean nothing for the rest.
void Shaping::drop_strays() {
  size_t depth = 0;
  size_t previous = Type::SEMI;  // of a kept token: a statement begins after it
  bool after_block = false;
  const auto stray = [&](const Token& token) {
    if (token.type == Type::RBRACE && depth == 0) {
      reporter_.report(Kind::kStrayBrace, token.span, "`}}` without its `{{`")
          .at("nothing is open here")
          .help("a block was closed before this, or an opening `{` is missing");
      return true;
    }
    const bool begins = previous == Type::SEMI || previous == Type::LBRACE || previous == Type::RBRACE;
    if (token.type == Type::SEMI && begins) {
      auto builder = reporter_.report(Kind::kUnexpectedToken, token.span, "`;` without a statement");
      if (after_block) builder.help("no `;` follows a block");
      builder.fix(token.span, "");
      return true;
    }
    if (token.type == Type::LBRACE) ++depth;
    if (token.type == Type::RBRACE) --depth;
    previous = token.type;
    after_block = token.type == Type::RBRACE;
    return false;
  };
  std::erase_if(tokens_, stray);
}

// `nice = 5` in a condition compares; `match NAME =` outside of blocks names one.
void Shaping::mark_comparisons() {
  size_t depth = 0;
  size_t begin = 0;  // of the statement
  for (size_t i = 0; i + 1 < tokens_.size(); ++i) {
    const size_t type = tokens_[i].type;
    if (type == Type::LBRACE) ++depth;
    if (type == Type::RBRACE) --depth;
    if (type == Type::LBRACE || type == Type::RBRACE || type == Type::SEMI) begin = i + 1;
    if (type != Type::ASSIGN || tokens_[begin].type != Type::MATCH || !is_value(tokens_[i + 1].type))
      continue;
    if (i <= begin + 1 || (i == begin + 2 && depth == 0)) continue;
    report_equals_sign(reporter_, tokens_[i].span).repaired();
    tokens_[i].type = Type::EQ;
  }
}

bool Shaping::depth_is_bounded() {
  size_t braces = 0;
  size_t parentheses = 0;
  size_t prefixes = 0;
  for (const Token& token : tokens_) {
    switch (token.type) {
      case Type::LBRACE:
        ++braces;
        parentheses = 0;
        break;
      case Type::RBRACE:
        if (braces > 0) --braces;
        parentheses = 0;
        break;
      case Type::SEMI:
        parentheses = 0;
        break;
      case Type::LPAREN:
        ++parentheses;
        break;
      case Type::RPAREN:
        if (parentheses > 0) --parentheses;
        break;
      default:
        break;
    }
    const bool prefix = token.type == Type::NOT || token.type == Type::CHILD || token.type == Type::OF;
    prefixes = prefix ? prefixes + 1 : 0;
    if (braces + parentheses + prefixes > kMaxDepth) {
      reporter_.report(Kind::kTooDeep, token.span, "nesting deeper than {}", kMaxDepth)
          .help("name parts of the expression with `match NAME = ...`");
      return false;
    }
  }
  return true;
}

}  // namespace

diag::Builder report_equals_sign(Reporter& reporter, Span place) {
  auto builder = reporter.report(Kind::kForeignNotation, place, "comparison written with `=`");
  return builder.help("equality is `==`").fix(place, "==");
}

bool shape(std::vector<Token>& tokens, Reporter& reporter, Forgotten forgotten) {
  return Shaping(tokens, reporter).run(forgotten);
}

}  // namespace scx::syntax
