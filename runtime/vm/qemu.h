// QEMU: which program, its version, and whether KVM works for a kernel. Used by
// run_vm.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/vm/kernel.h"

namespace scx::vm {

// `kAutomatic`: KVM where a probe shows that it boots the kernel, else emulation.
enum class Accelerator : uint8_t { kAutomatic, kTcg, kKvm };

struct Qemu {
  std::string program;
  unsigned major_version = 0;
};

// Finds QEMU ($SCX_QEMU, else on PATH) and checks its version. Reasons:
// "no-qemu", "qemu-too-old".
Result<Qemu> find_qemu();

// The major version in the text of `qemu --version`; 0 when there is none.
unsigned qemu_major_version(const std::string& version_text);

// What $SCX_VM_ACCEL asks for: `tcg`, `kvm`, or kAutomatic where it is not set.
// Reason: "bad-accelerator".
Result<Accelerator> wanted_accelerator();

// Whether KVM boots this kernel here: by a boot of some seconds, remembered in
// the cache until the machine restarts.
bool kvm_works(const Qemu& qemu, const Kernel& kernel);

// The accelerator's and the CPU model's arguments.
std::vector<std::string> accelerator_arguments(bool kvm, bool deterministic);

}  // namespace scx::vm
