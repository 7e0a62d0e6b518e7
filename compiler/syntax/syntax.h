// Text to syntax tree: the only library that knows ANTLR. `parse` reads one
// file, `parse_program` a policy with its includes. Mistakes in the text become
// diagnostics, all of a file in one run; no exception leaves. Called by the
// driver and by tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/support/source.h"
#include "runtime/base/result.h"

namespace scx::syntax {

// Bytes. The largest policies that people wrote for other schedulers have
// 40 KiB; at this size even the worst text is refused well within a second.
inline constexpr size_t kMaxFileSize = size_t{256} << 10;
// Files of one program, the main one among them.
inline constexpr size_t kMaxFiles = 256;
// Includes within each other.
inline constexpr size_t kMaxIncludeDepth = 32;

// Whether a `;` or `{` that seems to be forgotten is put in, and reported. What seems to be may be meant: a
// constant can have the name of a property.
enum class Forgotten : uint8_t { kPutIn, kNothing };

// The tree of one file that is in `sources`. With errors it holds the
// declarations that could be read; `diagnostics` tells whether there were any.
ast::File parse(FileId file, const Sources& sources, diag::Diagnostics& diagnostics,
                Forgotten forgotten = Forgotten::kPutIn);

// The text of the main file of a policy; `-` is standard input. Refuses what is far too large.
Result<std::string> read_text(const std::string& path);

// The policy at `path` and every file that it includes, each read once. An
// include is looked for beside the file that names it, then in `include_dirs`;
// it must lie in the policy's folder, below it, or in one of these. Problems of
// includes are diagnostics at the include; an Error is only for a main file that
// cannot be read. Included files carry the logical path relative to the main
// file's folder, or `<include>/...` below an include directory.
Result<ast::Program> parse_program(const std::string& path, const std::vector<std::string>& include_dirs,
                                   Sources& sources, diag::Diagnostics& diagnostics);

// The files of `program` once more, at their word: nothing in them is forgotten. None if nothing was put in,
// or if there are errors of includes. `said` is what parse_program() said.
std::optional<ast::Program> parse_at_its_word(const ast::Program& program, const Sources& sources,
                                              const diag::Diagnostics& said, diag::Diagnostics& diagnostics);

// The tokens as the parser sees them, one a line: line:column, type, text.
std::string dump_tokens(FileId file, const Sources& sources);

}  // namespace scx::syntax
