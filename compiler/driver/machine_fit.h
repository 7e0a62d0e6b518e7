// `--host` of `check` and `lint`: whether the policy fits machines that the
// user names.
#pragma once

#include <string>
#include <vector>

#include "compiler/analysis/machine_fit.h"
#include "compiler/driver/pipeline.h"
#include "runtime/base/result.h"

namespace scx::driver {

using analysis::NamedMachine;

// The machine that `--host` names: a file of hwloc, a description, `live`. An error says what it takes.
Result<topology::Topology> read_machine(const std::string& name, topology::Devices devices);
// All of them, this one with its GPUs.
Result<std::vector<NamedMachine>> read_machines(const std::vector<std::string>& names);

// Reports what each machine lacks, and why no plan can be made for it. Does nothing where there are errors
// already.
void check_fit(const std::vector<NamedMachine>& machines, Compilation& compilation);

}  // namespace scx::driver
