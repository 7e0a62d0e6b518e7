// scx-vm-boot: runs a command in a virtual machine with a stock kernel, from the
// command line. For people who work on the project and for scripts.
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "runtime/vm/kernel.h"
#include "runtime/vm/vm.h"

namespace {

int fail(const scx::Error& error) {
  fmt::print(stderr, "scx-vm-boot: {}\n", error.message);
  if (!error.help.empty()) fmt::print(stderr, "help: {}\n", error.help);
  return 125;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "runs a command in a virtual machine with a stock kernel; exits with the command's code, 125 on "
      "failure");
  scx::vm::VmSpec spec;
  scx::vm::KernelRequest request{.series = std::string(scx::vm::kDefaultSeries)};
  std::string topology = "2s2c2t";
  std::vector<std::string> files;
  long limit = 120;
  bool console = false;
  bool tcg = false;
  bool only_fetch = false;
  app.add_option("--series", request.series, "kernel series, 6.18, or release, 6.18.15")
      ->capture_default_str();
  app.add_option("--flavour", request.flavour, "cloud-amd64 or amd64")->capture_default_str();
  app.add_option("--topology", topology, "sockets, cores, threads: 2s2c2t")->capture_default_str();
  app.add_option("--memory", spec.memory_mib, "MiB")->capture_default_str();
  app.add_option("--file", files,
                 "host:guest; programs bring their libraries; without `:guest` it goes to /bin");
  app.add_option("--results", spec.results_dir, "where the guest's /results goes");
  app.add_option("--limit", limit, "seconds for all, boot included")->capture_default_str();
  app.add_option("--qemu", spec.qemu_arguments, "one more argument for QEMU; can be repeated")
      ->allow_extra_args(false);
  app.add_option("--kernel-args", spec.kernel_arguments, "more for the kernel's command line");
  app.add_flag("--deterministic", spec.deterministic, "count instructions instead of time (-icount)");
  app.add_flag("--tcg", tcg, "do not try KVM");
  app.add_flag("--console", console, "print the console and the kernel's log at the end");
  app.add_flag("--fetch", only_fetch,
               "only make sure that the kernel is in the cache; prints its image's path");
  app.add_option("command", spec.command, "what to run in the guest");
  CLI11_PARSE(app, argc, argv);

  auto shape = scx::vm::parse_topology(topology);
  if (!shape) return fail(shape.error());
  auto kernel = scx::vm::find_kernel(request);
  if (!kernel) return fail(kernel.error());
  if (only_fetch) {
    fmt::print("{}\n", kernel->image);
    return 0;
  }
  spec.kernel = *kernel;
  spec.topology = *shape;
  for (const std::string& file : files) {
    const size_t colon = file.find(':');
    const std::string host = file.substr(0, colon);
    spec.files.push_back({host, colon == std::string::npos ? "/bin/" + host.substr(host.rfind('/') + 1)
                                                           : file.substr(colon + 1)});
  }
  if (spec.command.empty()) spec.command = {"uname", "-a"};
  spec.time_limit = std::chrono::seconds(limit);
  if (tcg) spec.accelerator = scx::vm::Accelerator::kTcg;
  spec.on_output = [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  };
  spec.stop_requested = scx::vm::stop_on_signals();

  const auto result = scx::vm::run_vm(spec);
  if (!result) return fail(result.error());
  if (console) fmt::print(stderr, "--- console\n{}--- kernel log\n{}", result->console, result->dmesg);
  fmt::print(stderr, "scx-vm-boot: Linux {}, {}, {}: boot {:.1f} s, all {:.1f} s, exit code {}\n",
             kernel->release, scx::vm::topology_text(spec.topology), result->kvm ? "KVM" : "emulated",
             result->boot_seconds, result->total_seconds, result->exit_code);
  return result->exit_code;
}
