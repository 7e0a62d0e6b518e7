// How long each phase of a compilation took, for --timings.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scx::driver {

class Timings {
 public:
  // Runs `phase` and notes its wall time under `name`.
  template <typename Phase>
  auto measure(std::string_view name, Phase&& phase) {
    struct Note {
      Timings& timings;
      std::string_view name;
      std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
      ~Note() { timings.entries_.emplace_back(name, std::chrono::steady_clock::now() - begin); }
    } note{*this, name};
    return phase();
  }

  // A table: phase and milliseconds, the total last.
  [[nodiscard]] std::string text() const;
  // {"timings":[{"phase":…,"ns":…},…]} and a newline.
  [[nodiscard]] std::string json() const;

 private:
  std::vector<std::pair<std::string, std::chrono::nanoseconds>> entries_;
};

}  // namespace scx::driver
