#include "runtime/settings/guardian.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/output.h"
#include "runtime/base/refusal.h"
#include "runtime/settings/journal.h"
#include "runtime/settings/ledger.h"

namespace scx::settings {
namespace {

// Everything open but standard error and these.
void close_all_but(std::array<int, 3> kept) {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  // Without /dev/null nothing is read or written all the same.
  if (null >= 0) {
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
  }
  std::sort(kept.begin(), kept.end());
  unsigned from = STDERR_FILENO + 1;
  for (const int fd : kept) {
    const auto one = static_cast<unsigned>(fd);
    if (one < from) continue;
    if (one > from) ::close_range(from, one - 1, 0);
    from = one + 1;
  }
  ::close_range(from, ~0U, 0);
}

// No terminal, no signal, no folder and no descriptor binds it to where the loader was started.
void detach_from_everything(const Store& store, int loader, int ready) {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::setsid();
  ::prctl(PR_SET_NAME, kGuardianName, 0, 0, 0);
  (void)!::chdir("/");
  close_all_but({store.folder(), loader, ready});
}

void wait_for_end(int loader) {
  pollfd one{loader, POLLIN, 0};
  while (::poll(&one, 1, -1) < 0 && errno == EINTR) {
  }
}

// The loader cannot have put anything back half-way: each setting is at one of the values in the journal.
void restore(Store& store, const Places& places) {
  Files files(places.root);
  const Result<Recovery> recovery = recover_locked(store, files);
  // A reader that is stuck must not keep this process.
  pollfd error{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&error, 1, 0) != 1 || (error.revents & POLLOUT) == 0) return;
  if (!recovery.ok()) return say(fmt::format("{}: error: {}\n", kGuardianName, recovery.error().message));
  for (const Note& note : recovery->notes)
    say(fmt::format("{}: {}: {}\n", kGuardianName, note.warning ? "warning" : "scx-run died", note.text));
}

[[noreturn]] void guard(Store& store, const Places& places, int loader, int ready,
                        const std::function<void()>& settle) {
  store.close_file();
  detach_from_everything(store, loader, ready);
  if (settle) settle();
  (void)!::write(ready, "", 1);
  ::close(ready);
  wait_for_end(loader);
  restore(store, places);
  ::_exit(0);
}

// Whether the child has said that it is ready.
bool is_ready(int from) {
  char byte = 0;
  ssize_t got = 0;
  while ((got = ::read(from, &byte, 1)) < 0 && errno == EINTR) {
  }
  return got == 1;
}

Error no_guardian(const char* what) {
  return refusal("no-guardian", fmt::format("{}: {}", what, std::strerror(errno)),
                 "without it settings would stay changed if scx-run were killed");
}

}  // namespace

Result<Guardian> Guardian::start(Store& store, const Places& places, const std::function<void()>& settle) {
  // Not pidfd_open(): glibc 2.36 declares it with C++ linkage.
  const int loader = static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0));
  if (loader < 0) return no_guardian("the guardian of settings cannot watch scx-run");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    const Error error = no_guardian("the guardian of settings cannot be started");
    ::close(loader);
    return error;
  }
  const pid_t pid = ::fork();
  if (pid == 0) guard(store, places, loader, ends[1], settle);
  const Error error = no_guardian("the guardian of settings cannot be started");
  ::close(loader);
  ::close(ends[1]);
  const bool ready = pid > 0 && is_ready(ends[0]);
  ::close(ends[0]);
  if (ready) return Guardian(pid);
  if (pid > 0) Guardian(pid).end();
  return error;
}

Guardian& Guardian::operator=(Guardian&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, -1);
  }
  return *this;
}

bool Guardian::alive() {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) != 0) pid_ = -1;
  return pid_ > 0;
}

void Guardian::end() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

}  // namespace scx::settings
