#include "compiler/automata/pattern.h"

namespace scx::automata {
namespace {

class GlobParser {
 public:
  GlobParser(std::string_view text, bool path) : text_(text), path_(path) {
    wild_.set();
    if (path) wild_.reset('/');
  }

  Parsed<Pattern> parse() {
    parts_.push_back(begin());
    while (at_ < text_.size() && !error_) step();
    if (error_) return *std::move(error_);
    // `…*` asks nothing of the end.
    if (open_end_) {
      parts_.pop_back();
    } else {
      parts_.push_back(end());
    }
    return concat(std::move(parts_));
  }

 private:
  void step() {
    open_end_ = false;
    switch (text_[at_]) {
      case '*':
        return star();
      case '?':
        parts_.push_back(byte_of(wild_));
        ++at_;
        return;
      case '[':
        return set();
      case '\\':
        if (++at_ == text_.size())
          return fail(at_ - 1, "`\\` with nothing behind it", "write `\\\\\\\\` for a backslash");
        [[fallthrough]];
      default:
        parts_.push_back(literal(text_.substr(at_, 1)));
        ++at_;
    }
  }

  void star() {
    const size_t first = at_;
    while (at_ < text_.size() && text_[at_] == '*') ++at_;
    const bool opens = first > 0 && text_[first - 1] == '/';
    const bool closes = at_ == text_.size() || text_[at_] == '/';
    ByteSet any;
    any.set();
    if (!path_ || at_ - first > 1) {
      if (path_ && opens && at_ < text_.size() && closes) {  // `/**/`: any number of components, none too
        ++at_;
        parts_.push_back(repeat(concat({repeat(byte_of(any), 0, Pattern::kUnbounded), literal("/")}), 0, 1));
        return;
      }
      parts_.push_back(repeat(byte_of(any), 0, Pattern::kUnbounded));
      open_end_ = true;
      return;
    }
    parts_.push_back(repeat(byte_of(wild_), opens && closes ? 1 : 0, Pattern::kUnbounded));
  }

  void set() {
    const size_t first = at_++;
    const bool negated = at_ < text_.size() && (text_[at_] == '!' || text_[at_] == '^');
    if (negated) ++at_;
    ByteSet set;
    for (bool any = false;; any = true) {
      if (at_ >= text_.size()) return fail(first, "`[` without `]`", "write `\\\\[` for a bracket");
      if (text_[at_] == ']' && any) break;
      const size_t place = at_;
      const auto low = member();
      auto high = low;
      if (low && at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
        ++at_;
        high = member();
      }
      if (!low || !high) return fail(first, "`[` without `]`", "write `\\\\[` for a bracket");
      if (*high < *low) return fail(place, "range ends before it begins", "");
      for (unsigned byte = *low; byte <= *high; ++byte) set.set(byte);
    }
    ++at_;
    if (negated) set.flip();
    parts_.push_back(byte_of(set & wild_));
  }

  std::optional<unsigned char> member() {
    if (at_ < text_.size() && text_[at_] == '\\') ++at_;
    if (at_ >= text_.size()) return std::nullopt;
    return static_cast<unsigned char>(text_[at_++]);
  }

  void fail(size_t offset, std::string message, std::string help) {
    error_ = PatternError{static_cast<uint32_t>(offset), std::move(message), std::move(help)};
  }

  std::string_view text_;
  bool path_;
  ByteSet wild_;
  size_t at_ = 0;
  std::vector<Pattern> parts_;
  bool open_end_ = false;
  std::optional<PatternError> error_;
};

}  // namespace

Parsed<Pattern> parse_glob(std::string_view text, abi::Attribute attribute) {
  return GlobParser(text, attribute == abi::Attribute::kCgroup).parse();
}

}  // namespace scx::automata
