#include "compiler/syntax/shape.h"

#include <algorithm>
#include <array>

namespace scx::syntax {
namespace {

using diag::Kind;

// Words that begin a statement. Only used to tell a forgotten `;` from an
// operand that stands on the next line; which properties exist is sema's.
constexpr std::array<std::string_view, 57> kStatementWords = {"affinity",
                                                              "align",
                                                              "borrow",
                                                              "cgroup",
                                                              "cgroup-limits",
                                                              "count-open-time",
                                                              "cpus",
                                                              "cross-node",
                                                              "exclusive",
                                                              "expect",
                                                              "grow",
                                                              "hints",
                                                              "histogram",
                                                              "host",
                                                              "idle-confined",
                                                              "irq",
                                                              "kernel",
                                                              "lend",
                                                              "llcs",
                                                              "max",
                                                              "member-for",
                                                              "memory",
                                                              "memory-bandwidth",
                                                              "migrate-after",
                                                              "min",
                                                              "min-run",
                                                              "no-open-after",
                                                              "no-preempt-after",
                                                              "nodes",
                                                              "on",
                                                              "order",
                                                              "overflow",
                                                              "partial",
                                                              "peak-hold",
                                                              "perf",
                                                              "place",
                                                              "placement",
                                                              "preempt",
                                                              "prefer",
                                                              "protected",
                                                              "rebalance",
                                                              "resume-latency",
                                                              "share",
                                                              "skip-remote-node",
                                                              "slice",
                                                              "task",
                                                              "threshold",
                                                              "util",
                                                              "watchdog",
                                                              "weight",
                                                              "yield",
                                                              "every",
                                                              "smoothing",
                                                              "cooldown",
                                                              "drain",
                                                              "return",
                                                              "restore"};
// Words that a statement cannot end with.
constexpr std::array<std::string_view, 17> kOpenWords = {
    "else",   "for",  "of",       "except", "by", "with",   "within", "under",  "prefix",
    "suffix", "from", "contains", "to",     "in", "expect", "on",     "matches"};

// Those of kStatementWords that are statements by themselves.
constexpr std::array<std::string_view, 7> kFlags = {
    "count-open-time", "exclusive", "idle-confined", "partial", "preempt", "protected", "skip-remote-node"};

// Attributes whose value may be a set.
constexpr std::array<std::string_view, 7> kSetAttributes = {"pid", "tgid", "ppid", "uid",
                                                            "gid", "nice", "sched"};

bool begins_declaration(size_t type) {
  switch (type) {
    case Type::LANGUAGE:
    case Type::INCLUDE:
    case Type::POLICY:
    case Type::LET:
    case Type::MATCH:
    case Type::LAYER:
    case Type::LAYERS:
    case Type::CELL:
    case Type::CELLS:
    case Type::ROOT:
    case Type::CLEANUP:
    case Type::TEST:
      return true;
    default:
      return false;
  }
}

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

  bool run() {
    mark_sets();
    if (!braces_balance()) close_braces();
    drop_strays();
    end_statements();
    mark_comparisons();
    return depth_is_bounded();
  }

 private:
  std::string_view text(const Token& token) const { return reporter_.text(token.span); }
  template <size_t n>
  bool is_one_of(const Token& token, const std::array<std::string_view, n>& words) const {
    return std::find(words.begin(), words.end(), text(token)) != words.end();
  }
  Span after(const Token& token) const { return {reporter_.file(), token.span.end, token.span.end}; }

  void mark_sets();
  void mark_comparisons();
  bool braces_balance() const;
  void close_braces();
  void drop_strays();
  void end_statements();
  bool depth_is_bounded();

  // close_braces: an open `{` and the indentation of the line it stands on.
  struct Open {
    Token token;
    uint32_t indent;
  };
  bool begins_at_top_level(size_t i) const;
  void close_innermost(std::vector<Open>& open, std::vector<Token>& out, std::string_view reason, Span place);

  // end_statements: the statement that is being read.
  bool ends_before(const Token& begin, const Token& previous, const Token& next) const;

  std::vector<Token>& tokens_;
  Reporter& reporter_;
};

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
                  tokens_[i - 1].type == Type::NE || (!named && is_one_of(tokens_[i - 1], kSetAttributes)));
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

