// What a BPF object holds, read with libelf, and whether it is fit to load:
// the last check before the driver writes it, the source of the manifest's
// list of kernel functions, and the text of --dump=object.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/backend/btf.h"
#include "runtime/base/result.h"

namespace scx::backend {

struct ObjectSection {
  std::string name;
  uint64_t size = 0;
};

// One BPF function that stands for itself: an entry of a program section, or
// (section `.text`) a function that programs call.
struct ObjectProgram {
  std::string name;
  std::string section;
  uint32_t instructions = 0;  // 8-byte units
};

// A name that the kernel must supply: a function, or a variable. Weak ones may be absent.
struct KernelSymbol {
  std::string name;
  bool function = true;
  bool weak = false;
  bool operator==(const KernelSymbol&) const = default;
};

struct Object {
  std::vector<ObjectSection> sections;       // in file order
  std::vector<ObjectProgram> programs;       // by section, then by place
  std::vector<KernelSymbol> kernel_symbols;  // by name: the names in BTF's `.ksyms`
  std::vector<std::string> maps;             // by name: symbols of `.maps`
  std::vector<std::string> undefined;        // undefined symbols that are no kernel symbols
  std::vector<BtfLine> lines;
  std::string license;

  [[nodiscard]] bool has_section(std::string_view name) const;
};

// Errors: bytes that are no 64-bit little-endian BPF object, or whose tables are cut off.
Result<Object> read_object(std::string_view bytes);

// The bytes of a section; an error if the object has none of that name.
Result<std::string> section_bytes(std::string_view object, std::string_view name);

// Whether scx-run could load it as far as the file can tell: BTF and line
// information there, a GPL license (the kernel's functions demand it), a
// struct_ops program and its table, nothing undefined, no debug information
// besides BTF. The error lists everything that is wrong.
Result<void> check_object(const Object& object);

// Stable text: license, sections, programs with instruction counts, maps, kernel symbols.
std::string dump(const Object& object);

}  // namespace scx::backend
