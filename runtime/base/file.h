// Files: whole reads, atomic writes, and text made safe for a terminal. Used
// by every library that touches the file system.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace scx {

// The whole file. Errors name the path and the reason.
Result<std::string> read_file(const std::string& path);

// Writes `bytes` beside `path` and renames it into place, so that a reader
// sees the old content or the new, and a failure (a full disk) leaves no half
// file. `-` is standard output.
Result<void> write_file_atomically(const std::string& path, std::string_view bytes);

// `text` in double quotes with control characters, quotes and bytes outside
// printable ASCII escaped: for names that come from tasks, cgroups or files.
std::string quoted(std::string_view text);

}  // namespace scx
