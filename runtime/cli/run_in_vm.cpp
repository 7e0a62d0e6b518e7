// `--vm`: the same command, in a virtual machine, with tasks for every layer.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/output.h"
#include "runtime/cli/commands.h"
#include "runtime/load/object_file.h"
#include "runtime/vm/kernel.h"
#include "runtime/vm/vm.h"

namespace scx::cli {
namespace {

// The guest has one output; with JSON on standard output everything else belongs on standard error.
class Splitter {
 public:
  explicit Splitter(bool json) : json_(json) {}

  void take(std::string_view text) {
    if (!json_) {
      reader_gone_ = !print(stdout, text) || reader_gone_;
      return;
    }
    pending_ += text;
    size_t end = 0;
    while ((end = pending_.find('\n')) != std::string::npos) {
      const std::string_view line = std::string_view(pending_).substr(0, end + 1);
      const bool figures = line.front() == '{';
      if (!print(figures ? stdout : stderr, line) && figures) reader_gone_ = true;
      pending_.erase(0, end + 1);
    }
  }
  void finish() { (void)print(stderr, std::exchange(pending_, "")); }
  [[nodiscard]] bool reader_gone() const { return reader_gone_; }

 private:
  bool json_;
  bool reader_gone_ = false;
  std::string pending_;
};

std::string stats_word(control::Stats stats) {
  switch (stats) {
    case control::Stats::kNone:
      return "none";
    case control::Stats::kTable:
      return "table";
    case control::Stats::kJson:
      return "json";
  }
  return "";
}

std::vector<std::string> guest_command(const Options& options) {
  // Words only, no quoting needed: numbers, fixed paths and names of ours.
  std::string run = fmt::format("scx-run /sched.bpf.o --stats {} --interval {}ms",
                                stats_word(options.control.stats), options.control.interval.count());
  if (options.control.duration.has_value())
    run += fmt::format(" --duration {}ms", options.control.duration->count());
  if (!options.verifier_log.empty()) run += " --verifier-log /results/verifier.log";
  if (options.dry_run) return {"sh", "-c", fmt::format("exec {} --dry-run", run)};
  return {"sh", "-c", fmt::format("scx-run guest-load /sched.bpf.o & exec {}", run)};
}

std::vector<std::string> guest_environment(const Options& options) {
  std::vector<std::string> environment = {"SCX_RUN_GUEST=1"};
  if (!options.verifier_log.empty())
    environment.push_back(fmt::format("SCX_RUN_VERIFIER_LOG={}", options.verifier_log));
  winsize size{};
  const char* term = std::getenv("TERM");
  if (::isatty(STDOUT_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb" &&
      ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
    environment.push_back(
        fmt::format("SCX_RUN_SCREEN={}x{}", size.ws_col > 0 ? size.ws_col : 100, size.ws_row));
  if (const char* no_color = std::getenv("NO_COLOR"))
    environment.push_back(fmt::format("NO_COLOR={}", no_color));
  return environment;
}

Result<vm::VmSpec> make_spec(const Options& options) {
  vm::VmSpec spec;
  // Before a kernel is fetched.
  if (!options.topology.empty()) {
    SCX_TRY(spec.topology, vm::parse_topology(options.topology));
  }
  vm::KernelRequest request;
  request.series = options.vm->empty() ? std::string(vm::kDefaultSeries) : *options.vm;
  SCX_TRY(spec.kernel, vm::find_kernel(request));
  std::error_code error;
  const std::string self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return make_error("the path of scx-run itself is unknown: {}", error.message());
  spec.files = {{self, "/bin/scx-run", 0755}, {options.object, "/sched.bpf.o", 0644}};
  // Names of users and groups in a policy mean this machine's.
  for (const char* path : {"/etc/passwd", "/etc/group"})
    if (std::filesystem::exists(path, error)) spec.files.push_back({path, path, 0644});
  spec.command = guest_command(options);
  spec.environment = guest_environment(options);
  spec.time_limit = std::chrono::hours(24);
  if (options.control.duration.has_value())
    spec.time_limit = std::chrono::duration_cast<std::chrono::seconds>(*options.control.duration * 3 / 2) +
                      std::chrono::minutes(2);
  return spec;
}

// A word on the command line was wrong.
bool is_usage(const Error& error) { return error.reason == "bad-topology" || error.reason == "bad-series"; }

}  // namespace

int run_in_vm(const Options& options) {
  // A bad object is refused before a machine boots for it.
  if (Result<load::ObjectFile> object = load::read_object(options.object); !object.ok())
    return fail(object.error(), kExitRefused);
  Result<vm::VmSpec> made = make_spec(options);
  if (!made.ok()) return fail(made.error(), is_usage(made.error()) ? kExitUsage : kExitRefused);
  vm::VmSpec spec = *std::move(made);
  Result<TemporaryFolder> folder = TemporaryFolder::make("scx-run");
  if (!folder.ok()) return fail(folder.error(), kExitRefused);
  spec.results_dir = folder->path();
  Splitter splitter(options.control.stats == control::Stats::kJson);
  spec.on_output = [&](std::string_view text) { splitter.take(text); };
  // A reader that went away ends the run, and not this process with its files left behind.
  std::signal(SIGPIPE, SIG_IGN);
  spec.stop_requested = [&, signalled = vm::stop_on_signals()] {
    return signalled() || splitter.reader_gone();
  };
  say(fmt::format("scx-run: booting Linux {} ({})\n", spec.kernel.release, vm::topology_text(spec.topology)));

  const Result<vm::VmResult> result = vm::run_vm(spec);
  splitter.finish();
  if (!result.ok()) return fail(result.error(), kExitRefused);
  if (!options.verifier_log.empty()) {
    Result<std::string> log = read_file(folder->file("verifier.log"));
    if (log.ok())
      if (Result<void> written = write_file_atomically(options.verifier_log, *log); !written.ok())
        return fail(written.error(), kExitRefused);
  }
  return result->exit_code;
}

}  // namespace scx::cli
