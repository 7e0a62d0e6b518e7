// The files of the kernel that a running policy may change, as data: each kind
// with its exact path and the values that it takes. Pure. Whoever writes or
// restores a setting names it by these; no other path is ever touched.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scx::settings {

enum class Kind : uint8_t {
  kResumeLatency,  // of a CPU, in us: 0 is no bound, `n/a` is a bound of 0 (drivers/base/power/sysfs.c)
};

// A kind and which one: the CPU.
struct Setting {
  Kind kind = Kind::kResumeLatency;
  uint32_t index = 0;
  auto operator<=>(const Setting&) const = default;
};

// A setting and its value as the kernel shows it.
struct Wanted {
  Setting setting;
  std::string value;
  bool operator==(const Wanted&) const = default;
};

// "/sys/devices/system/cpu/cpu3/power/pm_qos_resume_latency_us"
std::string path_of(Setting setting);
// The exact reverse; nothing for every other path.
std::optional<Setting> setting_at(std::string_view path);
// Whether the kernel may have shown this value, and takes it.
bool is_value(Kind kind, std::string_view value);
// The text of a bound on the time of leaving an idle state.
std::string resume_latency_value(uint64_t nanoseconds);

// For people: "resume latency of CPUs 0-3", "20us".
std::string describe(Kind kind, std::vector<uint32_t> indexes);
std::string describe(Kind kind, const std::string& value);

}  // namespace scx::settings
