// Files: whole reads, atomic writes, temporary folders, and text made safe for
// a terminal. Used by every library that touches the file system.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace scx {

// The whole file. Errors name the path and the reason; one of more than `most` bytes is not read into memory.
Result<std::string> read_file(const std::string& path, uint64_t most = UINT64_MAX);

// Writes `bytes` beside the file `named` and renames it into place, so that a reader
// sees the old content or the new, and a failure (a full disk) leaves no half
// file. Whose it is and who may read and write it stays as it was, and who may not write it is refused. A
// symbolic link stays, and its target is replaced.
// `-` is standard output.
Result<void> write_file_atomically(const std::string& named, std::string_view bytes);

// `text` in double quotes with control characters, quotes and bytes outside
// printable ASCII escaped: for names that come from tasks, cgroups or files.
std::string quoted(std::string_view text);
// An argument of a type of std's brings std::quoted along wherever some header includes <iomanip>; these are
// better matches than its templates.
inline std::string quoted(const std::string& text) { return quoted(std::string_view(text)); }
inline std::string quoted(std::string& text) { return quoted(std::string_view(text)); }
inline std::string quoted(const char* text) { return quoted(std::string_view(text)); }

// `text` with `?` for control characters other than newline and tab: for whole messages that may hold such
// names.
std::string printable(std::string_view text);

// A folder of our own, below $TMPDIR or /tmp, which others cannot enter; removed with all that is in it when
// this object goes.
class TemporaryFolder {
 public:
  // `name` begins the folder's own.
  static Result<TemporaryFolder> make(std::string_view name);
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const { return fmt::format("{}/{}", path_, name); }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace scx
