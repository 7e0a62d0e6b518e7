// The programs of an object as the audit walks them: instructions, what they
// refer to, the fields that are relocated, the lines that they came from, and
// the table of operations. Read from the object's sections; nothing in them is
// trusted.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <linux/bpf.h>

#include "runtime/audit/types.h"
#include "runtime/base/result.h"

namespace scx::audit {

// What an instruction refers to by a symbol.
struct SymbolUse {
  std::string_view name;  // in ObjectCode::symbol_names
  bool external = false;  // the kernel's
  bool weak = false;
  uint32_t section = 0;  // else: an index of ObjectCode::sections, or none of them
  uint64_t value = 0;    // and a place in it, in bytes
};

// A field, type or enumerator whose figures come from the kernel's BTF.
struct CoreRelocation {
  uint32_t type = 0;        // of the object's BTF
  std::string_view access;  // "0:3:1", in that BTF
  uint32_t kind = 0;        // enum bpf_core_relo_kind
};

struct SourceLine {
  uint32_t instruction = 0;
  std::string_view file;  // in the object's BTF
  uint32_t line = 0;
};

struct CodeSection {
  std::string name;
  std::vector<bpf_insn> code;
  std::map<uint32_t, SymbolUse> symbols;  // by instruction, as all that follow
  std::map<uint32_t, CoreRelocation> core;
  std::vector<SourceLine> lines;  // sorted
};

// An entry point: where the kernel begins.
struct Program {
  std::string name;
  uint32_t section = 0;
  uint32_t first = 0;  // instruction
};

// A function that the kernel must have.
struct KernelFunction {
  uint32_t type = 0;  // the function in the object's BTF
  bool weak = false;
};

// Names are not copied for each use: a damaged object can have many uses of a very long one.
struct ObjectCode {
  BtfHandle types;
  std::vector<char> symbol_names;
  std::vector<CodeSection> sections;  // those with instructions
  std::vector<Program> programs;
  std::map<std::string, KernelFunction> functions;
  uint32_t operations = 0;               // the structure type of the table of operations; 0: there is none
  std::vector<uint32_t> operations_set;  // its members that are not zero, by position
};

// `bytes` are an object that load::parse_object accepted. Reason: "corrupt-object".
Result<ObjectCode> read_code(std::string_view bytes);

}  // namespace scx::audit
