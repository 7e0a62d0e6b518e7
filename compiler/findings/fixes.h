// What `scxc lint --fix` does with findings: fixes that only the text can tell,
// and the texts with fixes made.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "compiler/ast/ast.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/support/source.h"

namespace scx::findings {

// `all`, in which findings of what has no effect or no use, or stands twice, got the fix that takes it out;
// not while something else is wrong.
diag::Diagnostics with_removals(const diag::Diagnostics& all, const ast::Program& program,
                                const Sources& sources);

struct Fixed {
  std::map<FileId, std::string> texts;  // of the files that change
  size_t count = 0;                     // fixes made
  bool writes_words = false;            // some fix does more than take text out
};

// One fix of each finding, the first that is safe, or the first if `guesses` are wanted too; none of files
// from `-I` folders. Of two that touch each other the later one is left for another time.
Fixed apply_fixes(const diag::Diagnostics& all, const Sources& sources, bool guesses);

}  // namespace scx::findings
