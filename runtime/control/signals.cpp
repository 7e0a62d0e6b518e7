#include "runtime/control/signals.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace scx::control {
namespace {

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Result<Signals> Signals::open() {
  const sigset_t set = ending_signals();
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0)
    return make_error("signals cannot be blocked: {}", std::strerror(errno));
  // A reader that went away is an error of write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  const int descriptor = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor < 0) return make_error("signals cannot be read: {}", std::strerror(errno));
  return Signals(descriptor);
}

Signals::Signals(Signals&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Signals::~Signals() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool Signals::arrived() const {
  pollfd one{descriptor_, POLLIN, 0};
  return ::poll(&one, 1, 0) == 1;
}

}  // namespace scx::control
