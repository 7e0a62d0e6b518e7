#include "compiler/backend/isolated.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <llvm/Support/ErrorHandling.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace scx::backend {

namespace {

// The first byte of the answer.
constexpr char kBytes = 'b';
constexpr char kMessage = 'm';

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

[[noreturn]] void answer(int fd, char kind, std::string_view bytes) {
  const bool written = write_all(fd, {&kind, 1}) && write_all(fd, bytes);
  // No destructors and no flushing: what is buffered belongs to the parent.
  ::_exit(written ? 0 : 1);
}

[[noreturn]] void run_child(int fd, const std::function<Result<std::string>()>& work) {
  static int answer_fd = fd;
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  llvm::install_fatal_error_handler(
      [](void*, const char* reason, bool) { answer(answer_fd, kMessage, reason); }, nullptr);
  const Result<std::string> result = work();
  if (!result.ok()) answer(fd, kMessage, result.error().message);
  answer(fd, kBytes, *result);
}

std::string read_all(int fd) {
  std::string bytes;
  char buffer[65536];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(got));
  }
}

}  // namespace

Result<std::string> run_isolated(const std::function<Result<std::string>()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) return make_error("cannot make a pipe: {}", std::strerror(errno));
  const pid_t child = ::fork();
  if (child < 0) {
    const int reason = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    return make_error("cannot start a process: {}", std::strerror(reason));
  }
  if (child == 0) {
    ::close(ends[0]);
    run_child(ends[1], work);
  }
  ::close(ends[1]);
  std::string bytes = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return make_error("the code generator ended with signal {}", WTERMSIG(status));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || bytes.empty()) {
    return make_error("the code generator ended without an answer");
  }
  const char kind = bytes.front();
  bytes.erase(0, 1);
  if (kind == kMessage) return Error{std::move(bytes), "", ""};
  return bytes;
}

}  // namespace scx::backend
