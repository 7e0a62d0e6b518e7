// The meaning of a program: from the syntax tree to the model, or to all that
// is wrong with it. The driver calls it after parsing; everything behind it
// reads the model only.
#pragma once

#include <optional>

#include "compiler/ast/ast.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/model/model.h"
#include "compiler/support/source.h"

namespace scx::sema {

// Reports every error of the program in one run; nothing if it or the parser
// reported any. Precondition: `program.files` begins with the main file.
//
// In the result, predicates that layers use come before those that only tests
// and unused matchers name; the last layer of every cell matches everything.
std::optional<model::Policy> analyse(const ast::Program& program, const Sources& sources,
                                     diag::Diagnostics& diagnostics);

}  // namespace scx::sema
