// Whether what a command line says fits together, beyond what its parser sees.
// Called by command_line.cpp.
#pragma once

#include <string>

#include "compiler/driver/options.h"

namespace scx::driver {

// Why the line cannot be what its author meant; empty if it can.
std::string objection(const Options& options);

}  // namespace scx::driver
