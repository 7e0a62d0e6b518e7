// The machine that a scheduler is to run on, as far as the preflight asks: file
// trees, kernel release, capabilities. Tests give trees of their own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace scx::load {

struct Host {
  std::string system = "Linux";  // uname -s
  std::string release;           // uname -r
  std::string sysfs = "/sys";
  std::string procfs = "/proc";
  uint64_t effective_capabilities = 0;
  uint64_t open_files_limit = 0;  // the soft limit, which is what counts
  static Host current();
};

// Capability numbers of include/uapi/linux/capability.h.
inline constexpr unsigned kCapDacOverride = 1;
inline constexpr unsigned kCapSysPtrace = 19;
inline constexpr unsigned kCapSysAdmin = 21;
inline constexpr unsigned kCapPerfmon = 38;
inline constexpr unsigned kCapBpf = 39;

// The scheduler that sched_ext runs now; empty when there is none.
std::string active_scheduler(const Host& host);
// Content of /sys/kernel/sched_ext/state ("enabled", "disabled", …), empty without sched_ext.
std::string sched_ext_state(const Host& host);

// Gives up every capability but `keep`, for good: also across exec. Reason: "no-privileges" (to give them up:
// it may have all of them still).
Result<void> keep_capabilities(const std::vector<unsigned>& keep);

// Cgroups whose CPU limits sched_ext does not apply by itself.
struct CgroupLimits {
  size_t count = 0;
  std::vector<std::string> first;  // "\"/a.slice\" (cpu.max 50000 100000)", at most five
};
CgroupLimits unhonoured_cgroup_limits(const Host& host);

}  // namespace scx::load
