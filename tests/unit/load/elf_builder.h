// Small BPF objects for tests of the object reader, section by section.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace scx::load {

struct ElfParts {
  uint16_t machine = 247;                            // EM_BPF
  std::map<std::string, std::string> sections;       // name -> bytes
  std::map<std::string, uint64_t> zeroes;            // name -> size, without bytes in the file (.bss)
  std::map<std::string, uint32_t> rodata_constants;  // 32-bit variables of .rodata, with symbols
};

// The bytes of a 64-bit little-endian relocatable file.
std::string build_elf(const ElfParts& parts);

}  // namespace scx::load
