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

}  // namespace scx::driver
