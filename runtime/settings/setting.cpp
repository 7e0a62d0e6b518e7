#include "runtime/settings/setting.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "runtime/base/check.h"
#include "runtime/topology/topology.h"

namespace scx::settings {
namespace {

// Values are few bytes; NR_CPUS ends at 8192 on the largest machines.
constexpr uint32_t kMaxIndex = 65535;

struct Row {
  Kind kind;
  std::string_view before, after;  // the path around the index
};
constexpr Row kRows[] = {
    {Kind::kResumeLatency, "/sys/devices/system/cpu/cpu", "/power/pm_qos_resume_latency_us"},
};

const Row& row_of(Kind kind) {
  for (const Row& row : kRows)
    if (row.kind == kind) return row;
  SCX_CHECK(false, "every kind has a row");
}

// A decimal number without sign, leading zeros or anything behind it.
std::optional<uint32_t> number(std::string_view text, uint32_t most) {
  if (text.empty() || (text[0] == '0' && text.size() > 1)) return std::nullopt;
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

}  // namespace

std::string path_of(Setting setting) {
  const Row& row = row_of(setting.kind);
  return fmt::format("{}{}{}", row.before, setting.index, row.after);
}

std::optional<Setting> setting_at(std::string_view path) {
  for (const Row& row : kRows) {
    if (!path.starts_with(row.before) || !path.ends_with(row.after)) continue;
    if (path.size() < row.before.size() + row.after.size()) continue;
    path.remove_prefix(row.before.size());
    path.remove_suffix(row.after.size());
    if (const auto index = number(path, kMaxIndex)) return Setting{row.kind, *index};
    return std::nullopt;
  }
  return std::nullopt;
}

bool is_value(Kind kind, std::string_view value) {
  switch (kind) {
    case Kind::kResumeLatency:
      // The kernel's s32; its largest means `no bound`, which is written 0.
      return value == "n/a" || number(value, INT32_MAX - 1).has_value();
  }
  SCX_CHECK(false, "the kind is an enumerator");
}

std::string resume_latency_value(uint64_t nanoseconds) {
  return nanoseconds == 0 ? "n/a" : fmt::format("{}", nanoseconds / 1000);
}

std::string describe(Kind kind, std::vector<uint32_t> indexes) {
  std::sort(indexes.begin(), indexes.end());
  switch (kind) {
    case Kind::kResumeLatency:
      return fmt::format("resume latency of {} {}", indexes.size() == 1 ? "CPU" : "CPUs",
                         topology::cpu_list(indexes));
  }
  SCX_CHECK(false, "the kind is an enumerator");
}

std::string describe(Kind kind, const std::string& value) {
  switch (kind) {
    case Kind::kResumeLatency:
      if (value == "0") return "without bound";
      return value == "n/a" ? "0us" : fmt::format("{}us", value);
  }
  SCX_CHECK(false, "the kind is an enumerator");
}

}  // namespace scx::settings
