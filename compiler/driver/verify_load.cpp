// `scxc verify --host` and `--vm`: scx-run loads each object and attaches
// nothing; here its words are read. One virtual machine a series for all of
// them.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <nlohmann/json.hpp>
#include <sys/wait.h>

#include "compiler/driver/report.h"
#include "compiler/driver/verify.h"
#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/load/host.h"
#include "runtime/vm/child.h"
#include "runtime/vm/vm.h"

namespace scx::driver {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// $1: scx-run, $2: the folder of objects, $3: where results go. The same here and in a guest.
constexpr const char* kLoadAll = R"(for object in "$2"/*.bpf.o; do
  name=${object##*/}
  name=${name%.bpf.o}
  "$1" "$object" --dry-run --stats json --verifier-log "$3/$name.log" >"$3/$name.json" 2>"$3/$name.said"
  echo $? >"$3/$name.code"
done)";

// What scx-run exits with when the kernel has said no, or could not be asked.
constexpr int kRefused = 3;

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

// "scx-run: error[REASON]: MESSAGE…\n  help: HELP"
Error refusal_in(const std::string& said) {
  constexpr std::string_view kStart = "scx-run: error[";
  constexpr std::string_view kHelp = "\n  help: ";
  const size_t start = said.rfind(kStart);
  const size_t close = start == std::string::npos ? start : said.find("]: ", start);
  if (close == std::string::npos) return refusal("load-refused", fmt::format("scx-run failed: {}", said));
  Error error;
  error.reason = said.substr(start + kStart.size(), close - start - kStart.size());
  const size_t help = said.find(kHelp, close);
  error.message = said.substr(close + 3, help == std::string::npos ? help : help - close - 3);
  if (help != std::string::npos) error.help = said.substr(help + kHelp.size());
  for (std::string* text : {&error.message, &error.help})
    while (!text->empty() && text->back() == '\n') text->pop_back();
  return error;
}

// Refusals that say something about this run and nothing about the kernel and the object.
bool is_environment(const Error& error) {
  for (const char* reason : {"no-privileges", "open-files-limit", "locked-down", "no-cgroup2", "no-topology",
                             "unknown-user", "unknown-group", "unknown-device", "no-plan", "not-linux"})
    if (error.reason == reason) return true;
  return false;
}

// The document of `scx-run --dry-run --stats json`.
Result<void> read_document(const std::string& text, Verdict& answer) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object() || document.value("schema", "") != "scx-run.dry-run" ||
      !document.contains("programs") || !document.contains("kernel") || document.value("version", 0) != 1)
    return make_error("`scx-run` answers in a form that this scxc does not know: install them together");
  answer.kernel = document.value("kernel", "");
  for (const json& program : document["programs"]) {
    const auto number = [&](const char* name) { return program.value(name, uint64_t{0}); };
    answer.programs.push_back({program.value("name", ""), number("instructions"),
                               number("verified_instructions"), number("total_states"), number("peak_states"),
                               number("stack_bytes"), number("verify_us")});
  }
  return {};
}

Result<void> keep_log(const std::string& log_file, const Verdict& answer, const std::string& folder) {
  std::error_code error;
  if (folder.empty() || !fs::exists(log_file, error)) return {};
  fs::create_directories(folder, error);
  SCX_TRY(const std::string log, read_file(log_file));
  // Whatever an object says its policy is called, the file stands in the folder.
  std::string name = fmt::format("{}@{}.log", answer.policy, answer.kernel);
  std::replace(name.begin(), name.end(), '/', '_');
  return write_file_atomically(folder + "/" + name, log);
}

// The results of one run of kLoadAll. `kernel` is for objects that were refused.
Result<std::vector<Verdict>> read_results(const std::vector<Subject>& subjects, const std::string& folder,
                                          const std::string& kernel, const Options& options) {
  std::vector<Verdict> answers;
  for (size_t i = 0; i < subjects.size(); ++i) {
    const std::string stem = fmt::format("{}/{}", folder, object_name(i));
    Result<std::string> code = read_file(stem + ".code");
    if (!code) return make_error("no answer about {}: the machine ended before", quoted(subjects[i].file));
    Verdict answer;
    answer.file = subjects[i].file;
    answer.policy = subjects[i].object.manifest.policy;
    answer.kernel = kernel;
    answer.takes = std::atoi(code->c_str()) == 0;
    if (answer.takes) {
      SCX_TRY(const std::string document, read_file(stem + ".json"));
      SCX_TRY_VOID(read_document(document, answer));
    } else {
      SCX_TRY(const std::string said, read_file(stem + ".said"));
      answer.refusal = refusal_in(said);
      if (std::atoi(code->c_str()) != kRefused || is_environment(answer.refusal)) return answer.refusal;
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
  SCX_TRY(const vm::CommandOutput output,
          vm::run_command({"sh", "-c", kLoadAll, "sh", scx_run, folder.file("objects"), folder.path()}));
  if (!WIFEXITED(output.status) || WEXITSTATUS(output.status) != 0)
    return make_error("loading was interrupted");
  return read_results(subjects, folder.path(), load::Host::current().release, options);
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
