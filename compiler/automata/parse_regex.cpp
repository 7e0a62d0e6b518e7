// RE2's syntax (https://github.com/google/re2/wiki/Syntax), less what the
// header names. Each construct that RE2 has and we have not is refused by name.
#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "compiler/automata/pattern.h"

namespace scx::automata {
namespace {

constexpr uint32_t kMaxRepeat = 1000;
constexpr uint32_t kMaxDepth = 100;

ByteSet range(unsigned char low, unsigned char high) {
  ByteSet out;
  for (unsigned byte = low; byte <= high; ++byte) out.set(byte);
  return out;
}

ByteSet bytes(std::string_view members) {
  ByteSet out;
  for (const unsigned char byte : members) out.set(byte);
  return out;
}

const ByteSet kDigits = range('0', '9');
const ByteSet kLetters = range('a', 'z') | range('A', 'Z');
const ByteSet kWord = kDigits | kLetters | bytes("_");
const ByteSet kSpace = bytes("\t\n\f\r ");

ByteSet fold_case(ByteSet set) {
  for (unsigned char letter = 'a'; letter <= 'z'; ++letter) {
    const auto upper = static_cast<unsigned char>(letter - 'a' + 'A');
    if (set[letter] || set[upper]) set.set(letter).set(upper);
  }
  return set;
}

// [:name:] in a set.
std::optional<ByteSet> posix_class(std::string_view name) {
  if (name == "alnum") return kDigits | kLetters;
  if (name == "alpha") return kLetters;
  if (name == "ascii") return range(0, 127);
  if (name == "blank") return bytes("\t ");
  if (name == "cntrl") return range(0, 31) | range(127, 127);
  if (name == "digit") return kDigits;
  if (name == "graph") return range('!', '~');
  if (name == "lower") return range('a', 'z');
  if (name == "print") return range(' ', '~');
  if (name == "punct") return range('!', '~') & ~(kDigits | kLetters);
  if (name == "space") return kSpace | bytes("\v");
  if (name == "upper") return range('A', 'Z');
  if (name == "word") return kWord;
  if (name == "xdigit") return kDigits | range('a', 'f') | range('A', 'F');
  return std::nullopt;
}

// \d \w \s and their complements.
std::optional<ByteSet> perl_class(char letter) {
  switch (letter) {
    case 'd':
      return kDigits;
    case 'D':
      return ~kDigits;
    case 'w':
      return kWord;
    case 'W':
      return ~kWord;
    case 's':
      return kSpace;
    case 'S':
      return ~kSpace;
    default:
      return std::nullopt;
  }
}

bool may_be_empty(const Pattern& pattern) {
  switch (pattern.kind) {
    case Pattern::Kind::kSet:
    case Pattern::Kind::kBegin:
    case Pattern::Kind::kEnd:
      return false;
    case Pattern::Kind::kConcat:
      return std::all_of(pattern.parts.begin(), pattern.parts.end(), may_be_empty);
    case Pattern::Kind::kAlternate:
      return std::any_of(pattern.parts.begin(), pattern.parts.end(), may_be_empty);
    case Pattern::Kind::kRepeat:
      return pattern.min == 0 || may_be_empty(pattern.parts.front());
  }
  return false;
}

// A search does not care how a match goes on: `nginx.*` is `nginx`. Fewer states.
void drop_open_end(Pattern& pattern) {
  if (pattern.kind != Pattern::Kind::kConcat) return;
  while (!pattern.parts.empty() && may_be_empty(pattern.parts.back())) pattern.parts.pop_back();
  if (!pattern.parts.empty()) drop_open_end(pattern.parts.back());
}

class RegexParser {
 public:
  explicit RegexParser(std::string_view text) : text_(text) {}

  Parsed<Pattern> parse() {
    Pattern out = alternation(0);
    if (!error_ && at_ < text_.size()) fail(at_, "`)` without `(`", "write `\\\\)` for a parenthesis");
    if (error_) return *std::move(error_);
    drop_open_end(out);
    return out;
  }

