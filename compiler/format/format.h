// The one way a policy is laid out: text to text, without options. Comments
// stay with what they stand beside, no token is added, lost or moved, and
// formatting twice gives what formatting once gave. Called by `scxc fmt`.
#pragma once

#include <string>

#include "compiler/support/source.h"

namespace scx::format {

// Precondition: the file has no mistakes of syntax, taken at its word. Files without a policy block are
// files, too.
std::string format(FileId file, const Sources& sources);

// Whether two texts have the same tokens in the same order, and the same comments: what `format` promises.
bool same_content(FileId before, FileId after, const Sources& sources);

}  // namespace scx::format
