// What the checks inside a guest know about the run that started them. The host
// driver passes it through the environment. Used by the files of this folder.
#pragma once

#include <string>
#include <vector>

#include "runtime/vm/topology.h"

namespace scx::testing {

// The topology that this guest was booted with.
const vm::VmTopology& guest_topology();
// `6.18`
std::string guest_series();
// The directory with the compiled policies: `/objects/NAME.bpf.o`.
std::string object_path(const std::string& name);
// The names of all that are there, sorted.
std::vector<std::string> compiled_policies();
// Whether guest time counts instructions.
bool is_deterministic();
// The seconds of guest time that soak checks run; 0 when soak was not asked for.
unsigned soak_seconds();

}  // namespace scx::testing
