// Child processes that cannot outlive their parent: QEMU, the kernel fetcher,
// the dynamic loader. Used inside scx_vm only.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "runtime/base/result.h"

namespace scx::vm {

// A child process. It is killed when this object goes (with its group, if it has one
// of its own), and by the kernel when the thread that started it ends.
class Child {
 public:
  // Starts `arguments[0]` (found on PATH). `redirect` lists {fd in this process,
  // fd in the child}; standard input is /dev/null unless listed. Every other
  // descriptor of ours is closed by its O_CLOEXEC. In a group of its own, Ctrl-C
  // at the terminal passes it by.
  static Result<Child> start(const std::vector<std::string>& arguments,
                             const std::vector<std::pair<int, int>>& redirect, bool own_group = true);

  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  // Waits up to `limit`. True: it has ended and `status()` is known.
  bool wait_for(std::chrono::milliseconds limit);
  // Waits without a limit; the status as waitpid gives it.
  int wait();
  // SIGKILL, then reaps it.
  void kill();

  [[nodiscard]] bool ended() const { return pid_ < 0; }
  // The wait status. Precondition: ended().
  [[nodiscard]] int status() const { return status_; }

 private:
  Child(pid_t pid, int pidfd, bool own_group) : pid_(pid), pidfd_(pidfd), own_group_(own_group) {}
  pid_t pid_;
  int pidfd_;
  bool own_group_;
  int status_ = 0;
};

// The standard output of a command, and its wait status. Standard error is ours. The
// command stays in our process group: Ctrl-C ends it with all that it started.
struct CommandOutput {
  std::string text;
  int status = 0;
};
Result<CommandOutput> run_command(const std::vector<std::string>& arguments);

}  // namespace scx::vm
