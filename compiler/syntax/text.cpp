#include "compiler/syntax/text.h"

namespace scx::syntax {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The escape that begins `text` with a backslash: its value and length, or
// length 0 if it is none.
struct Escape {
  char value = 0;
  uint32_t length = 0;
};
Escape read_escape(std::string_view text) {
  if (text.size() < 2) return {};
  switch (text[1]) {
    case '"':
    case '\\':
      return {text[1], 2};
    case 'n':
      return {'\n', 2};
    case 't':
      return {'\t', 2};
    case 'r':
      return {'\r', 2};
    case 'x': {
      if (text.size() < 4) return {};
      const int high = hex_digit(text[2]);
      const int low = hex_digit(text[3]);
      // A zero byte ends a name in the kernel: no comm and no path holds one.
      if (high < 0 || low < 0 || (high == 0 && low == 0)) return {};
      return {static_cast<char>(high * 16 + low), 4};
    }
    default:
      return {};
  }
}

}  // namespace

size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

std::string string_value(std::string_view literal, std::vector<StringFault>* faults) {
  const char quote = literal.empty() ? '"' : literal.front();
  // Text without quotes was reported and stands for itself.
  if (quote != '"' && quote != '\'') return std::string(literal);
  std::string value;
  size_t end = literal.size();
  // The closing quote; after an odd number of backslashes it is not one.
  if (end >= 2 && literal[end - 1] == quote) {
    size_t backslashes = 0;
    while (backslashes + 2 < end && literal[end - 2 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) --end;
  }
  for (size_t i = 1; i < end;) {
    const auto place = static_cast<uint32_t>(i);
    const char c = literal[i];
    if (c == '\\') {
      const Escape escape = read_escape(literal.substr(i, end - i));
      if (escape.length > 0) {
        value += escape.value;
        i += escape.length;
        continue;
      }
      const uint32_t length = i + 1 < end ? 2 : 1;
      if (faults) faults->push_back({StringFault::Kind::kEscape, place, place + length});
      value += literal.substr(i, length);
      i += length;
      continue;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      if (faults) faults->push_back({StringFault::Kind::kControl, place, place + 1});
    }
    value += c;
    ++i;
  }
  return value;
}

}  // namespace scx::syntax
