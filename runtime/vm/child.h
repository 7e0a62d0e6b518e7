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

// A child in a process group of its own. It is killed with its whole group when
// this object goes, and by the kernel when the thread that started it ends.
class Child {
 public:
  // Starts `arguments[0]` (found on PATH). `redirect` lists {fd in this process,
  // fd in the child}; standard input is /dev/null unless listed. Every other
  // descriptor of ours is closed by its O_CLOEXEC.
  static Result<Child> start(const std::vector<std::string>& arguments,
                             const std::vector<std::pair<int, int>>& redirect);

  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  // Waits up to `limit`. True: it has ended and `status()` is known.
  bool wait_for(std::chrono::milliseconds limit);
  // Waits without a limit; the status as waitpid gives it.
  int wait();
  // SIGKILL to the group, then reaps it.
  void kill();

  [[nodiscard]] bool ended() const { return pid_ < 0; }
  // The wait status. Precondition: ended().
  [[nodiscard]] int status() const { return status_; }

 private:
  Child(pid_t pid, int pidfd) : pid_(pid), pidfd_(pidfd) {}
  pid_t pid_;
  int pidfd_;
  int status_ = 0;
};

// The standard output of a command, and its wait status. Standard error is ours.
struct CommandOutput {
  std::string text;
  int status = 0;
};
Result<CommandOutput> run_command(const std::vector<std::string>& arguments);

}  // namespace scx::vm
