// Reads and writes the kernel's one-value files. The root before every path is
// empty on a real machine and a folder of the test elsewhere; tests also stop
// it half-way.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace scx::settings {

// Reason of an error when the file is not there (any more).
inline constexpr const char* kGone = "gone";

class Files {
 public:
  explicit Files(std::string root = "") : root_(std::move(root)) {}
  Files(const Files&) = default;
  Files& operator=(const Files&) = default;
  virtual ~Files() = default;

  // Messages are the system's words without the path: whoever tells them knows what they are about.
  // The value without its newline.
  [[nodiscard]] virtual Result<std::string> read(const std::string& path) const;
  // In one write, as such files want it.
  virtual Result<void> write(const std::string& path, std::string_view value);

 private:
  std::string root_;
};

}  // namespace scx::settings
