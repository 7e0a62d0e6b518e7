// Bytes of a policy: UTF-8 and the value of a string literal. Pure functions,
// used by the lexing and the reading half of this library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace scx::syntax {

// The length of the valid UTF-8 character that begins `text` (1..4), 0 if the
// bytes are none (overlong, surrogate, beyond U+10FFFF or cut off).
size_t utf8_length(std::string_view text);

// A fault in a string literal, [begin, end) from the literal's first byte.
struct StringFault {
  enum class Kind : uint8_t { kEscape, kControl } kind;
  uint32_t begin;
  uint32_t end;
};

// The value of `literal` (with its quotes, single ones too; the closing one may be missing, and without any
// it stands for itself). Escapes: \" \\ \n \t \r \xNN (not \x00). A faulty escape stands for its own text.
// Faults are appended to `faults` unless it is null.
std::string string_value(std::string_view literal, std::vector<StringFault>* faults);

}  // namespace scx::syntax
