// Reading files that nobody has looked at: values at places that may be outside,
// and libelf's handle. Used inside the audit.
#pragma once

#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include <libelf.h>

namespace scx::audit {

struct EndElf {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, EndElf>;

// The value at a place; nothing where the bytes end before.
template <typename T>
std::optional<T> read_at(std::string_view bytes, size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

}  // namespace scx::audit
