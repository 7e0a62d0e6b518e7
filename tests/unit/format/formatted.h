// A text and what the formatter makes of it, for the tests of this folder.
#pragma once

#include <string>

namespace scx::format {

// Fails the test if the text has mistakes, if formatting once more changes what came out, or if tokens or
// comments are not those of the text.
std::string formatted(const std::string& text);

}  // namespace scx::format
