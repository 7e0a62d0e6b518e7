// What the compiler does with an object's BTF itself: reads which names the
// section `.ksyms` lists and the line information of programs, and gives the
// line information its source lines. Over bytes; compile_bpf.cpp, object.cpp
// and tests call it.
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

// A text that BTF names as a file: the C text itself, and what its `#line` directives name.
struct SourceText {
  std::string name;
  std::string_view text;
};

// The two sections of one object.
struct BtfSections {
  std::string btf;      // .BTF
  std::string btf_ext;  // .BTF.ext
};

// Gives every entry of line information that has no source line yet the one that its file and line number
// say; none to entries of files that are not among `sources`. LLVM would do it, searching all strings so far
// for each entry: in time that grows with the square of the program. Errors: bytes that are not BTF, offsets
// beyond their ends.
Result<BtfSections> with_source_lines(BtfSections sections, const std::vector<SourceText>& sources);

// Errors: bytes that are not BTF, offsets beyond their ends.
Result<std::vector<BtfLine>> btf_lines(std::string_view btf, std::string_view btf_ext);

}  // namespace scx::backend
