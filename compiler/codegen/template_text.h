// The conditions in templates: `//% if FEATURE`, with `not`, `and`, `or`, up
// to `//% end`, nested. A line `//% members` marks the structure that follows
// for dictionary.h and passes through.
#pragma once

#include <string>
#include <string_view>

#include "compiler/codegen/features.h"

namespace scx::codegen {

// `text` without the parts that `features` leave out and without the lines that ask.
// Precondition: conditions are well formed and closed.
std::string select(std::string_view text, const Features& features);

}  // namespace scx::codegen