bool Shaping::begins_at_top_level(size_t i) const {
  // `match` and `layer` begin statements of a block, too, but not in the first column.
  const Token& token = tokens_[i];
  return token.first_on_line && token.column == 0 && begins_declaration(token.type);
}

void Shaping::close_innermost(std::vector<Open>& open, std::vector<Token>& out, std::string_view reason,
                              Span place) {
  Token close(Type::RBRACE, after(out.empty() ? open.back().token : out.back()));
  reporter_.report(Kind::kUnclosedBrace, place, "unclosed `{{`: {}", reason)
      .label(open.back().token.span, "opened here");
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
    if (token.type == Type::LBRACE) open.push_back({token, indent});
    if (token.type == Type::RBRACE) {
      if (token.first_on_line) {
        const auto fits = [&](const Open& o) { return o.indent == token.column; };
        while (open.size() > 1 && open.back().indent > token.column &&
               std::any_of(open.begin(), open.end(), fits))
          close_innermost(open, out, "this `}` closes an outer block by its indentation", token.span);
      }
      if (!open.empty()) open.pop_back();
    }
    if (!open.empty() && open.front().indent == 0 && begins_at_top_level(i) && token.type != Type::LBRACE)
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

// Does the statement from `begin` end after `previous`, though no `;` says so?
// Only where the next line is indented no deeper and begins as a statement.
bool Shaping::ends_before(const Token& begin, const Token& previous, const Token& next) const {
  if (!next.first_on_line || !begin.first_on_line || next.column > begin.column) return false;
  if (!begins_declaration(next.type) && !(next.type == Type::WORD && is_one_of(next, kStatementWords)))
    return false;
  // `borrow idle return within 2ms`, `irq keep-off protected`
  if (text(begin) == "borrow" && text(next) == "return") return false;
  if (text(begin) == "irq" && text(next) == "protected") return false;
  // What wants more is no end, or a correct file would be another one by its indentation.
  if (is_one_of(previous, kStatementWords) && !is_one_of(previous, kFlags)) return false;
  if (is_one_of(previous, kSetAttributes) || text(previous) == "comm") return false;
  if (begins_declaration(previous.type) && (previous.type != Type::ROOT || &previous == &begin)) return false;
  switch (previous.type) {
    case Type::AND:
    case Type::OR:
    case Type::NOT:
    case Type::LPAREN:
    case Type::ASSIGN:
    case Type::COMMA:
    case Type::EQ:
    case Type::NE:
    case Type::LT:
    case Type::LE:
    case Type::GT:
    case Type::GE:
    case Type::SET_OPEN:
    case Type::OF:
      return false;
    default:
      return !is_one_of(previous, kOpenWords);
  }
}

void Shaping::end_statements() {
  std::vector<Token> out;
  out.reserve(tokens_.size() + 8);
  ptrdiff_t begin = -1;  // in `out`
  for (const Token& token : tokens_) {
    const bool ends = token.type == Type::SEMI || token.type == Type::LBRACE || token.type == Type::RBRACE;
    if (!ends && begin >= 0 && ends_before(out[static_cast<size_t>(begin)], out.back(), token)) {
      Token semicolon(Type::SEMI, after(out.back()));
      semicolon.virtual_semicolon = true;
      const size_t opener = out[static_cast<size_t>(begin)].type;
      // A declaration that wants a block is the parser's to report.
      const bool wants_block = begins_declaration(opener) && opener != Type::LANGUAGE &&
                               opener != Type::INCLUDE && opener != Type::LET && opener != Type::MATCH;
      if (!wants_block) {
        reporter_
            .report(Kind::kMissingSemicolon, semicolon.span, "missing `;` after {}",
                    describe(out.back(), reporter_.text()))
            .at("the statement ends here")
            .fix(semicolon.span, ";")
            .repaired();
        semicolon.reported = true;
      }
      out.push_back(semicolon);
      begin = -1;
    }
    if (ends) {
      begin = -1;
    } else if (begin < 0) {
      begin = static_cast<ptrdiff_t>(out.size());
    }
    out.push_back(token);
  }
  tokens_ = std::move(out);
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

bool shape(std::vector<Token>& tokens, Reporter& reporter) { return Shaping(tokens, reporter).run(); }

}  // namespace scx::syntax
