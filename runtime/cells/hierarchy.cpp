#include "runtime/cells/hierarchy.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>

#include <dirent.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/classify/classify.h"
#include "runtime/topology/topology.h"

namespace scx::cells {
namespace {

// Deeper than any real tree; what is below counts as not looked into.
constexpr int kMaxDepth = 64;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

// "/", or names with a slash before each: what the kernel says, and nothing that leads out of the mount.
bool is_inside(std::string_view path) {
  if (!path.starts_with('/') || path.find('\0') != path.npos) return false;
  for (size_t at = 0; at < path.size();) {
    const size_t next = std::min(path.find('/', at + 1), path.size());
    const std::string_view name = path.substr(at + 1, next - at - 1);
    if (name == ".." || name == "." || (name.empty() && path.size() > 1)) return false;
    at = next;
  }
  return true;
}

// The CPUs of a cpuset file; nothing if it is not there, cannot be read, or is empty.
std::optional<std::vector<uint32_t>> cpus_in(const std::string& file) {
  Result<std::string> text = read_file(file);
  if (!text.ok()) return std::nullopt;
  while (!text->empty() && text->back() == '\n') text->pop_back();
  Result<std::vector<uint32_t>> cpus = topology::parse_cpu_list(*text);
  if (!cpus.ok() || cpus->empty()) return std::nullopt;
  std::sort(cpus->begin(), cpus->end());
  return *std::move(cpus);
}

// Folders in a folder by name, with their inode numbers, which are the ids of cgroups; none in one that has
// vanished, nothing if they cannot be read.
std::optional<std::map<std::string, uint64_t>> children_of(const std::string& path) {
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
  std::map<std::string, uint64_t> children;
  if (folder == nullptr) return errno == ENOENT ? std::optional(children) : std::nullopt;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") children.emplace(name, entry->d_ino);
  }
  return children;
}

bool is_cgroup2(const std::string& path) {
  struct statfs found{};
  return ::statfs(path.c_str(), &found) == 0 && found.f_type == CGROUP2_SUPER_MAGIC;
}

}  // namespace

Claims claims_of(const abi::Classifier& classifier, const std::vector<abi::Cell>& cells) {
  return [&classifier, &cells](std::string_view path) -> std::optional<uint32_t> {
    const std::optional<uint32_t> cell = classify::claim_of(classifier, path);
    if (!cell.has_value() || *cell >= cells.size()) return std::nullopt;
    return cells[*cell].first_slot;
  };
}

Result<Hierarchy> Hierarchy::find() {
  // Where version 1 has the usual place, version 2 is beside its controllers.
  for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    if (!is_cgroup2(root)) continue;
    constexpr ino_t kRootId = 1;
    struct stat found{};
    if (::stat(root, &found) != 0 || found.st_ino != kRootId)
      return refusal("cgroup-namespace",
                     fmt::format("{} is not the root of the cgroups: only a part of them can be seen", root),
                     "run scx-run on the host, outside of containers");
    return Hierarchy(root);
  }
  return refusal("no-cgroups",
                 "no hierarchy of cgroup version 2 is mounted, and the policy has cells for cgroups",
                 "mount it: `mount -t cgroup2 none /sys/fs/cgroup`");
}

Census Hierarchy::census(const Claims& claims) const {
  Census out;
  walk("", 0, claims, out);
  return out;
}

void Hierarchy::walk(const std::string& path, int depth, const Claims& claims, Census& out) const {
  const auto children = depth > kMaxDepth ? std::nullopt : children_of(root_ + path);
  if (!children.has_value()) return out.unread.push_back(path + "/");
  for (const auto& [name, id] : *children) {
    const std::string child = path + "/" + name;
    if (const std::optional<uint32_t> first_slot = claims(child))
      out.found.push_back({id, child, *first_slot, cpuset(child)});
    walk(child, depth + 1, claims, out);
  }
}

Cpuset Hierarchy::cpuset(std::string_view path) const {
  if (!is_inside(path)) return {};
  std::string folder = root_ + std::string(path);
  Cpuset out;
  out.own = cpus_in(folder + "/cpuset.cpus");
  for (;;) {
    out.effective = cpus_in(folder + "/cpuset.cpus.effective");
    if (out.effective.has_value() || folder.size() <= root_.size()) return out;
    folder.resize(std::max(folder.rfind('/'), root_.size()));
  }
}

}  // namespace scx::cells
