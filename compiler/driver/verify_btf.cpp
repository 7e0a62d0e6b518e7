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
    // A vmlinux.h, a vmlinux.lds are none.
    if (std::error_code broken; is_kernel_file(entry->path()) && entry->is_regular_file(broken) &&
                                audit::looks_like_kernel(entry->path().string()))
      found.push_back(entry->path().string());
  }
  if (error) return make_error("cannot read the folder {}: {}", quoted(folder), error.message());
  if (found.empty()) {
    return refusal("no-kernel", fmt::format("no kernel in the folder {}", quoted(folder)),
                   "kernels there are files `*.btf`, `vmlinux…` and `vmlinuz…` with BTF, or images");
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool is_series(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789.") == std::string::npos;
}

// "6.18,7.3" as behind `--vm`; whatever else has a comma is the name of a file.
std::vector<std::string> split_series(const std::string& word) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= word.size();) {
    const size_t comma = std::min(word.find(',', at), word.size());
    parts.push_back(word.substr(at, comma - at));
    at = comma + 1;
  }
  return std::all_of(parts.begin(), parts.end(), is_series) ? parts : std::vector<std::string>{word};
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

void ask(const std::string& file, const std::vector<Prepared>& subjects, BtfAnswers& to) {
  Result<audit::Kernel> kernel = audit::read_kernel(file);
  if (!kernel && audit::is_unasked(kernel.error())) {
    to.errors.push_back(kernel.error());
    return;
  }
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
    to.answers.push_back(std::move(answer));
  }
}

// The files of all words; what cannot be found is an error beside them.
std::vector<std::string> find_files(const std::vector<std::string>& words, BtfAnswers& to) {
  std::vector<std::string> files;
  const auto take = [&](Result<std::vector<std::string>> some) {
    if (some)
      files.insert(files.end(), some->begin(), some->end());
    else
      to.errors.push_back(std::move(some).error());
  };
  if (words.empty()) take(cached());
  for (const std::string& word : words) {
    std::error_code error;
    for (const std::string& part : fs::exists(word, error) ? std::vector{word} : split_series(word))
      take(files_of(part));
  }
  return files;
}

}  // namespace

BtfAnswers ask_btf(const std::vector<Subject>& subjects, const Options& options) {
  BtfAnswers to;
  std::vector<Prepared> prepared;
  for (const Subject& subject : subjects) {
    Result<audit::ObjectCode> code = audit::read_code(subject.object.bytes);
    if (code)
      prepared.push_back({&subject, *std::move(code)});
    else
      to.errors.push_back(std::move(code).error());
  }
  if (!prepared.empty())
    for (const std::string& file : find_files(options.verify.btf, to)) ask(file, prepared, to);
  return to;
}

}  // namespace scx::driver
