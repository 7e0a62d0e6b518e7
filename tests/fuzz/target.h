// What the fuzz targets share: the input as text, and a bound on the time that
// it takes. A target is one function, called for each input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>

#include "runtime/base/check.h"

namespace scx::fuzz {

inline std::string text_of(const uint8_t* data, size_t size) {
  std::string text;
  text.reserve(size);
  for (size_t i = 0; i < size; ++i) text += static_cast<char>(data[i]);
  return text;
}

// Ends the process where an input took more than a second. Of the processor's time: how busy the machine is
// makes no difference. libFuzzer's own -timeout is for what never ends.
class TimeLimit {
 public:
  TimeLimit() = default;
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
  ~TimeLimit() { SCX_CHECK(now() - begin_ < kSeconds, "an input takes too long"); }

 private:
  // What instruments the code makes it this much slower.
  static constexpr double kSeconds = SCX_FUZZ_SECONDS;

  static double now() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }

  double begin_ = now();
};

}  // namespace scx::fuzz