 private:
  [[nodiscard]] bool done() const { return error_.has_value() || at_ >= text_.size(); }
  [[nodiscard]] bool sees(std::string_view ahead) const { return text_.substr(at_).starts_with(ahead); }
  bool take(std::string_view ahead) {
    if (!sees(ahead)) return false;
    at_ += ahead.size();
    return true;
  }
  void fail(size_t offset, std::string message, std::string help = "") {
    if (!error_) error_ = PatternError{static_cast<uint32_t>(offset), std::move(message), std::move(help)};
  }

  Pattern alternation(uint32_t depth) {
    const bool fold = fold_, dot_newline = dot_newline_;
    std::vector<Pattern> choices{sequence(depth)};
    while (!done() && take("|")) choices.push_back(sequence(depth));
    fold_ = fold;  // flags end with their group
    dot_newline_ = dot_newline;
    return choices.size() == 1 ? std::move(choices.front()) : alternate(std::move(choices));
  }

  Pattern sequence(uint32_t depth) {
    std::vector<Pattern> parts;
    while (!done() && text_[at_] != '|' && text_[at_] != ')') {
      const size_t place = at_;
      std::optional<Pattern> part = atom(depth);
      if (!part) continue;  // a flag
      if (auto count = repetition()) {
        part = repeat(*std::move(part), count->first, count->second);
        const size_t second = at_;
        if (repetition()) {
          fail(second, fmt::format("`{}` is repeated twice", text_.substr(place, second - place)),
               "put it into parentheses to repeat it again");
        }
      }
      parts.push_back(*std::move(part));
    }
    return parts.size() == 1 ? std::move(parts.front()) : concat(std::move(parts));
  }

  // `*`, `+`, `?`, `{m}`, `{m,}`, `{m,n}`, each also non-greedy, which is the same language.
  std::optional<std::pair<uint32_t, uint32_t>> repetition() {
    if (done()) return std::nullopt;
    std::pair<uint32_t, uint32_t> out;
    if (take("*")) {
      out = {0, Pattern::kUnbounded};
    } else if (take("+")) {
      out = {1, Pattern::kUnbounded};
    } else if (take("?")) {
      out = {0, 1};
    } else if (const auto counts = braces()) {
      out = *counts;
    } else {
      return std::nullopt;
    }
    take("?");
    return out;
  }

