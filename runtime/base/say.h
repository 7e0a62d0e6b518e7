// What a program says to people, on standard error. Used where a reader may
// vanish while a scheduler runs: libfmt would throw then.
#pragma once

#include <string_view>

namespace scx {

// Writes `text`, made printable, to standard error. A reader that has gone is no error.
void say(std::string_view text);

}  // namespace scx
