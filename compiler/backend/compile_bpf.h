// C text to a BPF object, in process. The text is self-contained; neither a
// compiler nor a header of the machine takes part, and the same input gives
// the same bytes wherever the compiler runs. The driver calls it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/backend/btf.h"
#include "runtime/base/result.h"

namespace scx::backend {

struct BpfInput {
  std::string name;                 // file name of the text: "web.bpf.c"
  std::string_view text;            // C without #include
  std::vector<SourceText> sources;  // what `#line` names: for the source lines in the object's BTF
};

// The ELF object: -O2, CPU v3, BTF with line information, no DWARF. An error
// is a fault of ours (a template that does not compile), never of the policy;
// its message holds clang's words with their lines, one a line.
Result<std::string> compile_bpf(const BpfInput& input);

// `object` with a section `name` of these bytes added. Precondition: it has none of that name.
Result<std::string> add_section(std::string_view object, const std::string& name, std::string_view bytes);

// What compiled it: "clang 19.1.7", for --version.
std::string clang_version();

}  // namespace scx::backend
