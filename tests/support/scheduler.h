// A scheduler under test inside a virtual machine: scx-run as a real process
// with a compiled object, its statistics and its end. Used by tests/vm/guest.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <sys/types.h>

namespace scx::testing {

// The kernel's word: `disabled`, `enabling`, `enabled`, `disabling`.
std::string sched_ext_state();
// Polls for that state; false when it does not come in time.
bool wait_for_sched_ext(std::string_view state, std::chrono::seconds limit = std::chrono::seconds(90));

// scx-run from start to end. Killed when this object goes.
class Scheduler {
 public:
  // Starts `scx-run OBJECT --stats json ARGUMENTS…`. Does not wait: see wait_enabled.
  explicit Scheduler(const std::string& object, const std::vector<std::string>& arguments = {});
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  ~Scheduler();

  // True when the kernel says `enabled`; false when scx-run ended first or the limit passed.
  [[nodiscard]] bool wait_enabled(std::chrono::seconds limit = std::chrono::seconds(120));
  // The newest statistics, one JSON object a line; null when there are none yet.
  [[nodiscard]] nlohmann::json stats() const;
  // Waits until statistics come that were not there at the call.
  [[nodiscard]] nlohmann::json fresh_stats(std::chrono::seconds limit = std::chrono::seconds(15)) const;
  // What it has printed: standard output (the statistics), standard error (everything for people).
  [[nodiscard]] std::string output() const;
  [[nodiscard]] std::string errors() const;

  [[nodiscard]] bool running();
  // SIGINT and the orderly end; the exit code, 128 + N after signal N.
  int stop();
  // SIGKILL, as a crash would end it.
  void kill();
  // Waits for its own end; the exit code, or nothing when the limit passes.
  std::optional<int> wait(std::chrono::seconds limit);
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  std::string directory_;
  pid_t pid_ = -1;
  std::optional<int> code_;
};

}  // namespace scx::testing
