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

// The machines of `--host`: files of hwloc, descriptions, `live`. An error names the one that cannot be read.
Result<std::vector<NamedMachine>> read_machines(const std::vector<std::string>& names);

// Reports what each machine lacks, and why no plan can be made for it. Precondition: there is a classifier.
void check_machines(const std::vector<NamedMachine>& machines, Compilation& compilation);

}  // namespace scx::driver
