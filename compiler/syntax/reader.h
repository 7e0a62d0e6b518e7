// ANTLR's tree to the syntax tree. Joins what one token of look-ahead could not
// (ranges, `8 core`), takes layer kinds and family terms apart, and reports what
// cannot begin a statement. Trees with errors in them give what is sound of
// them. Called by parse.cpp.
#pragma once

#include "ScxParser.h"
#include "compiler/ast/ast.h"
#include "compiler/syntax/error_strategy.h"
#include "compiler/syntax/reporter.h"

namespace scx::syntax {

ast::File read_tree(grammar::ScxParser::FileContext& tree, const ErrorStrategy& strategy, Reporter& reporter);

}  // namespace scx::syntax
