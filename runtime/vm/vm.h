// One run of a job in a virtual machine: boot a stock kernel with a given shape,
// run the command, bring its results, exit code and output back, end. Used by
// scx-run --vm, the VM tests, the bench and scx-vm-boot.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/vm/initramfs.h"
#include "runtime/vm/kernel.h"
#include "runtime/vm/qemu.h"
#include "runtime/vm/topology.h"

namespace scx::vm {

struct VmSpec {
  Kernel kernel;
  VmTopology topology;
  unsigned memory_mib = 1024;
  std::vector<GuestFile> files;
  // Program and arguments in the guest, standard input empty, working directory
  // /. busybox's commands and `sh` are there; whatever it leaves in /results
  // comes back.
  std::vector<std::string> command;
  // NAME=value
  std::vector<std::string> environment;
  // Host directory for the files of /results; empty: they are dropped.
  std::string results_dir;
  // From QEMU's start, boot included. Then the job is killed.
  std::chrono::seconds time_limit{120};
  // From QEMU's start to the job's. A boot takes 5 to 15 s under emulation, 30 with counted instructions.
  std::chrono::seconds boot_limit{80};
  Accelerator accelerator = Accelerator::kAutomatic;
  // Guest time is counted in executed instructions (-icount shift=0,sleep=off,
  // one thread): repeatable, and 30 times slower.
  bool deterministic = false;
  std::vector<std::string> qemu_arguments;
  std::string kernel_arguments;
  // Called on the caller's thread with what the job prints (standard output and
  // error), as it comes.
  std::function<void(std::string_view)> on_output;
  // Asked some times a second, also while another machine's end is awaited; the
  // first `true` sends the job a SIGINT, and ends the run if that does not.
  std::function<bool()> stop_requested;
};

struct VmResult {
  // The job's exit code; 128 + N after signal N.
  int exit_code = 0;
  std::string results_dir;
  // All that the job printed.
  std::string output;
  // The serial console: the kernel's messages until the job, and its panics.
  std::string console;
  // The kernel's log after the job.
  std::string dmesg;
  // From QEMU's start to the start of the job, and to its own end.
  double boot_seconds = 0;
  double total_seconds = 0;
  bool kvm = false;
};

// Runs it and returns when QEMU has ended. A second run on this machine waits
// for the first (two at once make each other's timing useless). QEMU dies with
// the calling thread. Every failure shows the console's last lines. Reasons:
// "boot-failed", "boot-stuck" (the boot's limit, twice under emulation, where a boot
// can stand still; both within the time limit), "time-limit", "stopped", and those of find_qemu and
// write_initramfs.
Result<VmResult> run_vm(const VmSpec& spec);

// Takes SIGINT, SIGTERM and SIGHUP from now on; the answer, whether one came, is for VmSpec::stop_requested.
std::function<bool()> stop_on_signals();

// The last `count` lines of a console or a log.
std::string last_lines(std::string_view text, size_t count);

}  // namespace scx::vm
