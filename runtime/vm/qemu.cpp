#include "runtime/vm/qemu.h"

#include <cctype>
#include <chrono>
#include <cstdlib>
#include <string_view>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/vm/cache.h"
#include "runtime/vm/child.h"

namespace scx::vm {
namespace {

// QEMU 7.2 makes kernels from 6.18 on panic under emulation (code patching).
constexpr unsigned kMinimalVersion = 8;
// A kernel that runs under KVM is at its panic without a root file system within
// two or three seconds; one that does not, hangs.
constexpr std::chrono::seconds kProbeLimit{15};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// Boots with nothing but the kernel. It works when the console shows the panic
// that the missing root file system causes: everything before that was fine.
bool probe_kvm(const Qemu& qemu, const Kernel& kernel, const std::string& log) {
  ::unlink(log.c_str());
  std::vector<std::string> arguments = {qemu.program,
                                        "-nodefaults",
                                        "-no-user-config",
                                        "-display",
                                        "none",
                                        "-no-reboot",
                                        "-m",
                                        "512M",
                                        "-smp",
                                        "2",
                                        "-kernel",
                                        kernel.image,
                                        "-append",
                                        "console=ttyS0 panic=-1 loglevel=5",
                                        "-serial",
                                        "file:" + log};
  for (std::string& argument : accelerator_arguments(true, false)) arguments.push_back(std::move(argument));
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  auto child = Child::start(arguments, {{null, STDOUT_FILENO}, {null, STDERR_FILENO}});
  ::close(null);
  if (!child) return false;
  child->wait_for(kProbeLimit);
  child->kill();
  const auto console = read_file(log);
  ::unlink(log.c_str());
  return console && console->find("Unable to mount root fs") != std::string::npos;
}

}  // namespace

unsigned qemu_major_version(const std::string& version_text) {
  constexpr std::string_view kBefore = "version ";
  const size_t at = version_text.find(kBefore);
  if (at == std::string::npos) return 0;
  return static_cast<unsigned>(std::strtoul(version_text.c_str() + at + kBefore.size(), nullptr, 10));
}

Result<Qemu> find_qemu() {
  Qemu qemu;
  qemu.program = environment("SCX_QEMU");
  if (qemu.program.empty()) qemu.program = "qemu-system-x86_64";
  const auto version = run_command({qemu.program, "--version"});
  if (!version || !WIFEXITED(version->status) || WEXITSTATUS(version->status) != 0) {
    return refusal("no-qemu", fmt::format("cannot run `{}`", qemu.program),
                   "install the package `qemu-system-x86` (on Debian 12 from bookworm-backports)");
  }
  qemu.major_version = qemu_major_version(version->text);
  if (qemu.major_version < kMinimalVersion) {
    return refusal(
        "qemu-too-old",
        fmt::format("QEMU {} makes kernels from 6.18 on panic under emulation", qemu.major_version),
        "install QEMU 8 or later (on Debian 12: `qemu-system-x86` from bookworm-backports)");
  }
  return qemu;
}

Result<Accelerator> wanted_accelerator() {
  const std::string wanted = environment("SCX_VM_ACCEL");
  if (wanted.empty()) return Accelerator::kAutomatic;
  if (wanted == "tcg") return Accelerator::kTcg;
  if (wanted == "kvm") return Accelerator::kKvm;
  return refusal("bad-accelerator",
                 fmt::format("`SCX_VM_ACCEL` is {}, which names no accelerator", quoted(wanted)),
                 "`kvm`, `tcg` (emulation), or leave it out: then a probe decides");
}

bool kvm_works(const Qemu& qemu, const Kernel& kernel) {
  if (::access("/dev/kvm", R_OK | W_OK) != 0) return false;
  const auto cache = cache_directory();
  const auto boot = read_file("/proc/sys/kernel/random/boot_id");
  if (!cache || !boot) return false;
  // The answer holds for this start of this machine, this QEMU and this kernel.
  const std::string key = fmt::format("{} {}", qemu.major_version, *boot);
  const std::string path = fmt::format("{}/kvm-{}", *cache, kernel.release);
  if (const auto known = read_file(path); known && known->ends_with(key)) return known->starts_with("yes");
  const bool works = probe_kvm(qemu, kernel, path + ".log");
  // Not remembering the answer only costs the next probe.
  (void)write_file_atomically(path, fmt::format("{} {}", works ? "yes" : "no", key)).ok();
  return works;
}

std::vector<std::string> accelerator_arguments(bool kvm, bool deterministic) {
  // The kernel learns which CPUs share a last-level cache from CPUID leaf 4 on Intel only; on AMD it wants
  // an extension that QEMU does not emulate. Leaf 0x1f ends QEMU 10.0 by an assertion, so it is left out.
  constexpr const char* kEmulatedCpu = "max,vendor=GenuineIntel,level=0x1e,l3-cache=on";
  if (deterministic)
    return {"-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-cpu", kEmulatedCpu};
  if (kvm) return {"-accel", "kvm", "-cpu", "host,l3-cache=on"};
  return {"-accel", "tcg,thread=multi", "-cpu", kEmulatedCpu};
}

}  // namespace scx::vm
