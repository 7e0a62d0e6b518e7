#include "runtime/load/gpu.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <set>
#include <sstream>

#include <dirent.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "runtime/base/file.h"
#include "runtime/base/refusal.h"

namespace scx::load {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

uint32_t kernel_number(dev_t device) { return ::major(device) << 20 | ::minor(device); }

// Drivers by the names that they register: NVIDIA's, AMD's compute interface, and what every DRM driver has.
bool is_gpu_driver(std::string_view name) {
  constexpr std::array<std::string_view, 3> kNames = {"drm", "accel", "kfd"};
  return name.starts_with("nvidia") || std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// The part of /proc/devices up to the block devices: `226 drm`.
std::vector<uint32_t> gpu_majors(const std::string& text) {
  std::set<uint32_t> majors;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && !line.starts_with("Block");) {
    std::istringstream words(line);
    uint32_t number = 0;
    std::string name;
    if (words >> number >> name && number != 0 && is_gpu_driver(name)) majors.insert(number);
  }
  return {majors.begin(), majors.end()};
}

std::optional<uint32_t> process_id(const char* name) {
  uint32_t pid = 0;
  const char* end = name + std::char_traits<char>::length(name);
  const auto read = std::from_chars(name, end, pid);
  return read.ec == std::errc{} && read.ptr == end && pid > 0 ? std::optional(pid) : std::nullopt;
}

// The GPUs that one process has open. False if nobody may look.
bool open_gpus(const std::string& descriptors, const GpuNodes& nodes, std::set<uint32_t>& found) {
  const Folder folder(::opendir(descriptors.c_str()));
  // A process that has ended meanwhile has no folder, one that is not ours has one that we may not read.
  if (folder == nullptr) return errno != EACCES && errno != EPERM;
  bool readable = true;
  while (const dirent* entry = ::readdir(folder.get())) {
    if (entry->d_name[0] == '.') continue;
    struct stat file{};
    if (::fstatat(::dirfd(folder.get()), entry->d_name, &file, 0) != 0) {
      readable = readable && errno != EACCES && errno != EPERM;
      continue;
    }
    if (!S_ISCHR(file.st_mode)) continue;
    if (const auto number = nodes.number(file.st_rdev)) found.insert(*number);
  }
  return readable;
}

}  // namespace

std::optional<uint32_t> GpuNodes::number(dev_t device) const {
  const auto has = [](const std::vector<uint32_t>& numbers, uint32_t number) {
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
  };
  if (has(majors, ::major(device)))
    return ::major(device) == SCX_DRM_MAJOR ? ::minor(device) % 64 : ::minor(device);
  if (has(nodes, kernel_number(device))) return ::minor(device);
  return std::nullopt;
}

Result<GpuNodes> find_gpu_nodes(const std::string& procfs, const std::vector<std::string>& paths) {
  GpuNodes out;
  if (const Result<std::string> text = read_file(procfs + "/devices"); text.ok())
    out.majors = gpu_majors(*text);
  if (out.majors.size() > SCX_GPU_MAJORS) out.majors.resize(SCX_GPU_MAJORS);
  for (const std::string& path : paths) {
    struct stat file{};
    if (::stat(path.c_str(), &file) != 0 || !S_ISCHR(file.st_mode))
      return refusal(
          "unknown-device",
          fmt::format("the policy counts {} as a GPU, and that is no character device", quoted(path)),
          "take it out of `gpu devices`, or load its driver first");
    out.nodes.push_back(kernel_number(file.st_rdev));
  }
  return out;
}

GpuUsers find_gpu_users(const std::string& procfs, const GpuNodes& nodes) {
  GpuUsers out;
  const Folder folder(::opendir(procfs.c_str()));
  if (folder == nullptr) return out;
  while (const dirent* entry = ::readdir(folder.get())) {
    const auto pid = process_id(entry->d_name);
    if (!pid) continue;
    std::set<uint32_t> found;
    if (!open_gpus(procfs + "/" + entry->d_name + "/fd", nodes, found)) ++out.unreadable;
    for (const uint32_t number : found) out.users.push_back({*pid, number});
  }
  return out;
}

}  // namespace scx::load
