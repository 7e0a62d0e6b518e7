#include "compiler/syntax/lex.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "compiler/syntax/bare_text.h"
#include "compiler/syntax/byte_stream.h"
#include "compiler/syntax/text.h"
#include "runtime/base/file.h"

namespace scx::syntax {
namespace {

using diag::Kind;

constexpr std::array<std::string_view, 10> kUnits = {"ns", "us",  "ms",  "s",   "m",
                                                     "h",  "KiB", "MiB", "GiB", "cores"};

bool is_unit(std::string_view word) { return std::find(kUnits.begin(), kUnits.end(), word) != kUnits.end(); }

class Lexing {
 public:
  Lexing(Reporter& reporter, std::vector<Span>* comments)
      : reporter_(reporter), text_(reporter.text()), comments_(comments) {}

  std::vector<Token> run();

 private:
  Span span(size_t begin, size_t end) const {
    return {reporter_.file(), static_cast<uint32_t>(begin), static_cast<uint32_t>(end)};
  }
  std::string_view text(const Token& token) const { return reporter_.text(token.span); }

  void check_utf8();
  // Adds a token of the language.
  void push(size_t type, Span where);
  // Each takes what the lexer found in `where`.
  void raw(size_t type, Span where);
  void word(size_t type, Span where);
  void number(Span where);
  void string(Span where);
  void open_string(Span where);
  // True if this is text whose quotes are missing, with what touches it.
  bool bare_text(size_t type, Span where);
  void report_bare_text(TextDue due, Span where);
  void foreign(size_t type, Span where);
  void spaced_unit(Span where);
  void unknown(Span where);
  void unknown_character(Span where, std::string_view character);
  // Whether `where` is in a block of a cell that may list its CPUs, not deeper.
  bool is_in_listing_cell() const;
  // What is written instead of `cpus LOW-HIGH` there.
  std::string amount_of_cpus(const std::string& low, const std::string& high) const;
  // True if a number without unit stands before `where` on the same line.
  bool after_bare_number(Span where) const;
  // After an unknown character: what follows up to the end of the statement is unreliable.
  void quiet_statement(Span where);

