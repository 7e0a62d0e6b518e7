// Runs a program and collects what it printed: for tests that drive the real
// binaries. Header only; the golden, object and fuzz tests include it.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace scx::testing {

struct Outcome {
  int exit_code = -1;  // 128 + signal when a signal ended it
  std::string out;
  std::string error;
  double cpu_seconds = 0;  // user and system time
  long peak_kib = 0;
};

namespace internal {
inline std::string slurp_and_close(int fd) {
  std::string bytes;
  char buffer[65536];
  ::lseek(fd, 0, SEEK_SET);
  for (ssize_t got; (got = ::read(fd, buffer, sizeof buffer)) > 0;)
    bytes.append(buffer, static_cast<size_t>(got));
  ::close(fd);
  return bytes;
}

// A file without a name: no pipe can fill up, whatever is printed.
inline int scratch_file() {
  std::string name = "/tmp/scx-test-XXXXXX";
  const int fd = ::mkostemp(name.data(), O_CLOEXEC);
  ::unlink(name.c_str());
  return fd;
}
}  // namespace internal

// Standard input is empty, output is no terminal, NO_COLOR is not set, `directory` (if not empty) is the
// working directory.
inline Outcome run(const std::vector<std::string>& command, const std::string& directory = "") {
  const int out = internal::scratch_file();
  const int error = internal::scratch_file();
  const pid_t child = ::fork();
  if (child == 0) {
    const int null = ::open("/dev/null", O_RDONLY);
    ::dup2(null, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(error, STDERR_FILENO);
    if (!directory.empty() && ::chdir(directory.c_str()) != 0) ::_exit(126);
    ::unsetenv("NO_COLOR");
    ::setenv("LC_ALL", "C", 1);
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  Outcome outcome;
  int status = 0;
  rusage usage{};
  while (::wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  outcome.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  outcome.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  outcome.peak_kib = usage.ru_maxrss;
  outcome.out = internal::slurp_and_close(out);
  outcome.error = internal::slurp_and_close(error);
  return outcome;
}

}  // namespace scx::testing
