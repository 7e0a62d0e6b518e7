// `scxc verify --host` and `--vm`: scx-run loads each object and attaches
// nothing; here its words are read. One virtual machine a series for all of
// them.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include <sys/wait.h>

#include "compiler/driver/report.h"
#include "compiler/driver/verify.h"
#include "compiler/driver/verify_words.h"
#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/load/host.h"
#include "runtime/vm/child.h"
#include "runtime/vm/vm.h"

namespace scx::driver {
namespace {

namespace fs = std::filesystem;

// $1: scx-run, $2: the folder of objects, $3: where results go. The same here and in a guest.
constexpr const char* kLoadAll = R"(for object in "$2"/*.bpf.o; do
  name=${object##*/}
  name=${name%.bpf.o}
  "$1" "$object" --dry-run --stats json --verifier-log "$3/$name.log" >"$3/$name.json" 2>"$3/$name.said"
  echo $? >"$3/$name.code"
done)";

// Beside scxc, where an installation has it, or on PATH.
Result<std::string> find_scx_run() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  std::vector<fs::path> places;
  if (!error)
    places = {self.parent_path() / "scx-run", self.parent_path().parent_path() / "sbin" / "scx-run"};
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    if (!folder.empty()) places.push_back(fs::path(folder) / "scx-run");
    rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
  }
  for (const fs::path& place : places)
    if (fs::is_regular_file(place, error)) return place.string();
  return refusal("no-scx-run", "cannot find `scx-run`, which loads objects",
                 "install it beside scxc, or into a folder of PATH");
}

std::string object_name(size_t index) { return fmt::format("{:05}", index); }

// Objects are numbered: names of files are nothing for a shell.
Result<void> write_objects(const std::vector<Subject>& subjects, const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  for (size_t i = 0; i < subjects.size(); ++i)
    SCX_TRY_VOID(
        write_file_atomically(fmt::format("{}/{}.bpf.o", folder, object_name(i)), subjects[i].object.bytes));
  return {};
}

// The results of one run of kLoadAll. `kernel` is for objects that were refused.
Result<std::vector<Verdict>> read_results(const std::vector<Subject>& subjects, const std::string& folder,
                                          const std::string& kernel, const Options& options) {
  std::vector<Verdict> answers;
  for (size_t i = 0; i < subjects.size(); ++i) {
    const std::string stem = fmt::format("{}/{}", folder, object_name(i));
    Result<std::string> code = read_file(stem + ".code");
    if (!code) return make_error("no answer about {}: the machine ended before", quoted(subjects[i].file));
    const std::optional<int> exit_code = exit_code_in(*code);
    if (!exit_code)
      return make_error("no answer about {}: the machine's answer was cut off", quoted(subjects[i].file));
    Verdict answer;
    answer.file = subjects[i].file;
    answer.policy = subjects[i].object.manifest.policy;
    answer.kernel = kernel;
    answer.takes = *exit_code == 0;
    if (answer.takes) {
      SCX_TRY(const std::string document, read_file(stem + ".json"));
      SCX_TRY_VOID(read_document(document, answer));
    } else {
      SCX_TRY(const std::string said, read_file(stem + ".said"));
      answer.refusal = refusal_in(said);
      if (!is_verdict(answer.refusal, *exit_code)) return answer.refusal;
      if (answer.refusal.reason == "verifier-refused")
        answer.refusal.help = options.verify.logs.empty() ? "`--logs DIR` keeps the verifier's whole log; a "
                                                            "policy that the compiler accepted should load: "
                                                            "please report it"
                                                          : fmt::format("the verifier's whole log is in {}",
                                                                        quoted(options.verify.logs));
      SCX_TRY_VOID(keep_log(stem + ".log", answer, options.verify.logs));
    }
    answers.push_back(std::move(answer));
  }
  return answers;
}

}  // namespace

Result<std::vector<Verdict>> load_here(const std::vector<Subject>& subjects, const Options& options) {
  SCX_TRY(const std::string scx_run, find_scx_run());
  SCX_TRY(const TemporaryFolder folder, TemporaryFolder::make("scxc-verify"));
  SCX_TRY_VOID(write_objects(subjects, folder.file("objects")));
  const std::function<bool()> stop_requested = vm::stop_on_signals();
  // In a group of its own: what it has started ends with it.
  SCX_TRY(vm::Child child,
          vm::Child::start({"sh", "-c", kLoadAll, "sh", scx_run, folder.file("objects"), folder.path()}, {}));
  while (!child.wait_for(std::chrono::milliseconds(100)))
    if (stop_requested()) return refusal("stopped", "stopped by a signal");
  if (stop_requested()) return refusal("stopped", "stopped by a signal");
  if (!WIFEXITED(child.status()) || WEXITSTATUS(child.status()) != 0)
    return make_error("loading was interrupted");
  return read_results(subjects, folder.path(), load::Host::current().release, options);
}

std::vector<std::string> tested_series() {
  return {std::begin(vm::kTestedSeries), std::end(vm::kTestedSeries)};
}

Result<std::vector<Verdict>> load_in_vm(const std::vector<Subject>& subjects, const std::string& series,
                                        const Options& options) {
  SCX_TRY(const std::string scx_run, find_scx_run());
  vm::KernelRequest request;
  request.series = series;
  vm::VmSpec spec;
  SCX_TRY(spec.kernel, vm::find_kernel(request));
  SCX_TRY(const TemporaryFolder folder, TemporaryFolder::make("scxc-verify"));
  SCX_TRY_VOID(write_objects(subjects, folder.file("objects")));
  spec.files = {{scx_run, "/bin/scx-run", 0755}, {folder.file("objects"), "/objects", 0}};
  // Names of users and groups in a policy mean this machine's.
  std::error_code error;
  for (const char* path : {"/etc/passwd", "/etc/group"})
    if (fs::exists(path, error)) spec.files.push_back({path, path, 0644});
  spec.command = {"sh", "-c", kLoadAll, "sh", "scx-run", "/objects", "/results"};
  spec.results_dir = folder.file("results");
  // An emulated machine loads an object in less than two seconds.
  spec.time_limit = std::chrono::seconds(180 + 20 * subjects.size());
  spec.stop_requested = vm::stop_on_signals();
  print_error(fmt::format("scxc: booting Linux {}\n", spec.kernel.release));
  SCX_TRY(const vm::VmResult result, vm::run_vm(spec));
  return read_results(subjects, result.results_dir, spec.kernel.release, options);
}

}  // namespace scx::driver
