#include "runtime/running/thread.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/refusal.h"

namespace scx::running {
namespace {

constexpr unsigned kPidfdThread = O_EXCL;  // PIDFD_THREAD of include/uapi/linux/pidfd.h, since Linux 6.9

}  // namespace

Result<Thread> Thread::open(int tid) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, tid, kPidfdThread));
  if (fd < 0)
    return refusal("no-task", fmt::format("no task {}: {}", tid, std::strerror(errno)),
                   "a thread's id, as `ps -eLo lwp,comm` shows it");
  return Thread(tid, fd);
}

Thread::Thread(Thread&& other) noexcept : tid_(other.tid_), fd_(std::exchange(other.fd_, -1)) {}

Thread::~Thread() {
  if (fd_ >= 0) ::close(fd_);
}

// Signal 0 is none; whoever may not send it is told so of threads that exist only.
bool Thread::lives() const {
  return ::syscall(SYS_pidfd_send_signal, fd_, 0, nullptr, 0) == 0 || errno != ESRCH;
}

}  // namespace scx::running
