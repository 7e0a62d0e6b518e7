// Values at places of files that nobody has looked at: a place may be outside.
#pragma once

#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>

namespace scx {

// The value at a place; nothing where the bytes end before.
template <typename T>
std::optional<T> read_at(std::string_view bytes, size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

}  // namespace scx
