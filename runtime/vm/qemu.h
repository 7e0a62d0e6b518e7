// QEMU: which program, its version, and whether KVM works for a kernel. Used by
// run_vm.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/vm/kernel.h"

namespace scx::vm {

// `automatic`: KVM where a probe shows that it boots the kernel, else emulation.
enum class Accelerator { automatic, tcg, kvm };

struct Qemu {
  std::string program;
  unsigned major_version = 0;
};

// Finds QEMU ($SCX_QEMU, else on PATH) and checks its version. Reasons:
// "no-qemu", "qemu-too-old".
Result<Qemu> find_qemu();

// The major version in the text of `qemu --version`; 0 when there is none.
unsigned qemu_major_version(const std::string& version_text);

// Whether KVM boots this kernel here: by a boot of some seconds, remembered in
// the cache until the machine restarts. $SCX_VM_ACCEL (`tcg`, `kvm`) decides
// without a probe.
bool kvm_works(const Qemu& qemu, const Kernel& kernel);

// The accelerator's and the CPU model's arguments.
std::vector<std::string> accelerator_arguments(bool kvm, bool deterministic);

}  // namespace scx::vm