  // Leaves the place alone when the text is not a repetition: `{` is a literal then, as in RE2.
  std::optional<std::pair<uint32_t, uint32_t>> braces() {
    if (!sees("{")) return std::nullopt;
    size_t at = at_ + 1;
    const auto number = [&]() -> std::optional<uint32_t> {
      const size_t first = at;
      uint32_t value = 0;
      for (; at < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at])) != 0; ++at)
        value = std::min(value * 10 + static_cast<uint32_t>(text_[at] - '0'), kMaxRepeat + 1);
      return at == first ? std::nullopt : std::optional(value);
    };
    const auto low = number();
    if (!low) return std::nullopt;
    uint32_t high = *low;
    if (at < text_.size() && text_[at] == ',') {
      ++at;
      high = number().value_or(Pattern::kUnbounded);
    }
    if (at >= text_.size() || text_[at] != '}') return std::nullopt;
    if (*low > kMaxRepeat || (high > kMaxRepeat && high != Pattern::kUnbounded)) {
      fail(at_, fmt::format("repeated more than {} times", kMaxRepeat));
    } else if (high < *low) {
      fail(at_, fmt::format("repetition ends at {} before it begins at {}", high, *low));
    }
    at_ = at + 1;
    return std::pair(*low, high);
  }

  Pattern one(ByteSet set) const { return byte_of(fold_ ? fold_case(set) : set); }

  std::optional<Pattern> atom(uint32_t depth) {
    const size_t place = at_;
    const char c = text_[at_];
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        return bracket();
      case '\\':
        return escape();
      case '.':
        ++at_;
        return byte_of(dot_newline_ ? ~ByteSet() : ~bytes("\n"));
      case '^':
        ++at_;
        return begin();
      case '$':
        ++at_;
        return end();
      case '*':
      case '+':
      case '?':
        fail(place, fmt::format("`{}` with nothing to repeat", c),
             fmt::format("write `\\\\{}` for the character", c));
        return std::nullopt;
      default:
        if (c == '{' && braces()) {
          fail(place, "`{` with nothing to repeat", "write `\\\\{` for the character");
          return std::nullopt;
        }
        ++at_;
        return one(bytes(text_.substr(place, 1)));
    }
  }

  std::optional<Pattern> group(uint32_t depth) {
    const size_t place = at_;
    if (depth == kMaxDepth) {
      fail(place, fmt::format("groups nest more than {} deep", kMaxDepth));
      return std::nullopt;
    }
    ++at_;
    const bool fold = fold_, dot_newline = dot_newline_;
    if (take("?")) {
      const std::optional<bool> opens = flags(place);
      if (!opens) return std::nullopt;
      if (!*opens) return std::nullopt;  // `(?i)`: until the end of this group
    }
    Pattern out = alternation(depth + 1);
    fold_ = fold;
    dot_newline_ = dot_newline;
    if (!take(")")) fail(place, "`(` without `)`", "write `\\\\(` for a parenthesis");
    return out;
  }

  // After `(?`. Whether a group follows (`(?:`, `(?i:`), or the flags stand alone; nothing after an error.
  std::optional<bool> flags(size_t place) {
    if (sees("=") || sees("!") || sees("<=") || sees("<!")) {
      fail(place, "look-around is not supported");
      return std::nullopt;
    }
    if (sees("P") || sees("<")) {
      fail(place, "named groups are not supported", "groups capture nothing here: write `(…)`");
      return std::nullopt;
    }
    for (bool value = true; at_ < text_.size(); ++at_) {
      switch (text_[at_]) {
        case 'i':
          fold_ = value;
          break;
        case 's':
          dot_newline_ = value;
          break;
        case '-':
          value = false;
          break;
        case ':':
          ++at_;
          return true;
        case ')':
          ++at_;
          return false;
        default:
          fail(at_, fmt::format("flag `{}` is not supported", printable(text_[at_])),
               "flags are `i` and `s`");
          return std::nullopt;
      }
    }
    fail(place, "`(` without `)`", "write `\\\\(` for a parenthesis");
    return std::nullopt;
  }

  static std::string printable(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x7f ? std::string(1, c) : fmt::format("\\x{:02x}", byte);
  }

  // At a backslash, outside a set.
  std::optional<Pattern> escape() {
    const size_t place = at_;
    if (take("\\Q")) {
      std::vector<Pattern> parts;
      while (!done() && !take("\\E")) parts.push_back(one(bytes(text_.substr(at_++, 1))));
      return concat(std::move(parts));
    }
    if (take("\\A")) return begin();
    if (take("\\z")) return end();
    if (take("\\C")) return byte_of(~ByteSet());
    if (sees("\\b") || sees("\\B")) {
      fail(place, "word boundaries are not supported", "name the bytes that may stand there: `(^|[^a-z])`");
      return std::nullopt;
    }
    if (const auto set = escaped_set()) return one(*set);
    return std::nullopt;
  }

  // An escape that stands for a set of bytes, mostly for one; after an error nothing.
  std::optional<ByteSet> escaped_set() {
    const size_t place = at_++;
    if (at_ >= text_.size()) {
      fail(place, "`\\` with nothing behind it", "write `\\\\\\\\` for a backslash");
      return std::nullopt;
    }
    const char c = text_[at_++];
    if (const auto set = perl_class(c)) return set;
    switch (c) {
      case 'a':
        return bytes("\a");
      case 'f':
        return bytes("\f");
      case 'n':
        return bytes("\n");
      case 'r':
        return bytes("\r");
      case 't':
        return bytes("\t");
      case 'v':
        return bytes("\v");
      case 'x':
        return hexadecimal(place);
      case '0':
        return octal();
      case 'p':
      case 'P':
        fail(place, "Unicode classes are not supported", "matching is bytewise");
        return std::nullopt;
      default:
        break;
    }
    if (c >= '1' && c <= '9') {
      fail(place, "backreferences are not supported");
      return std::nullopt;
    }
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      fail(place, fmt::format("unknown escape `\\{}`", c));
      return std::nullopt;
    }
    return bytes(std::string_view(&c, 1));
  }

  // After `\x`: two digits, or any number in braces.
  std::optional<ByteSet> hexadecimal(size_t place) {
    const bool braced = take("{");
    uint32_t value = 0;
    size_t digits = 0;
    while (at_ < text_.size() && (braced || digits < 2) &&
           std::isxdigit(static_cast<unsigned char>(text_[at_])) != 0) {
      const char c = text_[at_++];
      const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
      value = std::min<uint32_t>(value * 16 + static_cast<uint32_t>(digit), 256);
      ++digits;
    }
    if ((braced ? digits == 0 : digits != 2) || (braced && !take("}"))) {
      fail(place, "`\\x` without two hexadecimal digits", "write `\\x2f` or `\\x{2f}`");
      return std::nullopt;
    }
    if (value > 255) {
      fail(place, "code point above `\\xff`", "matching is bytewise: write the bytes of its UTF-8 form");
      return std::nullopt;
    }
    return ByteSet().set(value);
  }

  // After `\0`: up to two more octal digits.
  ByteSet octal() {
    uint32_t value = 0;
    for (int i = 0; i < 2 && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '7'; ++i)
      value = value * 8 + static_cast<uint32_t>(text_[at_++] - '0');
    return ByteSet().set(value);
  }

  std::optional<Pattern> bracket() {
    const size_t place = at_++;
    const bool negated = take("^");
    ByteSet set;
    for (bool any = false;; any = true) {
      if (at_ >= text_.size()) {
        fail(place, "`[` without `]`", "write `\\\\[` for a bracket");
        return std::nullopt;
      }
      if (any && take("]")) break;
      const auto members = bracket_item();
      if (!members) return std::nullopt;
      set |= *members;
    }
    // Folded before it is negated, so that (?i)[^a] excludes both cases.
    if (fold_) set = fold_case(set);
    return byte_of(negated ? ~set : set);
  }

  // One member of a set: a class, a byte or a range.
  std::optional<ByteSet> bracket_item() {
    const size_t place = at_;
    if (take("[:")) {
      const bool negated = take("^");
      const size_t close = text_.find(":]", at_);
      const auto set =
          close == std::string_view::npos ? std::nullopt : posix_class(text_.substr(at_, close - at_));
      if (!set) {
        fail(place, "unknown class",
             "the classes are `[:alpha:]`, `[:digit:]`, `[:alnum:]`, `[:space:]` and so on");
        return std::nullopt;
      }
      at_ = close + 2;
      return negated ? ~*set : *set;
    }
    const auto low = bracket_byte();
    if (!low || low->count() != 1 || at_ + 1 >= text_.size() || text_[at_] != '-' || text_[at_ + 1] == ']')
      return low;
    ++at_;
    const auto high = bracket_byte();
    if (!high) return std::nullopt;
    if (high->count() != 1) {
      fail(place, "range ends in a class");
      return std::nullopt;
    }
    const size_t first = low->_Find_first(), last = high->_Find_first();
    if (last < first) {
      fail(place, fmt::format("range `{}` ends before it begins", text_.substr(place, at_ - place)));
      return std::nullopt;
    }
    return range(static_cast<unsigned char>(first), static_cast<unsigned char>(last));
  }

  std::optional<ByteSet> bracket_byte() {
    if (text_[at_] == '\\') return escaped_set();
    const auto byte = static_cast<unsigned char>(text_[at_]);
    if (byte >= 0x80) {
      fail(at_, "byte outside ASCII in a set", "matching is bytewise: write an alternative, `(…|…)`");
      return std::nullopt;
    }
    ++at_;
    return ByteSet().set(byte);
  }

  std::string_view text_;
  size_t at_ = 0;
  bool fold_ = false;
  bool dot_newline_ = false;
  std::optional<PatternError> error_;
};

}  // namespace

Parsed<Pattern> parse_regex(std::string_view text) { return RegexParser(text).parse(); }

}  // namespace scx::automata
