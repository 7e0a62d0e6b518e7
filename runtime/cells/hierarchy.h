// The cgroups that exist, as the file system of cgroup version 2 shows them: a
// walk over all of them, and the cpusets of one. Cgroups vanish while they are
// looked at, and whoever owns one names it and may close it to readers: neither
// is an error here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/cells/registry.h"

namespace scx::cells {

// The first slot of the declaration whose cells begin at the cgroup of that path.
using Claims = std::function<std::optional<uint32_t>(std::string_view path)>;
// Of a manifest's classifier and cells, which outlive the function.
Claims claims_of(const abi::Classifier& classifier, const std::vector<abi::Cell>& cells);

class Hierarchy {
 public:
  // Finds the mount below /sys/fs. Reasons: "no-cgroups", "cgroup-namespace" (only a part of the hierarchy
  // can be seen, under other paths than the kernel's).
  static Result<Hierarchy> find();
  // A folder that stands for the mount.
  explicit Hierarchy(std::string root) : root_(std::move(root)) {}

  // Every claimed cgroup with its cpuset.
  [[nodiscard]] Census census(const Claims& claims) const;
  // Where the cgroup's tasks may run is what the nearest cgroup says that has the controller, itself or
  // above.
  [[nodiscard]] Cpuset cpuset(std::string_view path) const;

 private:
  void walk(const std::string& path, int depth, const Claims& claims, Census& out) const;
  std::string root_;
};

}  // namespace scx::cells
