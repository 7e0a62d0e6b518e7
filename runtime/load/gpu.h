// Which device nodes are GPUs on this machine, and which processes have one open
// already. The loader tells the BPF side both when a policy tests for GPU use;
// reading only, no GPU library. Trees other than /proc are for tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "runtime/abi/feed.h"
#include "runtime/base/result.h"

namespace scx::load {

// As the BPF side compares them: numbers of drivers, and single nodes as kernel dev_t (major << 20 | minor).
struct GpuNodes {
  std::vector<uint32_t> majors;
  std::vector<uint32_t> nodes;
  // The number of the GPU behind a device node: of DRM the card's, else the minor.
  [[nodiscard]] std::optional<uint32_t> number(dev_t device) const;
};

// The drivers of /proc/devices that are known as GPUs', and the device nodes that the policy lists. Reasons:
// "unknown-device" for a path that is no character device.
Result<GpuNodes> find_gpu_nodes(const std::string& procfs, const std::vector<std::string>& paths);

// What scx_gpu_user carries, of the processes that have a GPU open now; each pair once.
struct GpuUsers {
  std::vector<scx_gpu_user> users;
  size_t unreadable = 0;  // processes whose descriptors may not be looked at
};
GpuUsers find_gpu_users(const std::string& procfs, const GpuNodes& nodes);

}  // namespace scx::load
