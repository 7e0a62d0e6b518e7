// What an object is told before the kernel sees it: constants of this machine,
// and how large its maps are.
#pragma once

#include "runtime/base/result.h"
#include "runtime/load/bpf_object.h"
#include "runtime/load/gpu.h"
#include "runtime/load/object_file.h"
#include "runtime/topology/topology.h"

namespace scx::load {

// Reasons: "corrupt-object", "unknown-user", "unknown-group", "feed-mismatch".
Result<void> prepare(const ObjectFile& file, const Object& object, const topology::Topology& topology,
                     const GpuNodes& gpus);

}  // namespace scx::load
