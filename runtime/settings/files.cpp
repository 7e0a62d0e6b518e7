#include "runtime/settings/files.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "runtime/base/refusal.h"

namespace scx::settings {
namespace {

// A CPU that was taken out of the machine leaves no file, or one that answers ENODEV.
Error failure() { return refusal(errno == ENOENT || errno == ENODEV ? kGone : "", std::strerror(errno)); }

}  // namespace

Result<std::string> Files::read(const std::string& path) const {
  const int fd = ::open((root_ + path).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failure();
  char text[4096];
  const ssize_t got = ::read(fd, text, sizeof text);
  if (got < 0) {
    Error error = failure();
    ::close(fd);
    return error;
  }
  ::close(fd);
  std::string value(text, static_cast<size_t>(got));
  if (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

Result<void> Files::write(const std::string& path, std::string_view value) {
  const int fd = ::open((root_ + path).c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (fd < 0) return failure();
  Result<void> done;
  if (::write(fd, value.data(), value.size()) != static_cast<ssize_t>(value.size())) done = failure();
  ::close(fd);
  return done;
}

}  // namespace scx::settings
