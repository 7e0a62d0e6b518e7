// A thread that is held on to: whoever reads of it by its number knows
// afterwards that the number was not another's meanwhile. Used by scx-run
// explain.
#pragma once

#include "runtime/base/result.h"

namespace scx::running {

class Thread {
 public:
  // A thread of this pid namespace. Reason: "no-task".
  static Result<Thread> open(int tid);
  Thread(Thread&& other) noexcept;
  Thread& operator=(Thread&&) = delete;
  ~Thread();

  // Whether it still exists, so that its number is its own.
  [[nodiscard]] bool lives() const;
  // A pidfd, as look-ups in task storage take it.
  [[nodiscard]] int descriptor() const { return fd_; }
  [[nodiscard]] int tid() const { return tid_; }

 private:
  Thread(int tid, int fd) : tid_(tid), fd_(fd) {}
  int tid_;
  int fd_;
};

}  // namespace scx::running
