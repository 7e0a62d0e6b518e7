#include "compiler/diagnostics/display_text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace scx::diag {
namespace {

constexpr uint32_t kTabStop = 4;

struct Decoded {
  uint32_t character = 0;
  uint32_t bytes = 1;
  bool valid = false;
};

// One character of UTF-8 (RFC 3629: shortest form, no surrogates).
Decoded decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[i])); };
  const uint32_t first = byte(0);
  if (first < 0x80) return {first, 1, true};
  const uint32_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {};
  uint32_t character = first & (0x7fU >> length);
  for (uint32_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    character = (character << 6) | (byte(i) & 0x3f);
  }
  constexpr std::array<uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (character < kLeast[length] || character > 0x10ffff) return {};
  if (character >= 0xd800 && character <= 0xdfff) return {};
  return {character, length, true};
}

struct Block {
  uint32_t first, last;
};

bool in(uint32_t character, std::initializer_list<Block> blocks) {
  return std::any_of(blocks.begin(), blocks.end(),
                     [&](const Block& block) { return character >= block.first && character <= block.last; });
}

// Controls, and characters that reorder or hide text.
bool is_unsafe(uint32_t character) {
  return in(character, {{0, 0x1f},
                        {0x7f, 0x9f},
                        {0xad, 0xad},
                        {0x61c, 0x61c},
                        {0x200b, 0x200f},
                        {0x2028, 0x202e},
                        {0x2060, 0x206f},
                        {0xfeff, 0xfeff},
                        {0xfff9, 0xfffb},
                        {0xe0000, 0xe0fff}});
}

// Columns on a terminal: the wide and combining blocks of Unicode that people
// meet (UAX 11 and UAX 44), not a full table.
uint32_t width(uint32_t character) {
  if (in(character, {{0x300, 0x36f},
                     {0x483, 0x489},
                     {0x591, 0x5bd},
                     {0x610, 0x61a},
                     {0x64b, 0x65f},
                     {0x1ab0, 0x1aff},
                     {0x1dc0, 0x1dff},
                     {0x20d0, 0x20ff},
                     {0xfe00, 0xfe0f},
                     {0xfe20, 0xfe2f}}))
    return 0;
  if (in(character, {{0x1100, 0x115f},
                     {0x2e80, 0x303e},
                     {0x3041, 0xa4cf},
                     {0xa960, 0xa97f},
                     {0xac00, 0xd7a3},
                     {0xf900, 0xfaff},
                     {0xfe30, 0xfe6f},
                     {0xff01, 0xff60},
                     {0xffe0, 0xffe6},
                     {0x1f300, 0x1f64f},
                     {0x1f680, 0x1f6ff},
                     {0x1f900, 0x1f9ff},
                     {0x1fa70, 0x1faff},
                     {0x20000, 0x3fffd}}))
    return 2;
  return 1;
}

}  // namespace

DisplayText display(std::string_view text) {
  DisplayText out;
  uint32_t column = 0;
  while (!text.empty()) {
    const Decoded decoded = decode(text);
    std::string shown;
    uint32_t columns = 0;
    if (!decoded.valid) {
      shown = fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (decoded.character == '\t') {
      shown.assign(kTabStop - column % kTabStop, ' ');
    } else if (is_unsafe(decoded.character)) {
      shown = decoded.character < 0x80 ? fmt::format("\\x{:02x}", decoded.character)
                                       : fmt::format("\\u{{{:x}}}", decoded.character);
    } else {
      shown = text.substr(0, decoded.bytes);
      columns = width(decoded.character);
    }
    // What is written out in ASCII is as wide as it is long.
    const bool as_is = decoded.valid && decoded.character != '\t' && !is_unsafe(decoded.character);
    out.columns.insert(out.columns.end(), decoded.bytes, column);
    column += as_is ? columns : static_cast<uint32_t>(shown.size());
    out.text += shown;
    text.remove_prefix(decoded.bytes);
  }
  out.columns.push_back(column);
  return out;
}

}  // namespace scx::diag
