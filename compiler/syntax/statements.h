// Where statements and the heads of blocks end although no `;` and no `{` says
// so: both are told and made up, so that reading goes on as if they were there.
// A guess: the driver also reads the file at its word (Forgotten::kNothing). Called by shape.cpp.
#pragma once

#include <string_view>
#include <vector>

#include "compiler/syntax/reporter.h"
#include "compiler/syntax/token.h"

namespace scx::syntax {

bool begins_declaration(size_t type);
// A declaration in the first column. `match` and `layer` begin statements of a block, too, but not there.
bool begins_at_top_level(const Token& token);
// An attribute whose value may be a set.
bool takes_set(std::string_view word);

// Makes up the `{` that is missing behind the head of a block.
void open_blocks(std::vector<Token>& tokens, Reporter& reporter);
// Makes up the `;` that is missing behind a statement. Precondition: braces balance.
void end_statements(std::vector<Token>& tokens, Reporter& reporter);

}  // namespace scx::syntax
