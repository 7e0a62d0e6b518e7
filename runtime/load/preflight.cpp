#include "runtime/load/preflight.h"

#include <charconv>
#include <utility>

#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/load/kernel_btf.h"

namespace scx::load {
namespace {

using Release = std::pair<unsigned, unsigned>;

// "6.18.15+deb13-cloud-amd64" -> 6, 18; zeros where there are no numbers.
Release parse_release(std::string_view text) {
  Release release{0, 0};
  const char* begin = text.data();
  const char* end = begin + text.size();
  auto [at, error] = std::from_chars(begin, end, release.first);
  if (error == std::errc{} && at != end && *at == '.') std::from_chars(at + 1, end, release.second);
  return release;
}

Result<void> check_kernel(const Host& host, const abi::Manifest& manifest) {
  if (host.system != "Linux")
    return refusal("not-linux", fmt::format("this is {}: sched_ext is a part of Linux", host.system),
                   "run it in a virtual machine with `--vm`");
  const Release oldest{kOldestMajor, kOldestMinor};
  const Release needed = std::max(oldest, parse_release(manifest.min_kernel));
  if (parse_release(host.release) < needed)
    return refusal("kernel-too-old",
                   fmt::format("kernel {} is too old: policy `{}` needs {}.{} or later", host.release,
                               manifest.policy, needed.first, needed.second),
                   "boot a newer kernel, or try the policy in a virtual machine with `--vm`");
  return {};
}

Result<void> check_sched_ext(const Host& host, bool may_be_active) {
  const std::string state = sched_ext_state(host);
  if (state.empty())
    return refusal("no-sched-ext", fmt::format("kernel {} was built without sched_ext", host.release),
                   "use a kernel with CONFIG_SCHED_CLASS_EXT, or `--vm`");
  if (const std::string active = active_scheduler(host); !active.empty() && !may_be_active)
    return refusal("scheduler-active",
                   fmt::format("another scheduler is active: {} ({})", quoted(active), state),
                   "end it first: sched_ext runs one scheduler at a time");
  return {};
}

Result<void> check_privileges(const Host& host) {
  auto has = [&](unsigned capability) { return (host.effective_capabilities >> capability & 1) != 0; };
  // CAP_SYS_ADMIN stands in for both (kernel/bpf/token.c, bpf_token_capable).
  if (!has(kCapSysAdmin)) {
    std::string missing;
    if (!has(kCapBpf)) missing += "CAP_BPF";
    if (!has(kCapPerfmon)) missing += missing.empty() ? "CAP_PERFMON" : " and CAP_PERFMON";
    if (!missing.empty())
      return refusal("no-privileges", fmt::format("loading a scheduler needs {}", missing),
                     "run scx-run as root, or try the policy in a virtual machine with `--vm`");
  }
  Result<std::string> lockdown = read_file(host.sysfs + "/kernel/security/lockdown");
  if (lockdown.ok() && lockdown->find("[confidentiality]") != std::string::npos)
    return refusal("locked-down",
                   "the kernel is locked down for confidentiality: BPF programs may not read its memory",
                   "boot without `lockdown=confidentiality`");
  return {};
}

bool reads_cgroups(const abi::Classifier& classifier) {
  for (const abi::Predicate& predicate : classifier.predicates)
    if (predicate.attribute == abi::Attribute::kCgroup) return true;
  return false;
}

Result<void> check_surroundings(const Host& host, const abi::Manifest& manifest) {
  // Only version 2 has this file; where version 1 has the usual place, version 2 is beside its controllers.
  const auto is_version_2 = [&](const char* where) {
    return read_file(host.sysfs + "/fs/cgroup" + where + "/cgroup.controllers").ok();
  };
  if (reads_cgroups(manifest.classifier) && !is_version_2("") && !is_version_2("/unified"))
    return refusal("no-cgroup2",
                   "the policy matches cgroups, and no cgroup2 hierarchy is mounted at /sys/fs/cgroup",
                   "mount it: `mount -t cgroup2 none /sys/fs/cgroup`");
  // Maps, programs and links, one descriptor each, and some for ourselves.
  constexpr uint64_t kNeeded = 256;
  if (host.open_files_limit < kNeeded)
    return refusal(
        "open-files-limit",
        fmt::format("at most {} files may be open, loading needs up to {}", host.open_files_limit, kNeeded),
        fmt::format("raise the limit: `ulimit -n {}`", kNeeded));
  return {};
}

}  // namespace

Result<std::vector<std::string>> preflight(const Host& host, const ObjectFile& object,
                                           const PreflightOptions& options) {
  SCX_TRY_VOID(check_kernel(host, object.manifest));
  SCX_TRY_VOID(check_sched_ext(host, options.may_be_active));
  SCX_TRY_VOID(check_privileges(host));
  SCX_TRY_VOID(check_surroundings(host, object.manifest));
  std::vector<std::string> names;
  for (const abi::KernelFunction& function : object.manifest.kernel_functions) {
    names.push_back(function.name);
    names.push_back(kernel_name(function.name));
  }
  SCX_TRY(const auto found, find_functions(host.sysfs + "/kernel/btf/vmlinux", names));
  SCX_TRY_VOID(
      check_functions(object.manifest.kernel_functions, found, object.function_parameters, host.release));

  std::vector<std::string> warnings;
  const CgroupLimits limits = unhonoured_cgroup_limits(host);
  if (limits.count > 0) {
    std::string names_text;
    for (const std::string& name : limits.first) names_text += (names_text.empty() ? "" : ", ") + name;
    warnings.push_back(fmt::format("{} {} CPU limits that this scheduler does not honour: {}{}", limits.count,
                                   limits.count == 1 ? "cgroup has" : "cgroups have", names_text,
                                   limits.count > limits.first.size() ? ", …" : ""));
  }
  return warnings;
}

}  // namespace scx::load
