// `scxc verify --btf`: answers from kernels' BTF alone. One kernel is read at a
// time, and all policies are asked of it.
#include <algorithm>
#include <filesystem>

#include "compiler/driver/verify.h"
#include "runtime/audit/kernel.h"
#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/vm/kernel.h"

namespace scx::driver {
namespace {

namespace fs = std::filesystem;

bool is_kernel_file(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".btf") || name.starts_with("vmlinux") || name.starts_with("vmlinuz");
}

// The kernels in a folder and in its folders, as the cache has them.
Result<std::vector<std::string>> kernels_in(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  auto entry = fs::recursive_directory_iterator(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry.depth() > 0) entry.disable_recursion_pending();
    if (std::error_code broken; is_kernel_file(entry->path()) && entry->is_regular_file(broken))
      found.push_back(entry->path().string());
  }
  if (error) return make_error("cannot read the folder {}: {}", quoted(folder), error.message());
  if (found.empty()) {
    return refusal("no-kernel", fmt::format("no kernel in the folder {}", quoted(folder)),
                   "kernels there are files `*.btf`, `vmlinux…` and `vmlinuz…`");
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool is_series(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789.") == std::string::npos;
}

Result<std::vector<std::string>> cached() {
  SCX_TRY(const std::vector<vm::Kernel> kernels, vm::cached_kernels());
  if (kernels.empty()) {
    return refusal("no-kernel", "no kernel has been fetched yet",
                   "name a series, which is fetched then: `--btf 6.18`, or a file");
  }
  std::vector<std::string> files;
  for (const vm::Kernel& kernel : kernels) files.push_back(kernel.image);
  return files;
}

Result<std::vector<std::string>> files_of(const std::string& word) {
  std::error_code error;
  if (fs::is_directory(word, error)) return kernels_in(word);
  if (fs::exists(word, error) || !is_series(word)) return std::vector<std::string>{word};
  vm::KernelRequest request;
  request.series = word;
  SCX_TRY(const vm::Kernel kernel, vm::find_kernel(request));
  return std::vector<std::string>{kernel.image};
}

Verdict begin_answer(const Subject& subject, const std::string& kernel) {
  Verdict answer;
  answer.by = Verdict::By::kBtf;
  answer.file = subject.file;
  answer.policy = subject.object.manifest.policy;
  answer.kernel = kernel;
  return answer;
}

struct Prepared {
  const Subject* subject;
  audit::ObjectCode code;
};

Result<void> ask(const std::string& file, const std::vector<Prepared>& subjects,
                 std::vector<Verdict>& answers) {
  Result<audit::Kernel> kernel = audit::read_kernel(file);
  if (!kernel && kernel.error().reason == "unreadable-btf") return kernel.error();
  for (const Prepared& one : subjects) {
    Verdict answer = begin_answer(*one.subject, kernel ? kernel->name() : file);
    if (kernel) {
      answer.lacks = audit::audit(one.subject->object.manifest, one.code, *kernel);
      answer.takes = answer.lacks.empty();
      if (!answer.takes)
        answer.refusal = {answer.lacks.front().message, answer.lacks.front().help,
                          std::string(audit::reason(answer.lacks.front().kind))};
    } else {
      answer.refusal = kernel.error();
    }
    answers.push_back(std::move(answer));
  }
  return {};
}

}  // namespace

Result<std::vector<Verdict>> ask_btf(const std::vector<Subject>& subjects, const Options& options) {
  std::vector<std::string> files;
  if (options.verify.btf.empty()) {
    SCX_TRY(files, cached());
  }
  for (const std::string& word : options.verify.btf) {
    SCX_TRY(const std::vector<std::string> some, files_of(word));
    files.insert(files.end(), some.begin(), some.end());
  }
  std::vector<Prepared> prepared;
  for (const Subject& subject : subjects) {
    SCX_TRY(audit::ObjectCode code, audit::read_code(subject.object.bytes));
    prepared.push_back({&subject, std::move(code)});
  }
  std::vector<Verdict> answers;
  for (const std::string& file : files) SCX_TRY_VOID(ask(file, prepared, answers));
  return answers;
}

}  // namespace scx::driver
