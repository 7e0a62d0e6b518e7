#include "runtime/settings/process.h"

#include <charconv>
#include <sstream>

#include <unistd.h>

#include "runtime/base/file.h"

namespace scx::settings {

std::optional<uint64_t> start_time(const std::string& stat) {
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string state;
  fields >> state;
  if (state.empty() || state == "Z" || state == "X") return std::nullopt;
  // The state is field 3, the start time field 22 (proc_pid_stat(5)).
  std::string field;
  for (int i = 4; i <= 22; ++i) fields >> field;
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (!fields || error != std::errc{} || end != field.data() + field.size()) return std::nullopt;
  return value;
}

Result<std::string> this_boot() {
  SCX_TRY(std::string id, read_file("/proc/sys/kernel/random/boot_id"));
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}

Result<Owner> this_process() {
  SCX_TRY(std::string boot, this_boot());
  SCX_TRY(const std::string stat, read_file("/proc/self/stat"));
  const auto start = start_time(stat);
  if (!start) return make_error("cannot read the start of this process from \"/proc/self/stat\"");
  return Owner{std::move(boot), ::getpid(), *start};
}

bool runs(const Owner& owner) {
  const Result<std::string> boot = this_boot();
  if (!boot.ok() || *boot != owner.boot) return false;
  const Result<std::string> stat = read_file(fmt::format("/proc/{}/stat", owner.pid));
  return stat.ok() && start_time(*stat) == owner.start;
}

}  // namespace scx::settings
