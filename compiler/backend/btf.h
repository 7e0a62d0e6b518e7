// The few facts of an object's BTF that the compiler checks: which names the
// section `.ksyms` lists, and the line information of programs. A reader of
// bytes; object.cpp and tests call it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace scx::backend {

// A variable or function that a BTF data section lists.
struct BtfName {
  std::string name;
  bool function = false;
};

// One entry of `.BTF.ext` line information.
struct BtfLine {
  std::string section;  // program section: "struct_ops"
  uint32_t offset = 0;  // of the instruction, in bytes
  std::string file;
  std::string text;  // the source line
  uint32_t line = 0;
  uint32_t column = 0;
};

// Members of the data section `section`; empty if there is none. Errors: bytes that are not BTF.
Result<std::vector<BtfName>> btf_section_members(std::string_view btf, std::string_view section);

// Errors: bytes that are not BTF, offsets beyond their ends.
Result<std::vector<BtfLine>> btf_lines(std::string_view btf, std::string_view btf_ext);

}  // namespace scx::backend
