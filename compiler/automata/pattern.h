// Patterns: what a string test of the language (exact, under, glob, regex …)
// means, as one small algebra of byte languages. sema/ calls `check_string` to
// report a malformed test at its place; build.h turns patterns into automata.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "compiler/model/model.h"

namespace scx::automata {

using ByteSet = std::bitset<256>;

// A language of byte strings, searched: a pattern matches a value when some
// part of the value is in the language; kBegin and kEnd tie it to the ends.
struct Pattern {
  enum class Kind : uint8_t { kSet, kConcat, kAlternate, kRepeat, kBegin, kEnd };
  static constexpr uint32_t kUnbounded = UINT32_MAX;

  Kind kind = Kind::kConcat;   // without parts: the empty string
  ByteSet set;                 // kSet: one byte of it
  std::vector<Pattern> parts;  // kConcat, kAlternate: any number; kRepeat: one
  uint32_t min = 0, max = 0;   // kRepeat
};

// A malformed pattern: `offset` counts bytes of the pattern's text. Message and
// help are worded as diagnostics are.
struct PatternError {
  uint32_t offset = 0;
  std::string message;
  std::string help;
};

template <typename T>
using Parsed = std::variant<T, PatternError>;

// RE2's syntax without captures, backreferences, word boundaries and Unicode
// classes; bytewise, unanchored; flags (?i) and (?s). `.` is any byte but
// newline, as in RE2. Repetition counts are at most 1000, as in RE2; groups
// nest at most 100 deep.
Parsed<Pattern> parse_regex(std::string_view text);

// `*`, `?`, `[a-z]`, `[!a-z]`, `\` before a literal; matches the whole value.
// For a cgroup `*`, `?` and sets stop at `/` and `**` does not; a component
// that is only `*` is not empty, and `/**/` also stands for a single `/`.
// For a comm `**` is `*`.
Parsed<Pattern> parse_glob(std::string_view text, abi::Attribute attribute);

// The pattern of a test. Precondition of a value: `attribute` is a string attribute.
Parsed<Pattern> parse_test(const model::StringTest& test, abi::Attribute attribute);

// What is wrong with a test, if anything: a malformed regex or glob, a fixed
// comm longer than 15 bytes, a cgroup path that is not absolute.
std::optional<PatternError> check_string(const model::StringTest& test, abi::Attribute attribute);

// Building blocks.
Pattern literal(std::string_view bytes);
Pattern byte_of(ByteSet set);
Pattern concat(std::vector<Pattern> parts);
Pattern alternate(std::vector<Pattern> parts);
Pattern repeat(Pattern part, uint32_t min, uint32_t max);
Pattern begin();
Pattern end();

}  // namespace scx::automata
