// Statements to lines: indentation, blocks, where lines end. Used by format.cpp.
#pragma once

#include <vector>

#include "compiler/format/align.h"
#include "compiler/format/statements.h"

namespace scx::format {

// The lines' comments are views into what `statements` are views into.
std::vector<Line> lay_out(const std::vector<Entry>& statements);

}  // namespace scx::format
