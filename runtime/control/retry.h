// When something that failed is tried again: after a pause, for as long as it
// fails, told once. Used by the loop of the running loader for its plans.
#pragma once

#include <chrono>
#include <optional>

namespace scx::control {

class Retry {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kPause{1};

  // Whether a failed attempt is to be made again by now.
  [[nodiscard]] bool due(Clock::time_point now) const { return next_.has_value() && now >= *next_; }
  // Notes a failure; true for the first one since a success, which is the one to tell.
  bool failed(Clock::time_point now) {
    const bool first = !next_.has_value();
    next_ = now + kPause;
    return first;
  }
  void succeeded() { next_.reset(); }

 private:
  std::optional<Clock::time_point> next_;
};

}  // namespace scx::control
