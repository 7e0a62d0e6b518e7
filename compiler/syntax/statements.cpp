#include "compiler/syntax/statements.h"

#include <algorithm>
#include <array>

namespace scx::syntax {
namespace {

using diag::Kind;

// Words that begin a statement. Only used to tell a forgotten `;` or `{` from
// an operand; which properties exist is sema's.
constexpr auto kStatementWords = std::to_array<std::string_view>({"affinity",
                                                                  "align",
                                                                  "borrow",
                                                                  "cgroup",
                                                                  "cgroup-limits",
                                                                  "cooldown",
                                                                  "count-open-time",
                                                                  "cpus",
                                                                  "cross-node",
                                                                  "drain",
                                                                  "every",
                                                                  "exclusive",
                                                                  "exit",
                                                                  "expect",
                                                                  "forget",
                                                                  "grow",
                                                                  "hints",
                                                                  "histogram",
                                                                  "host",
                                                                  "idle-confined",
                                                                  "irq",
                                                                  "keep",
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
                                                                  "restart",
                                                                  "restore",
                                                                  "return",
                                                                  "share",
                                                                  "skip-remote-node",
                                                                  "slice",
                                                                  "smoothing",
                                                                  "task",
                                                                  "threshold",
                                                                  "util",
                                                                  "watchdog",
                                                                  "weight",
                                                                  "yield"});
// Those of them that are statements by themselves.
constexpr auto kFlags =
    std::to_array<std::string_view>({"count-open-time", "exclusive", "exit", "forget", "idle-confined",
                                     "partial", "preempt", "protected", "restart", "skip-remote-node"});
// Those that have a block.
constexpr auto kBlockWords = std::to_array<std::string_view>({"on", "rebalance", "task"});
// Words that a statement cannot end with.
constexpr auto kOpenWords =
    std::to_array<std::string_view>({"else", "for", "of", "except", "by", "with", "within", "under", "prefix",
                                     "suffix", "from", "contains", "to", "in", "expect", "on", "matches"});
// Words that may be the last of a statement (`align node`), or have a name behind them (`affinity within node
// n`).
constexpr auto kPerhapsOpenWords =
    std::to_array<std::string_view>({"device", "devices", "llc", "near", "node", "stats", "system"});
// Words of kStatementWords that are often written as operands: `cpus min 2 max 4`.
constexpr auto kOperandLike = std::to_array<std::string_view>({"max", "min", "on", "host", "order"});
// Attributes whose value may be a set.
constexpr auto kSetAttributes =
    std::to_array<std::string_view>({"pid", "tgid", "ppid", "uid", "gid", "nice", "sched"});
// Attributes: statements of a test's task, too.
constexpr auto kAttributes =
    std::to_array<std::string_view>({"affinity", "cgroup", "comm", "gid", "gpu", "kthread", "leader", "nice",
                                     "pid", "ppid", "sched", "tgid", "uid"});

template <size_t n>
bool holds(const std::array<std::string_view, n>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// A declaration that ends with its block.
bool wants_block(size_t type) {
  return begins_declaration(type) && type != Type::LANGUAGE && type != Type::INCLUDE && type != Type::LET &&
         type != Type::MATCH;
}

bool ends_statement(size_t type) {
  return type == Type::SEMI || type == Type::LBRACE || type == Type::RBRACE;
}

class Punctuation {
 public:
  Punctuation(std::vector<Token>& tokens, Reporter& reporter) : tokens_(tokens), reporter_(reporter) {}

  void open_blocks();
  void end_statements();

 private:
  std::string_view text(const Token& token) const { return reporter_.text(token.span); }
  bool is_statement_word(const Token& token) const {
    return token.type == Type::WORD && holds(kStatementWords, text(token));
  }
  // A token without text behind `token`.
  Token made_up(size_t type, const Token& token) const {
    return {type, Span{reporter_.file(), token.span.end, token.span.end}};
  }

  bool takes_more(const Token& begin, const Token& previous) const;
  bool names_an_exception(const Token& begin, const Token& previous, const Token& next) const;
  bool ends_in_column(const Token& begin, const Token& next) const;
  bool ends_in_line(const Token& begin, const Token& previous, const Token& next) const;
  bool ends_before(const Token& begin, const Token& previous, const Token& next) const;

  size_t body_without_brace(size_t head, bool braces_lack) const;
  size_t first_in_body(size_t head, size_t begin, size_t name, bool braces_lack) const;
  bool is_in_head(size_t begin) const;

  std::vector<Token>& tokens_;
  Reporter& reporter_;
};

// What wants more is no end, or a correct file would be another one by its layout.
bool Punctuation::takes_more(const Token& begin, const Token& previous) const {
  const std::string_view word = text(previous);
  if (holds(kStatementWords, word) && !holds(kFlags, word)) return true;
  if (takes_set(word) || word == "comm" || holds(kOpenWords, word)) return true;
  if (begins_declaration(previous.type) && (previous.type != Type::ROOT || &previous == &begin)) return true;
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
      return true;
    default:
      return false;
  }
}

// `borrow idle return within 2ms`, `irq keep-off protected`; `share with db weight 2` lacks `by`, `cpus from
// cpuset weight 2` lacks `else`, and in a condition an attribute lacks `and` or `or` before it.
bool Punctuation::names_an_exception(const Token& begin, const Token& previous, const Token& next) const {
  if (begin.type == Type::MATCH && holds(kAttributes, text(next))) return true;
  if (text(begin) == "cpus" && text(previous) == "cpuset" && text(next) == "weight") return true;
  return (text(begin) == "borrow" && text(next) == "return") ||
         (text(begin) == "irq" && text(next) == "protected") ||
         (text(begin) == "share" && text(next) == "weight");
}

// The next line is indented no deeper and begins as a statement.
bool Punctuation::ends_in_column(const Token& begin, const Token& next) const {
  return next.first_on_line && begin.first_on_line && next.column <= begin.column &&
         (begins_declaration(next.type) || is_statement_word(next));
}

// Wherever it stands, `next` can only be a statement of its own.
bool Punctuation::ends_in_line(const Token& begin, const Token& previous, const Token& next) const {
  if (wants_block(begin.type) || holds(kBlockWords, text(begin))) return false;
  if (holds(kPerhapsOpenWords, text(previous))) return false;
  const bool in_task = begin.type == Type::WORD && holds(kAttributes, text(begin));
  if (&previous == &begin && !holds(kFlags, text(begin)) && !in_task) return false;
  for (const size_t type : {Type::MATCH, Type::LET, Type::LAYER, Type::CLEANUP, Type::POLICY, Type::TEST})
    if (next.type == type) return true;
  if (next.type != Type::WORD || holds(kOperandLike, text(next))) return false;
  return is_statement_word(next) || (in_task && holds(kAttributes, text(next)) && text(previous) != "leader");
}

// Does the statement from `begin` end after `previous`, though no `;` says so?
bool Punctuation::ends_before(const Token& begin, const Token& previous, const Token& next) const {
  if (takes_more(begin, previous) || names_an_exception(begin, previous, next)) return false;
  return ends_in_column(begin, next) || ends_in_line(begin, previous, next);
}

void Punctuation::end_statements() {
  std::vector<Token> out;
  out.reserve(tokens_.size() + 8);
  ptrdiff_t begin = -1;  // in `out`
  for (const Token& token : tokens_) {
    const bool ends = ends_statement(token.type);
    if (!ends && begin >= 0 && ends_before(out[static_cast<size_t>(begin)], out.back(), token)) {
      const Token semicolon = made_up(Type::SEMI, out.back());
      // What wants a block is the parser's to report.
      if (!wants_block(out[static_cast<size_t>(begin)].type))
        reporter_
            .report(Kind::kMissingSemicolon, semicolon.span, "missing `;` after {}",
                    describe_last_value(out, reporter_.text()))
            .at("the statement ends here")
            .fix(semicolon.span, ";")
            .repaired();
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

// The first token from `begin` that is no part of the head, 0 if a `{` stands there or nothing tells. `name`
// is the place of the declaration's name, which may be any word.
size_t Punctuation::first_in_body(size_t head, size_t begin, size_t name, bool braces_lack) const {
  for (size_t i = head + 1; i < tokens_.size(); ++i) {
    const Token& token = tokens_[i];
    if (token.type == Type::RBRACE && braces_lack && i >= begin) return i;
    if (ends_statement(token.type) || begins_at_top_level(token)) return 0;
    if (i < begin || (i - 1 != name && takes_more(tokens_[head], tokens_[i - 1]))) continue;
    // A layer has no layers, and its kind may be any word.
    const bool of_layer = tokens_[head].type == Type::LAYER || tokens_[head].type == Type::LAYERS;
    const bool begins = is_statement_word(token) || token.type == Type::MATCH ||
                        (token.type == Type::LAYER && !of_layer) ||
                        (token.type == Type::CLEANUP && (!of_layer || i > begin));
    if (begins) return i;
  }
  return 0;
}

// `layer web confined cpus 2 {`: the `{` is there, behind what belongs into the block.
bool Punctuation::is_in_head(size_t begin) const {
  const std::string_view word = text(tokens_[begin]);
  const bool has_block =
      tokens_[begin].type == Type::LAYER || tokens_[begin].type == Type::CLEANUP || holds(kBlockWords, word);
  const auto end = std::find_if(tokens_.begin() + static_cast<ptrdiff_t>(begin), tokens_.end(),
                                [](const Token& token) { return ends_statement(token.type); });
  return !has_block && end != tokens_.end() && end->type == Type::LBRACE;
}

// Where the body of the block begins that has its head at `head` and no `{`; 0 if it has one, or is no
// block. `braces_lack`: somewhere in the file there is a `}` too many.
size_t Punctuation::body_without_brace(size_t head, bool braces_lack) const {
  const auto type_at = [&](size_t i) { return i < tokens_.size() ? tokens_[i].type : antlr4::Token::EOF; };
  size_t body = 0;
  switch (type_at(head)) {
    case Type::POLICY:
    case Type::LAYER:
    case Type::LAYERS:
    case Type::CELL:
    case Type::CELLS:
      body = first_in_body(head, head + 2, head + 1, braces_lack);
      break;
    case Type::ROOT:
      if (type_at(head + 1) == Type::CELL) body = first_in_body(head, head + 2, head + 1, braces_lack);
      break;
    case Type::TEST:
      if (type_at(head + 1) == Type::STRING) body = first_in_body(head, head + 2, head + 1, braces_lack);
      break;
    case Type::CLEANUP:
      body = first_in_body(head, head + 1, head, braces_lack);
      break;
    case Type::WORD: {
      // That these have a block is less well known: without a `}` for it another form may be meant.
      if (!braces_lack) return 0;
      const std::string_view word = text(tokens_[head]);
      if (word == "on") body = first_in_body(head, head + 2, head, braces_lack);
      const bool ends = ends_statement(type_at(head + 1)) || type_at(head + 1) == antlr4::Token::EOF;
      if ((word == "task" || word == "rebalance") && !ends) body = head + 1;
      break;
    }
    default:
      break;
  }
  return body != 0 && !is_in_head(body) ? body : 0;
}

void Punctuation::open_blocks() {
  const auto count = [&](size_t type) {
    return std::count_if(tokens_.begin(), tokens_.end(), [&](const Token& t) { return t.type == type; });
  };
  ptrdiff_t spare = count(Type::RBRACE) - count(Type::LBRACE);
  std::vector<Token> out;
  out.reserve(tokens_.size() + 8);
  bool begins = true;  // a statement, at the next token
  for (size_t i = 0; i < tokens_.size();) {
    const size_t body = begins || begins_at_top_level(tokens_[i]) ? body_without_brace(i, spare > 0) : 0;
    if (body == 0) {
      begins = ends_statement(tokens_[i].type);
      out.push_back(tokens_[i++]);
      continue;
    }
    while (i < body) out.push_back(tokens_[i++]);
    const Token& last = out.back();
    const Token brace = made_up(Type::LBRACE, last);
    // Another character in its place was told of.
    if (const size_t next = reporter_.text().find_first_not_of(" \t", last.span.end);
        !reporter_.is_quiet(static_cast<uint32_t>(next)))
      reporter_
          .report(Kind::kMissingBrace, brace.span, "missing `{{` after {}", describe(last, reporter_.text()))
          .at("its block begins here")
          .fix(brace.span, " {")
          .repaired();
    out.push_back(brace);
    --spare;
    begins = true;
  }
  tokens_ = std::move(out);
}

}  // namespace

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

bool begins_at_top_level(const Token& token) {
  return token.first_on_line && token.column == 0 && begins_declaration(token.type);
}

bool takes_set(std::string_view word) { return holds(kSetAttributes, word); }

void open_blocks(std::vector<Token>& tokens, Reporter& reporter) {
  Punctuation(tokens, reporter).open_blocks();
}

void end_statements(std::vector<Token>& tokens, Reporter& reporter) {
  Punctuation(tokens, reporter).end_statements();
}

}  // namespace scx::syntax
