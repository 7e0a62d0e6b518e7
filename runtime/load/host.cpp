#include "runtime/load/host.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/refusal.h"

namespace scx::load {
namespace {

std::string first_line(const std::string& path) {
  Result<std::string> text = read_file(path);
  if (!text.ok()) return "";
  return text->substr(0, text->find('\n'));
}

uint64_t read_effective(const std::string& status_path) {
  Result<std::string> status = read_file(status_path);
  if (!status.ok()) return 0;
  constexpr std::string_view kMark = "CapEff:\t";
  const size_t at = status->find(kMark);
  uint64_t value = 0;
  if (at != std::string::npos) {
    const char* begin = status->data() + at + kMark.size();
    std::from_chars(begin, status->data() + status->size(), value, 16);
  }
  return value;
}

// One cgroup's own limits in words; empty if it has none.
std::string limits_of(const std::string& folder) {
  std::string found;
  auto add = [&](const char* file, const std::string& value) {
    found += fmt::format("{}{} {}", found.empty() ? "" : ", ", file, value);
  };
  const std::string max = first_line(folder + "/cpu.max");
  if (!max.empty() && !max.starts_with("max")) add("cpu.max", max);
  const std::string weight = first_line(folder + "/cpu.weight");
  if (!weight.empty() && weight != "100") add("cpu.weight", weight);
  return found;
}

// Depth-first in sorted order; deep enough for any real tree, bounded against a hostile one.
void walk(const std::string& root, const std::string& path, int depth, CgroupLimits& out) {
  constexpr int kMaxDepth = 64;
  if (depth > kMaxDepth) return;
  if (!path.empty())
    if (std::string limits = limits_of(root + path); !limits.empty()) {
      ++out.count;
      if (out.first.size() < 5) out.first.push_back(fmt::format("{} ({})", quoted(path), limits));
    }
  DIR* folder = ::opendir((root + path).c_str());
  if (folder == nullptr) return;
  std::vector<std::string> children;
  while (const dirent* entry = ::readdir(folder))
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') children.emplace_back(entry->d_name);
  ::closedir(folder);
  std::sort(children.begin(), children.end());
  for (const std::string& child : children) walk(root, path + "/" + child, depth + 1, out);
}

}  // namespace

Host Host::current() {
  Host host;
  utsname name{};
  if (::uname(&name) == 0) {
    host.system = name.sysname;
    host.release = name.release;
  }
  host.effective_capabilities = read_effective("/proc/self/status");
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) host.open_files_limit = files.rlim_cur;
  return host;
}

std::string sched_ext_state(const Host& host) { return first_line(host.sysfs + "/kernel/sched_ext/state"); }

std::string active_scheduler(const Host& host) {
  const std::string state = sched_ext_state(host);
  if (state.empty() || state == "disabled") return "";
  const std::string name = first_line(host.sysfs + "/kernel/sched_ext/root/ops");
  return name.empty() ? "(unnamed)" : name;
}

Result<void> keep_capabilities(const std::vector<unsigned>& keep) {
  const auto failure = [](const char* what) {
    return refusal("no-privileges",
                   fmt::format("privileges cannot be given up: {}: {}", what, std::strerror(errno)));
  };
  uint64_t mask = 0;
  for (unsigned capability : keep) mask |= uint64_t{1} << capability;
  // Of use to programs that this one would start only, and needs CAP_SETPCAP: what counts is below.
  for (unsigned capability = 0; capability < 64; ++capability)
    if ((mask >> capability & 1) == 0 && ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1)
      ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct now[2]{};
  if (::syscall(SYS_capget, &header, now) != 0) return failure("capget");
  for (int word = 0; word < 2; ++word) {
    const auto kept = static_cast<uint32_t>(mask >> (32 * word));
    now[word].permitted &= kept;
    now[word].effective = now[word].permitted;
    now[word].inheritable = 0;
  }
  if (::syscall(SYS_capset, &header, now) != 0) return failure("capset");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failure("PR_SET_NO_NEW_PRIVS");
  return {};
}

CgroupLimits unhonoured_cgroup_limits(const Host& host) {
  CgroupLimits limits;
  walk(host.sysfs + "/fs/cgroup", "", 0, limits);
  return limits;
}

}  // namespace scx::load
