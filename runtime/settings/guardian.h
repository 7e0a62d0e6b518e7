// A small process beside the loader that puts settings back when the loader
// died without having done so, kill -9 included. It holds the journal's folder
// (and with it the lock), a pidfd of the loader and standard error, nothing else.
#pragma once

#include <functional>
#include <utility>

#include <sys/types.h>

#include "runtime/base/result.h"
#include "runtime/settings/recover.h"
#include "runtime/settings/store.h"

namespace scx::settings {

inline constexpr const char* kGuardianName = "scx-guardian";  // as ps shows it

class Guardian {
 public:
  // Forks it for this process, and returns when it watches. `settle` runs in it first: it gives up
  // privileges. Reason: "no-guardian". Precondition: the store is locked, and this process has one thread.
  static Result<Guardian> start(Store& store, const Places& places, const std::function<void()>& settle);
  Guardian(Guardian&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Guardian& operator=(Guardian&& other) noexcept;
  ~Guardian() { end(); }

  [[nodiscard]] pid_t pid() const { return pid_; }
  // False once it has died; then there is nobody to end.
  bool alive();
  // Without a word: the journal is to be gone by then.
  void end();

 private:
  explicit Guardian(pid_t pid) : pid_(pid) {}
  pid_t pid_;
};

}  // namespace scx::settings
