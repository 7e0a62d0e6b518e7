#include "runtime/vm/cache.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/refusal.h"

namespace scx::vm {

Result<std::string> cache_directory() {
  const auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
  };
  std::string directory = variable("SCX_CACHE_DIR");
  if (directory.empty() && !variable("XDG_CACHE_HOME").empty())
    directory = variable("XDG_CACHE_HOME") + "/scxc";
  if (directory.empty() && !variable("HOME").empty()) directory = variable("HOME") + "/.cache/scxc";
  if (directory.empty())
    return refusal("no-cache",
                   "no place for a cache: neither `SCX_CACHE_DIR`, `XDG_CACHE_HOME` nor `HOME` is set");
  std::error_code code;
  std::filesystem::create_directories(directory, code);
  if (code) return make_error("cannot make the cache {}: {}", scx::quoted(directory), code.message());
  return directory;
}

Result<FileLock> FileLock::take(const std::string& path, void (*waiting)(),
                                const std::function<bool()>& give_up) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) return make_error("cannot open the lock {}: {}", scx::quoted(path), std::strerror(errno));
  FileLock lock(fd);
  // Polled: a signal that comes right before a flock that blocks would be lost on it.
  constexpr unsigned kPollMicroseconds = 100'000;
  for (bool first = true; ::flock(fd, LOCK_EX | LOCK_NB) != 0; first = false) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return make_error("cannot lock {}: {}", scx::quoted(path), std::strerror(errno));
    if (first) waiting();
    if (give_up && give_up()) return refusal("stopped", "stopped while another virtual machine was running");
    ::usleep(kPollMicroseconds);
  }
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace scx::vm
