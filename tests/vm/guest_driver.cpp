// scx-vm-tests: boots one kernel series with one topology and runs the checks of
// tests/vm/guest in it, all in one boot. Fails with the failing checks' text.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "runtime/vm/kernel.h"
#include "runtime/vm/vm.h"

namespace {

namespace fs = std::filesystem;

int fail(const scx::Error& error) {
  fmt::print(stderr, "scx-vm-tests: {}\n", error.message);
  if (!error.help.empty()) fmt::print(stderr, "help: {}\n", error.help);
  return 1;
}

// Warnings for faults of the kernel itself that a scheduler cannot avoid, by a part of their first line:
// 6.x keeps the direct dispatch of a wake-up that found the task awake already (mended by 7e0ffb72de8a,
// "sched_ext: Fix stale direct dispatch state in ddsp_dsq_id").
constexpr const char* kKnownFaults[] = {" scx_dsq_insert_commit+"};

// The files of kernel modules, in the same order, as they are installed: `fuse` is …/fs/fuse/fuse.ko.xz.
scx::Result<std::vector<std::string>> module_files(const std::string& folder,
                                                   const std::vector<std::string>& names) {
  std::vector<std::string> files;
  for (const std::string& name : names) {
    const auto there = fs::recursive_directory_iterator(folder);
    const auto found = std::find_if(begin(there), end(there), [&](const fs::directory_entry& entry) {
      return entry.path().filename().string().starts_with(name + ".ko");
    });
    if (found == end(there)) return scx::make_error("no module {} in {}", name, folder);
    files.push_back(found->path());
  }
  return files;
}

// Software emulation may run an instruction that the kernel has patched away on another CPU: the breakpoint
// that stood there meanwhile kills it. Registers of such a death named the branch in sched_tick() that every
// scheduler's start and end patch. Nothing in a guest can avoid it, so such a boot says nothing about the
// checks. A breakpoint outside of the kernel's own text is another matter: freed BPF programs are filled with
// them.
bool died_of_emulation(const scx::Result<scx::vm::VmResult>& result) {
  if (result.ok()) return false;
  const std::string& message = result.error().message;
  static const std::regex place("RIP: [0-9a-f]{4}:(?!bpf_)[a-z_]\\w*\\+0x");
  return message.find("the emulated virtual machine") != std::string::npos &&
         message.find("Oops: int3: ") != std::string::npos && std::regex_search(message, place);
}

// The first warning or worse of a kernel's log and the 40 lines behind it; empty if there is none.
std::string first_complaint(const std::string& dmesg) {
  std::istringstream log(dmesg);
  std::string found;
  int lines = 0;
  for (std::string line; lines <= 40 && std::getline(log, line);) {
    const auto has = [&](const char* part) { return line.find(part) != std::string::npos; };
    const bool is_complaint =
        has("WARNING: ") || has("BUG: ") || has("Oops: ") || has("INFO: task ") || has("rcu: INFO: ");
    const bool is_known = std::any_of(std::begin(kKnownFaults), std::end(kKnownFaults), has);
    if (lines == 0 && (!is_complaint || is_known)) continue;
    found += line + '\n';
    ++lines;
  }
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("runs the guest checks in one virtual machine");
  scx::vm::KernelRequest request{.series = std::string(scx::vm::kDefaultSeries)};
  std::string topology = "2s2c2t";
  std::string filter = "-Bench.*";
  std::string bin = ".";
  std::string objects;
  std::string results;
  long limit = 400;
  unsigned soak = 0;
  unsigned repeat = 1;
  app.add_option("--series", request.series, "kernel series")->capture_default_str();
  app.add_option("--topology", topology, "sockets, cores, threads")->capture_default_str();
  app.add_option("--filter", filter, "as --gtest_filter")->capture_default_str();
  app.add_option("--repeat", repeat, "as --gtest_repeat, to the first failure")->capture_default_str();
  app.add_option("--bin", bin, "where scx-guest-tests and scx-run are");
  app.add_option("--objects", objects, "directory of compiled policies, /objects in the guest");
  app.add_option("--results", results, "where results go")->required();
  app.add_option("--limit", limit, "seconds, boot included")->capture_default_str();
  app.add_option("--soak", soak, "seconds of guest time for the checks that soak");
  bool deterministic = false;
  app.add_flag("--deterministic", deterministic, "guest time counts instructions: slow, for measurements");
  std::vector<std::string> modules;
  app.add_option("--flavour", request.flavour, "of the kernel: cloud-amd64 or amd64")->capture_default_str();
  app.add_option("--modules", modules, "kernel modules to load before the checks, dependencies first")
      ->delimiter(',');
  CLI11_PARSE(app, argc, argv);

  auto shape = scx::vm::parse_topology(topology);
  if (!shape) return fail(shape.error());
  request.modules = !modules.empty();
  auto kernel = scx::vm::find_kernel(request);
  if (!kernel) return fail(kernel.error());
  auto files = module_files(kernel->modules, modules);
  if (!files) return fail(files.error());
  std::error_code ignored;
  fs::remove_all(results, ignored);

  scx::vm::VmSpec spec;
  spec.kernel = *kernel;
  spec.topology = *shape;
  spec.results_dir = results;
  spec.time_limit = std::chrono::seconds(limit);
  spec.files.push_back({bin + "/scx-guest-tests", "/bin/scx-guest-tests"});
  if (fs::exists(bin + "/scx-run")) spec.files.push_back({bin + "/scx-run", "/bin/scx-run"});
  if (!objects.empty() && fs::exists(objects)) spec.files.push_back({objects, "/objects"});
  spec.environment = {"SCX_TOPOLOGY=" + topology, "SCX_SERIES=" + request.series,
                      fmt::format("SCX_SOAK={}", soak)};
  // A GPU on a bus of node 1, for what is placed near one. No driver is loaded for it.
  if (shape->nodes > 1)
    spec.qemu_arguments = {"-device", "pxb,id=far,bus=pci.0,bus_nr=64,numa_node=1", "-device",
                           "virtio-gpu-pci,bus=far,addr=1"};
  std::string load;
  for (const std::string& file : *files) {
    const std::string place = "/modules/" + fs::path(file).filename().string();
    spec.files.push_back({file, place});
    load += "insmod " + place + " && ";
  }
  // One line a check as it passes, and all that the failing ones say.
  spec.command = {"sh",
                  "-c",
                  load + "exec \"$@\"",
                  "sh",
                  "scx-guest-tests",
                  "--gtest_output=xml:/results/guest.xml",
                  "--gtest_filter=" + filter};
  if (repeat > 1)
    spec.command.insert(spec.command.end(), {fmt::format("--gtest_repeat={}", repeat), "--gtest_fail_fast"});
  spec.deterministic = deterministic;
  if (deterministic) spec.environment.emplace_back("SCX_DETERMINISTIC=1");
  spec.on_output = [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  };
  spec.stop_requested = scx::vm::stop_on_signals();
  const auto start = std::chrono::steady_clock::now();
  auto result = scx::vm::run_vm(spec);
  if (died_of_emulation(result)) {
    fmt::print("{}\nthe emulation ran code that had been patched: once more\n", result.error().message);
    spec.time_limit -=
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start);
    result = scx::vm::run_vm(spec);
  }
  if (!result) return fail(result.error());
  fmt::print("Linux {}, {}, {}: boot {:.1f} s, all {:.1f} s\n", kernel->release, topology,
             result->kvm ? "KVM" : "emulated", result->boot_seconds, result->total_seconds);
  // Whatever the checks say: a kernel that complained was not treated well.
  const std::string complaint = first_complaint(result->dmesg);
  if (!complaint.empty()) fmt::print("the kernel complained:\n{}", complaint);
  if (result->exit_code != 0)
    fmt::print("the kernel's log ended with:\n{}", scx::vm::last_lines(result->dmesg, 30));
  return result->exit_code == 0 && complaint.empty() ? 0 : 1;
}
