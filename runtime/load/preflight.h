// Everything that can be known to be in the way before the kernel is asked to
// load anything: one message, one help and one stable reason each. Changes
// nothing. Called by scx-run before load.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/load/host.h"
#include "runtime/load/object_file.h"

namespace scx::load {

// Oldest supported kernel: what the tests run on.
inline constexpr unsigned kOldestMajor = 6;
inline constexpr unsigned kOldestMinor = 16;

struct PreflightOptions {
  bool may_be_active = false;  // another scheduler does not matter: nothing will be attached
};

// Warnings (cgroup limits that will not be honoured, …), or the first thing in
// the way: "not-linux", "kernel-too-old", "no-sched-ext", "scheduler-active",
// "no-privileges", "locked-down", "no-cgroup2", "open-files-limit", "no-btf",
// "corrupt-btf", "broken-btf", "missing-kernel-function".
Result<std::vector<std::string>> preflight(const Host& host, const ObjectFile& object,
                                           const PreflightOptions& options = {});

}  // namespace scx::load