  Reporter& reporter_;
  std::string_view text_;
  std::vector<Span>* comments_;  // may be null
  std::vector<Token> tokens_;
  uint32_t line_start_ = 0;  // of the line that the scan for line starts has reached
  uint32_t scanned_ = 0;
  uint32_t skip_until_ = 0;  // the text before this was dealt with
};

void Lexing::check_utf8() {
  size_t faults = 0;
  Span first;
  for (size_t i = 0; i < text_.size();) {
    const size_t length = utf8_length(text_.substr(i));
    if (length == 0 && faults++ == 0) first = span(i, i + 1);
    i += std::max<size_t>(length, 1);
  }
  if (faults == 0) return;
  auto builder = reporter_.report(Kind::kInvalidUtf8, first, "byte 0x{:02X} is not UTF-8",
                                  static_cast<unsigned char>(text_[first.begin]));
  builder.at("a policy is UTF-8 text").help("in a string, write the byte as `\\xNN`");
  if (faults > 1) builder.note(fmt::format("{} more such bytes follow in this file", faults - 1));
}

void Lexing::push(size_t type, Span where) {
  // Offsets grow, so that the line starts are found in one pass.
  bool new_line = tokens_.empty();
  for (; scanned_ < where.begin; ++scanned_) {
    if (text_[scanned_] != '\n') continue;
    line_start_ = scanned_ + 1;
    new_line = true;
  }
  Token token(type, where);
  token.column = where.begin - line_start_;
  token.first_on_line = new_line;
  tokens_.push_back(token);
}

bool Lexing::after_bare_number(Span where) const {
  if (tokens_.empty() || tokens_.back().type != Type::NUMBER) return false;
  const Token& before = tokens_.back();
  if (!split_number(text(before)).unit.empty()) return false;
  const std::string_view gap = text_.substr(before.span.end, where.begin - before.span.end);
  return gap.find_first_not_of(" \t") == std::string_view::npos;
}

void Lexing::spaced_unit(Span where) {
  Token& before = tokens_.back();
  reporter_
      .report(Kind::kSpacedUnit, join(before.span, where), "space between the number `{}` and its unit `{}`",
              text(before), reporter_.text(where))
      .help(fmt::format("write `{}{}`; only `core` may follow a space", text(before), reporter_.text(where)))
      .fix(span(before.span.end, where.begin), "")
      .repaired();
  // The reader takes digits and unit from the text of the token; the space is dropped there.
  before.span = join(before.span, where);
}

void Lexing::word(size_t type, Span where) {
  if (type == Type::WORD && is_unit(reporter_.text(where)) && after_bare_number(where)) {
    if (reporter_.text(where) == "cores") {
      tokens_.back().span = join(tokens_.back().span, where);  // a wrong unit: sema names the right ones
    } else {
      spaced_unit(where);
    }
    return;
  }
  push(type, where);
}

bool Lexing::is_in_listing_cell() const {
  size_t closed = 0;
  size_t i = tokens_.size();
  while (i > 0 && (tokens_[i - 1].type != Type::LBRACE || closed > 0)) {
    --i;
    if (tokens_[i].type == Type::RBRACE) ++closed;
    if (tokens_[i].type == Type::LBRACE) --closed;
  }
  // To the beginning of the block's head.
  while (i > 1 && tokens_[i - 2].type != Type::SEMI && tokens_[i - 2].type != Type::LBRACE &&
         tokens_[i - 2].type != Type::RBRACE)
    --i;
  return i > 0 && (tokens_[i - 1].type == Type::CELL || tokens_[i - 1].type == Type::CELLS);
}

std::string Lexing::amount_of_cpus(const std::string& low, const std::string& high) const {
  // Counted from 0 they are numbers of CPUs, otherwise perhaps two amounts.
  const bool are_ids =
      low == "0" && high.size() < 9 && high.find_first_not_of("0123456789") == std::string::npos;
  const std::string amount = are_ids ? fmt::format("{}", std::stoi(high) + 1) : low + ".." + high;
  return is_in_listing_cell()
             ? fmt::format("so many CPUs are `cpus {}`, these CPUs `cpus list \"{}-{}\"`", amount, low, high)
             : fmt::format("so many CPUs are `cpus {}`: amounts stand here, never ids", amount);
}

void Lexing::number(Span where) {
  // `4-8` is the number 4 and the number -8 to the lexer.
  if (text_[where.begin] == '-' && !tokens_.empty() && tokens_.back().type == Type::NUMBER &&
      tokens_.back().span.end == where.begin) {
    const std::string low(text(tokens_.back()));
    const std::string high(text_.substr(where.begin + 1, where.end - where.begin - 1));
    auto builder = reporter_.report(Kind::kForeignNotation, join(tokens_.back().span, where),
                                    "range written with `-`: `{}-{}`", low, high);
    const std::string_view before = tokens_.size() > 1 ? text(tokens_[tokens_.size() - 2]) : "";
    // Numbers of CPUs are meant, and `..` between them would be an amount.
    if (before == "cpus" && high.ends_with('%')) {
      builder.help(fmt::format("a range is written `{}{}..{}`", low, low.ends_with('%') ? "" : "%", high));
    } else if (before == "cpus") {
      builder.help(amount_of_cpus(low, high));
    } else {
      builder.help(fmt::format("a range is written `{}..{}`", low, high))
          .fix(span(where.begin, where.begin + 1), "..")
          .repaired();
    }
    push(Type::DOTDOT, span(where.begin, where.begin + 1));
    where.begin += 1;
  }
  push(Type::NUMBER, where);
}

void Lexing::string(Span where) {
  std::vector<StringFault> faults;
  string_value(reporter_.text(where), &faults);
  for (const StringFault& fault : faults) {
    const Span place = span(where.begin + fault.begin, where.begin + fault.end);
    const std::string_view found = reporter_.text(place);
    if (fault.kind == StringFault::Kind::kEscape) {
      auto builder = reporter_.report(Kind::kBadEscape, place, "unknown escape `{}` in a string", found);
      if (found == "\\x") {
        builder.help("`\\x` takes two hexadecimal digits that are not both 0");
      } else {
        builder.help(
            "the escapes are `\\\"`, `\\\\`, `\\n`, `\\t`, `\\r` and `\\xNN`; a backslash itself is `\\\\`");
        builder.fix(span(place.begin, place.begin), "\\");
      }
    } else {
      const auto byte = static_cast<unsigned char>(found[0]);
      const std::string escape = byte == '\t' ? std::string("\\t") : fmt::format("\\x{:02x}", byte);
      auto builder =
          reporter_.report(Kind::kControlCharacter, place, "control character 0x{:02X} in a string", byte);
      if (byte == 0) {
        builder.help("no name and no path holds a zero byte: remove it");
      } else {
        builder.help(fmt::format("write it as `{}`", escape)).fix(place, escape);
      }
    }
  }
  push(Type::STRING, where);
}

void Lexing::open_string(Span where) {
  // The string took the rest of the line. Give back what ends statements and blocks there, as in
  // `comm "nginx; }`, but not what closes the string's own braces.
  std::string_view taken = reporter_.text(where);
  size_t end = taken.find_last_not_of(";{} \t\f") + 1;
  for (auto own = std::count(taken.begin(), taken.begin() + static_cast<ptrdiff_t>(end), '{') -
                  std::count(taken.begin(), taken.begin() + static_cast<ptrdiff_t>(end), '}');
       own > 0 && end < taken.size() && taken[end] == '}'; --own)
    ++end;
  where.end = where.begin + static_cast<uint32_t>(end);
  const size_t line_begin = text_.rfind('\n', where.begin) + 1;  // npos + 1 is 0
  const bool others = text_.substr(line_begin, where.begin - line_begin).find('"') != std::string_view::npos;
  reporter_.report(Kind::kUnterminatedString, where, "unterminated string")
      .at("opened here and not closed on this line")
      .help(others ? "a `\"` is missing here or before: the line has an odd number of them"
                   : "end it with `\"`; a string stays on one line");
  reporter_.quiet_line(where.begin);
  push(Type::STRING, where);
  const size_t line_end = std::min(text_.find('\n', where.end), text_.size());
  for (size_t i = where.end; i < line_end; ++i) {
    if (text_[i] == ';') push(Type::SEMI, span(i, i + 1));
    if (text_[i] == '{') push(Type::LBRACE, span(i, i + 1));
    if (text_[i] == '}') push(Type::RBRACE, span(i, i + 1));
  }
  skip_until_ = static_cast<uint32_t>(line_end);
}

bool Lexing::bare_text(size_t type, Span where) {
  const TextDue due = text_due(tokens_, text_);
  if (due == TextDue::kNone) return false;
  // Only directly behind it: what was told of as unknown is not looked at again.
  const uint32_t gap = tokens_.back().span.end;
  if (text_.substr(gap, where.begin - gap).find_first_not_of(" \t\r\n") != std::string_view::npos)
    return false;
  const bool is_word =
      std::isalnum(static_cast<unsigned char>(text_[where.begin])) != 0 || text_[where.begin] == '_';
  const bool can_begin = is_word || type == Type::BARE_PATH || type == Type::STAR ||
                         (type == Type::UNKNOWN &&
                          std::string_view("^.?[@$\\+").find(text_[where.begin]) != std::string_view::npos);
  const auto end = static_cast<uint32_t>(due == TextDue::kCpuList ? bare_list_end(text_, where.begin)
                                                                  : bare_text_end(text_, where.begin));
  // A word alone may be a constant.
  if (!can_begin || end < where.end || (is_word && end == where.end)) return false;
  where.end = end;
  report_bare_text(due, where);
  push(Type::STRING, where);
  skip_until_ = where.end;
  return true;
}

void Lexing::report_bare_text(TextDue due, Span where) {
  const std::string found(reporter_.text(where));
  auto builder = reporter_.report(Kind::kForeignNotation, where, "{} without quotes `{}`",
                                  due == TextDue::kCgroupPath || found.front() == '/' ? "path" : "text",
                                  found.substr(0, 40));
  if (due == TextDue::kCgroupPath && found.front() != '/' && !found.starts_with("**")) {
    // Below which cgroup it is nobody knows.
    const std::string path = scx::quoted("/" + found);
    builder.help(fmt::format("a cgroup's path is a string and begins at the root: `{}`", path))
        .suggest(where, path);
    return;
  }
  std::string text = found;
  if (due == TextDue::kCpuList) std::erase(text, ' ');
  const std::string_view what =
      due == TextDue::kCpuList ? "CPUs stand in a string" : "paths and patterns are strings";
  builder.help(fmt::format("{}: `{}`", what, scx::quoted(text))).fix(where, scx::quoted(text)).repaired();
}

void Lexing::foreign(size_t type, Span where) {
  const std::string_view found = reporter_.text(where);
  const auto report = [&](std::string_view what) {
    auto builder = reporter_.report(Kind::kForeignNotation, where, "{} `{}`", what, found.substr(0, 40));
    return builder.repaired();
  };
  const auto sign = [&](size_t meant, std::string_view word) {
    report("operator").help(fmt::format("write `{}`", word)).fix(where, fmt::format(" {} ", word));
    push(meant, where);
  };
  switch (type) {
    case Type::AND_SIGN:
      return sign(Type::AND, "and");
    case Type::OR_SIGN:
      return sign(Type::OR, "or");
    case Type::NOT_SIGN:
      return sign(Type::NOT, "not");
    case Type::DOTS:
      report("range with three dots").help("a range is written with two: `a..b`").fix(where, "..");
      return push(Type::DOTDOT, where);
    case Type::SINGLE_QUOTED: {
      const std::string_view inside = found.substr(1, found.size() - 2);
      report("text in single quotes")
          .help(fmt::format("strings stand in double quotes: `\"{}\"`", inside))
          .fix(where, fmt::format("\"{}\"", inside));
      return push(Type::STRING, where);
    }
    case Type::BARE_PATH:
      report("path without quotes")
          .help(fmt::format("paths and patterns are strings: `\"{}\"`", found))
          .fix(where, fmt::format("\"{}\"", found));
      return push(Type::STRING, where);
    case Type::CPP_COMMENT:
      report("comment").help("a comment begins with `#`").fix(span(where.begin, where.begin + 2), "#");
      return;
    default: {  // C_COMMENT
      reporter_.report(Kind::kForeignNotation, where, "comment `/*`")
          .help("a comment begins with `#` and ends with its line")
          .repaired();
      const size_t close = text_.find("*/", where.end);
      const size_t end = close != std::string_view::npos ? close + 2 : text_.find('\n', where.end);
      skip_until_ = static_cast<uint32_t>(std::min(end, text_.size()));
      return;
    }
  }
}

void Lexing::quiet_statement(Span where) {
  if (reporter_.is_quiet(where.begin)) return;
  size_t end = where.end;
  while (end < text_.size() && std::string_view(";{}\n").find(text_[end]) == std::string_view::npos) ++end;
  reporter_.quiet(where.begin, static_cast<uint32_t>(std::min(end + 1, text_.size() + 1)));
}

void Lexing::unknown_character(Span where, std::string_view character) {
  const auto byte = static_cast<unsigned char>(character[0]);
  const bool control =
      byte < 0x20 || byte == 0x7F || (byte == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0);
  std::string bytes;
  for (const char c : character) bytes += fmt::format(" 0x{:02X}", static_cast<unsigned char>(c));
  const std::string shown = control        ? "control character" + bytes
                            : byte >= 0x80 ? fmt::format("character `{}` ({})", character, bytes.substr(1))
                                           : fmt::format("character `{}`", character);
  auto builder = reporter_.report(Kind::kUnknownCharacter, where, "unknown {}", shown);
  const bool after_number = !tokens_.empty() && tokens_.back().type == Type::NUMBER;
  if (character == "-" && after_number) {
    builder.help("a range is written `a..b`");
  } else if (character == "-") {
    builder.help("a `-` stands inside a name or before a number, never at the end of a name");
  } else if (character == "~") {
    builder.help("a regular expression is written `comm matches \"^web\"`");
  } else if (character == "+") {
    builder.help("at least four is written `4..`");
  } else if (character == ":") {
    const size_t opener = tokens_.size() < 2 ? Type::WORD : tokens_[tokens_.size() - 2].type;
    builder.help(opener == Type::MATCH || opener == Type::LET
                     ? "a constant is `let NAME = VALUE;`, a condition `match NAME = CONDITION;`"
                     : "a property is its word and its value, without `:`");
  } else if (character == "\"" || character == "\xE2\x80\x9C" || character == "\xE2\x80\x9D" ||
             character == "\xE2\x80\x9E") {
    builder.help("strings stand in straight double quotes: `\"...\"`");
  } else if (character == "[" || character == "]") {
    builder.help("blocks and sets stand in braces: `{0, 1}`; patterns are strings: `\"...\"`");
  } else if (character == "/" || character == "?" || character == ".") {
    builder.help("paths and patterns are strings: `\"...\"`");
  } else if (character == "\xC2\xA0" || character == "\xE2\x80\x8B" || character == "\xEF\xBB\xBF") {
    builder.help("an invisible space that is none: type it anew").fix(where, " ");
  } else if (byte >= 0x80) {
    builder.help(
        "names are made of ASCII letters, digits, `_` and `-`; other characters stand in strings and "
        "comments");
  }
}

void Lexing::unknown(Span where) {
  // One report for a run of characters that have no place in the language.
  const size_t length = std::max<size_t>(utf8_length(text_.substr(where.begin)), 1);
  const std::string_view character = text_.substr(where.begin, length);
  const bool readable = utf8_length(character) == length;
  size_t end = where.begin + length;
  const auto strange = [&](size_t i) {
    const auto byte = static_cast<unsigned char>(text_[i]);
    return byte >= 0x7F || (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t');
  };
  if (strange(where.begin))
    while (end < text_.size() && strange(end)) ++end;
  skip_until_ = static_cast<uint32_t>(end);
  // `=~` is one mistake.
  if (character == "~" && !tokens_.empty() && tokens_.back().type == Type::ASSIGN &&
      tokens_.back().span.end == where.begin)
    tokens_.pop_back();
  // What is not UTF-8 was reported once for the whole file.
  if (readable) unknown_character(span(where.begin, where.begin + length), character);
  quiet_statement(span(where.begin, end));
}

void Lexing::raw(size_t type, Span where) {
  if (bare_text(type, where)) return;
  switch (type) {
    case Type::COMMENT:
      if (comments_ != nullptr) comments_->push_back(where);
      return;
    case Type::NUMBER:
      return number(where);
    case Type::STRING:
      return string(where);
    case Type::OPEN_STRING:
      return open_string(where);
    case Type::SPACED_RATE:
    case Type::SPACED_PERCENT:
      if (after_bare_number(where)) return spaced_unit(where);
      reporter_.report(Kind::kUnexpectedToken, where, "unit `{}` without a number", reporter_.text(where));
      return quiet_statement(where);
    case Type::BOM:
      if (where.begin == 0) return;
      return unknown(where);
    case Type::UNKNOWN:
      return unknown(where);
    case Type::SINGLE_QUOTED:
    case Type::BARE_PATH:
    case Type::C_COMMENT:
    case Type::CPP_COMMENT:
    case Type::AND_SIGN:
    case Type::OR_SIGN:
    case Type::NOT_SIGN:
    case Type::DOTS:
      return foreign(type, where);
    default:
      return word(type, where);
  }
}

std::vector<Token> Lexing::run() {
  check_utf8();
  ByteStream stream(text_);
  grammar::ScxLexer lexer(&stream);
  lexer.removeErrorListeners();
  while (!reporter_.full()) {
    const std::unique_ptr<antlr4::Token> token = lexer.nextToken();
    if (token->getType() == antlr4::Token::EOF) break;
    const Span where = span(token->getStartIndex(), token->getStopIndex() + 1);
    raw(token->getType(), where);
    if (skip_until_ > stream.index()) stream.seek(skip_until_);
  }
  push(antlr4::Token::EOF, span(text_.size(), text_.size()));
  return std::move(tokens_);
}

}  // namespace

NumberParts split_number(std::string_view text) {
  size_t end = text.find_first_not_of("-0123456789.");
  if (end == std::string_view::npos) return {text, {}};
  const std::string_view digits =
      text.substr(0, text.find_first_of(" \t") < end ? text.find_first_of(" \t") : end);
  end = text.find_first_not_of(" \t", digits.size());
  return {digits, text.substr(end)};
}

std::vector<Token> lex(Reporter& reporter, std::vector<Span>* comments) {
  return Lexing(reporter, comments).run();
}

}  // namespace scx::syntax
