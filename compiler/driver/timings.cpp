#include "compiler/driver/timings.h"

#include <fmt/format.h>

namespace scx::driver {

std::string Timings::text() const {
  const auto row = [](std::string_view name, std::chrono::nanoseconds time) {
    return fmt::format("{:<12} {:>9.3f} ms\n", name, static_cast<double>(time.count()) / 1e6);
  };
  std::string text;
  std::chrono::nanoseconds total{0};
  for (const auto& [name, time] : entries_) {
    text += row(name, time);
    total += time;
  }
  return text + row("total", total);
}

std::string Timings::json() const {
  std::string text = R"({"timings":[)";
  for (const auto& [name, time] : entries_) {
    if (text.back() == '}') text += ',';
    text += fmt::format(R"({{"phase":"{}","ns":{}}})", name, time.count());
  }
  return text + "]}\n";
}

}  // namespace scx::driver
