#include "runtime/vm/child.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace scx::vm {
namespace {

// Runs between fork and exec: only calls that are safe there. Reports a failed
// exec through `report` by its errno.
[[noreturn]] void become(const std::vector<char*>& arguments,
                         const std::vector<std::pair<int, int>>& redirect, bool own_group, pid_t parent,
                         int report) {
  if (own_group) ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have gone between fork and prctl.
  if (::getppid() != parent) ::_exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGPIPE, SIG_DFL);
  bool input = false;
  for (const auto& [ours, theirs] : redirect) {
    if (ours == theirs) {
      ::fcntl(ours, F_SETFD, 0);
    } else {
      ::dup2(ours, theirs);
    }
    input = input || theirs == STDIN_FILENO;
  }
  if (!input) {
    const int null = ::open("/dev/null", O_RDWR);
    if (null >= 0) ::dup2(null, STDIN_FILENO);
  }
  ::execvp(arguments[0], arguments.data());
  const int error = errno;
  (void)!::write(report, &error, sizeof error);
  ::_exit(127);
}

}  // namespace

Result<Child> Child::start(const std::vector<std::string>& arguments,
                           const std::vector<std::pair<int, int>>& redirect, bool own_group) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) return make_error("cannot make a pipe: {}", std::strerror(errno));
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(argv, redirect, own_group, parent, report[1]);
  const int fork_error = errno;
  ::close(report[1]);
  if (pid < 0) {
    ::close(report[0]);
    return make_error("cannot start `{}`: {}", arguments[0], std::strerror(fork_error));
  }
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(report[0], &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  ::close(report[0]);
  if (got == sizeof error) {
    ::waitpid(pid, nullptr, 0);
    return make_error("cannot start `{}`: {}", arguments[0], std::strerror(error));
  }
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  return Child(pid, pidfd, own_group);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::exchange(other.pidfd_, -1)),
      own_group_(other.own_group_),
      status_(other.status_) {}

Child::~Child() {
  kill();
  if (pidfd_ >= 0) ::close(pidfd_);
}

bool Child::wait_for(std::chrono::milliseconds limit) {
  if (ended()) return true;
  // Without a pidfd (a kernel before 5.3, too many open files) poll is a mere sleep.
  pollfd event{pidfd_, POLLIN, 0};
  (void)::poll(&event, 1, static_cast<int>(limit.count()));
  if (::waitpid(pid_, &status_, WNOHANG) != pid_) return false;
  pid_ = -1;
  return true;
}

int Child::wait() {
  if (ended()) return status_;
  while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status_;
}

void Child::kill() {
  if (ended()) return;
  ::kill(own_group_ ? -pid_ : pid_, SIGKILL);
  wait();
}

Result<CommandOutput> run_command(const std::vector<std::string>& arguments) {
  int output[2];
  if (::pipe2(output, O_CLOEXEC) != 0) return make_error("cannot make a pipe: {}", std::strerror(errno));
  auto child = Child::start(arguments, {{output[1], STDOUT_FILENO}}, /*own_group=*/false);
  ::close(output[1]);
  if (!child) {
    ::close(output[0]);
    return std::move(child).error();
  }
  CommandOutput result;
  char chunk[4096];
  for (;;) {
    const ssize_t got = ::read(output[0], chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    result.text.append(chunk, static_cast<size_t>(got));
  }
  ::close(output[0]);
  result.status = child->wait();
  return result;
}

}  // namespace scx::vm
