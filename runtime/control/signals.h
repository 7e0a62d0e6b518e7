// SIGINT, SIGTERM and SIGHUP as a file descriptor. Made before anything is
// loaded, so that a signal at any moment ends in an orderly way.
#pragma once

#include "runtime/base/result.h"

namespace scx::control {

class Signals {
 public:
  // Blocks the signals for this process and its later children.
  static Result<Signals> open();
  Signals(Signals&& other) noexcept;
  Signals& operator=(Signals&&) = delete;
  ~Signals();
  // Readable when a signal came.
  [[nodiscard]] int descriptor() const { return descriptor_; }
  // Whether one came; does not wait.
  [[nodiscard]] bool arrived() const;

 private:
  explicit Signals(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace scx::control
