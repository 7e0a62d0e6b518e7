// libelf's handle, with an owner. Whoever includes this links libelf.
#pragma once

#include <memory>

#include <libelf.h>

namespace scx {

struct EndElf {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, EndElf>;

}  // namespace scx
