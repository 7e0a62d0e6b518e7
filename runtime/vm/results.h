// What a guest sends back: the tar stream of its results port, unpacked. Used
// by run_vm.
#pragma once

#include <optional>
#include <string>

#include "runtime/base/result.h"

namespace scx::vm {

struct GuestResults {
  // Empty when the stream ended before the exit code.
  std::optional<int> exit_code;
  std::string dmesg;
};

// Unpacks the regular files of `results/…` in the stream `tar` into `directory`
// (made if needed; empty: dropped); links and devices are left out. Names that
// would leave the directory are refused.
Result<GuestResults> unpack_results(const std::string& tar, const std::string& directory);

}  // namespace scx::vm
