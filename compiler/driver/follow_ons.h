// Which diagnostics say something new: one mistake is told once, without what is
// wrong only because of it.
#pragma once

#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diagnostics/diagnostics.h"

namespace scx::driver {

// Those of `found`, which sema reported over `program`, that do not follow from the syntax errors or from
// another one of them. In their order; pointers into `found`.
std::vector<const diag::Diagnostic*> without_follow_ons(const diag::Diagnostics& found,
                                                        const diag::Diagnostics& syntax_errors,
                                                        const ast::Program& program);

}  // namespace scx::driver
