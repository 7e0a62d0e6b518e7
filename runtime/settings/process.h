// Which process owns a journal: its boot, its id and when it started, so that
// neither a reboot nor a reused id is mistaken for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

#include "runtime/base/result.h"

namespace scx::settings {

struct Owner {
  std::string boot;  // /proc/sys/kernel/random/boot_id
  pid_t pid = 0;
  uint64_t start = 0;  // clock ticks after boot, field 22 of /proc/PID/stat
  bool operator==(const Owner&) const = default;
};

Result<Owner> this_process();
Result<std::string> this_boot();
// Whether that very process exists (a zombie does not count).
bool runs(const Owner& owner);

// From the text of /proc/PID/stat: nothing if it is not one, or if the process is dead. The name of a process
// may hold anything, brackets too.
std::optional<uint64_t> start_time(const std::string& stat);

}  // namespace scx::settings
