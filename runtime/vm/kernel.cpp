#include "runtime/vm/kernel.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include <sys/wait.h>

#include "runtime/base/check.h"
#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/vm/cache.h"
#include "runtime/vm/child.h"
#include "runtime/vm/scripts.h"

namespace scx::vm {
namespace {

namespace fs = std::filesystem;

// Exit code of fetch_kernel.sh for "the archive has no such series".
constexpr int kNoSuchSeries = 3;

std::vector<unsigned> numbers_of(std::string_view release) {
  std::vector<unsigned> numbers;
  size_t at = 0;
  while (at < release.size() && std::isdigit(static_cast<unsigned char>(release[at])) != 0) {
    unsigned number = 0;
    while (at < release.size() && std::isdigit(static_cast<unsigned char>(release[at])) != 0) {
      number = number * 10 + static_cast<unsigned>(release[at++] - '0');
    }
    numbers.push_back(number);
    if (at >= release.size() || release[at] != '.') break;
    ++at;
  }
  return numbers;
}

bool is_series(std::string_view text) {
  const size_t parts = numbers_of(text).size();
  const bool characters =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0 || c == '.'; });
  return characters && (parts == 2 || parts == 3) && text.back() != '.' && text.size() < 16;
}

Result<std::vector<Kernel>> kernels_in(const std::string& directory) {
  std::vector<Kernel> kernels;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(directory, code)) {
    const std::string release = entry.path().filename().string();
    const fs::path image = entry.path() / "vmlinuz";
    if (release.starts_with(".") || !fs::exists(image, code)) continue;
    const fs::path modules = entry.path() / "modules";
    kernels.push_back({release, image.string(), (entry.path() / "config").string(),
                       fs::exists(modules, code) ? modules.string() : ""});
  }
  std::sort(kernels.begin(), kernels.end(),
            [](const Kernel& a, const Kernel& b) { return release_less(a.release, b.release); });
  return kernels;
}

Result<void> fetch(const KernelRequest& request, const std::string& directory) {
  const std::string script =
      std::string(script_text("apt_suite.sh")) + std::string(script_text("fetch_kernel.sh"));
  SCX_TRY(const CommandOutput output,
          run_command({"sh", "-c", script, "fetch_kernel.sh", request.series, request.flavour, directory,
                       request.modules ? "yes" : "no"}));
  if (WIFEXITED(output.status) && WEXITSTATUS(output.status) == 0) return {};
  if (WIFEXITED(output.status) && WEXITSTATUS(output.status) == kNoSuchSeries) {
    return refusal("no-kernel", fmt::format("no kernel of series {} in the archive", request.series),
                   "name one of the series listed above, or put an image into the cache");
  }
  return refusal("fetch-failed", fmt::format("cannot fetch a kernel of series {}", request.series),
                 fmt::format("a kernel image can also be put there by hand: {}/RELEASE-{}/vmlinuz", directory,
                             request.flavour));
}

}  // namespace

std::string_view script_text(std::string_view name) {
  for (const auto& [file, text] : embedded_files()) {
    if (file == name) return text;
  }
  SCX_CHECK(false, "an embedded script is missing");
}

bool release_less(std::string_view left, std::string_view right) {
  const auto a = numbers_of(left);
  const auto b = numbers_of(right);
  return a != b ? a < b : left < right;
}

bool release_matches(std::string_view release, std::string_view series, std::string_view flavour) {
  const auto have = numbers_of(release);
  const auto want = numbers_of(series);
  if (want.size() > have.size() || !std::equal(want.begin(), want.end(), have.begin())) return false;
  // `+deb13-cloud-amd64`: the flavour is all after the first dash.
  const size_t dash = release.find('-');
  return dash != std::string_view::npos && release.substr(dash + 1) == flavour;
}

Result<std::vector<Kernel>> cached_kernels() {
  SCX_TRY(const std::string cache, cache_directory());
  return kernels_in(cache + "/kernels");
}

Result<Kernel> find_kernel(const KernelRequest& request) {
  if (!is_series(request.series)) {
    return refusal("bad-series", fmt::format("{} is not a kernel series", scx::quoted(request.series)),
                   "write it as `6.18` or `6.18.15`");
  }
  SCX_TRY(const std::string cache, cache_directory());
  const std::string directory = cache + "/kernels";
  const auto newest_cached = [&]() -> Result<Kernel> {
    SCX_TRY(const std::vector<Kernel> kernels, kernels_in(directory));
    const auto fits = [&](const Kernel& kernel) {
      return release_matches(kernel.release, request.series, request.flavour) &&
             (!request.modules || !kernel.modules.empty());
    };
    const auto found = std::find_if(kernels.rbegin(), kernels.rend(), fits);
    if (found != kernels.rend()) return *found;
    return refusal("no-kernel",
                   fmt::format("no kernel of series {} in {}", request.series, scx::quoted(directory)));
  };
  Result<Kernel> cached = newest_cached();
  if (cached || request.offline) return cached;
  SCX_TRY_VOID(fetch(request, directory));
  return newest_cached();
}

}  // namespace scx::vm
