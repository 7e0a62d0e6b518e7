// Where kernels and other things that outlive a run are kept, outside the source
// tree: $SCX_CACHE_DIR, else $XDG_CACHE_HOME/scxc, else ~/.cache/scxc. Also the
// lock that keeps a second virtual machine from running at the same time.
#pragma once

#include <functional>
#include <string>

#include "runtime/base/result.h"

namespace scx::vm {

// The cache directory, made if it is not there.
Result<std::string> cache_directory();

// A lock on a file, held until destruction; the kernel drops it with the process.
class FileLock {
 public:
  // Waits for the lock. `waiting` is called once, before a wait; `give_up` (or
  // none), asked some times a second, ends it with reason "stopped".
  static Result<FileLock> take(const std::string& path, void (*waiting)(),
                               const std::function<bool()>& give_up);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace scx::vm
