#include "compiler/driver/policy_files.h"

#include <algorithm>
#include <filesystem>

#include "runtime/base/file.h"

namespace scx::driver {

namespace fs = std::filesystem;

Result<std::vector<PolicyFile>> policy_files(const std::vector<std::string>& words) {
  std::vector<PolicyFile> out;
  for (const std::string& word : words) {
    std::error_code code;
    if (!fs::is_directory(word, code)) {
      out.push_back({word, false});
      continue;
    }
    std::vector<std::string> found;
    auto entry = fs::recursive_directory_iterator(word, code);
    for (; !code && entry != fs::recursive_directory_iterator(); entry.increment(code))
      if (std::error_code broken; entry->path().extension() == ".scx" && entry->is_regular_file(broken))
        found.push_back(entry->path().string());
    if (code) return make_error("cannot read the folder {}: {}", scx::quoted(word), code.message());
    if (found.empty()) return make_error("no policy (`*.scx`) in the folder {}", scx::quoted(word));
    std::sort(found.begin(), found.end());
    for (std::string& file : found) out.push_back({std::move(file), true});
  }
  return out;
}

namespace {

std::string canonical(const std::string& path) {
  std::error_code ignored;
  return fs::weakly_canonical(path, ignored).string();
}

// Whether the file is a policy by itself, right or wrong, and no fragment.
bool has_policy_block(const Compilation& compilation) {
  const auto& all = compilation.diagnostics.all();
  return std::none_of(all.begin(), all.end(),
                      [](const diag::Diagnostic& one) { return one.kind == diag::Kind::kMissingPolicy; });
}

}  // namespace

void Parts::add(const PolicyFile& file, const Compilation& compilation) {
  if (!has_policy_block(compilation)) {
    if (file.is_found) fragments_.insert(canonical(file.name));
    return;
  }
  add_includes(compilation);
}

void Parts::add_includes(const Compilation& compilation) {
  for (size_t i = 1; i < compilation.sources.size(); ++i)
    included_.insert(canonical(compilation.sources.display_path(static_cast<FileId>(i))));
}

bool Parts::contains(const PolicyFile& file) const {
  const std::string path = canonical(file.name);
  return file.is_found && fragments_.contains(path) && included_.contains(path);
}

Result<std::deque<WholePolicy>> whole_policies(const Options& options, Phase last, Timings& timings) {
  SCX_TRY(const std::vector<PolicyFile> files, policy_files(options.files));
  std::deque<WholePolicy> out;
  Parts parts;
  for (const PolicyFile& file : files) {
    WholePolicy& policy = out.emplace_back();
    policy.file = file;
    policy.ran = run_phases(options, file.name, last, policy.compilation, timings);
    if (policy.ran.ok()) parts.add(file, policy.compilation);
  }
  std::erase_if(out, [&](const WholePolicy& policy) { return parts.contains(policy.file); });
  return out;
}

}  // namespace scx::driver
