// `--vm`: the same command, in a virtual machine, with tasks for every layer.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/cli/commands.h"
#include "runtime/load/object_file.h"
#include "runtime/vm/kernel.h"
#include "runtime/vm/vm.h"

namespace scx::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void print(FILE* to, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), to);
  std::fflush(to);
}

// The guest has one output; with JSON on standard output everything else belongs on standard error.
class Splitter {
 public:
  explicit Splitter(bool json) : json_(json) {}

  void take(std::string_view text) {
    if (!json_) return print(stdout, text);
    pending_ += text;
    size_t end = 0;
    while ((end = pending_.find('\n')) != std::string::npos) {
      const std::string_view line = std::string_view(pending_).substr(0, end + 1);
      print(line.front() == '{' ? stdout : stderr, line);
      pending_.erase(0, end + 1);
    }
  }
  void finish() { print(stderr, std::exchange(pending_, "")); }

 private:
  bool json_;
  std::string pending_;
};

// A folder of our own that goes when this object goes.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> make() {
    std::error_code error;
    std::string path = std::filesystem::temp_directory_path(error) / "scx-run.XXXXXX";
    if (::mkdtemp(path.data()) == nullptr)
      return make_error("no temporary folder can be made at {}", scx::quoted(path));
    return TemporaryFolder(std::move(path));
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
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
    environment.push_back(fmt::format("SCX_RUN_COLUMNS={}", size.ws_col > 0 ? size.ws_col : 100));
  if (const char* no_color = std::getenv("NO_COLOR"))
    environment.push_back(fmt::format("NO_COLOR={}", no_color));
  return environment;
}

Result<vm::VmSpec> make_spec(const Options& options) {
  vm::KernelRequest request;
  request.series = options.vm->empty() ? std::string(vm::kDefaultSeries) : *options.vm;
  vm::VmSpec spec;
  SCX_TRY(spec.kernel, vm::find_kernel(request));
  if (!options.topology.empty()) {
    SCX_TRY(spec.topology, vm::parse_topology(options.topology));
  }
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

}  // namespace

int run_in_vm(const Options& options) {
  // A bad object is refused before a machine boots for it.
  if (Result<load::ObjectFile> object = load::read_object(options.object); !object.ok())
    return fail(object.error(), kExitRefused);
  Result<vm::VmSpec> made = make_spec(options);
  if (!made.ok())
    return fail(made.error(), made.error().reason == "bad-topology" ? kExitUsage : kExitRefused);
  vm::VmSpec spec = *std::move(made);
  Result<TemporaryFolder> folder = TemporaryFolder::make();
  if (!folder.ok()) return fail(folder.error(), kExitRefused);
  spec.results_dir = folder->path();
  Splitter splitter(options.control.stats == control::Stats::kJson);
  spec.on_output = [&](std::string_view text) { splitter.take(text); };
  struct sigaction action{};
  action.sa_handler = [](int) { interrupted = 1; };
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  spec.stop_requested = [] { return interrupted != 0; };
  fmt::print(stderr, "scx-run: booting Linux {} ({})\n", spec.kernel.release,
             vm::topology_text(spec.topology));

  const Result<vm::VmResult> result = vm::run_vm(spec);
  splitter.finish();
  if (!result.ok()) return fail(result.error(), kExitRefused);
  if (!options.verifier_log.empty()) {
    Result<std::string> log = read_file(folder->path() + "/verifier.log");
    if (log.ok())
      if (Result<void> written = write_file_atomically(options.verifier_log, *log); !written.ok())
        return fail(written.error(), kExitRefused);
  }
  return result->exit_code;
}

}  // namespace scx::cli
