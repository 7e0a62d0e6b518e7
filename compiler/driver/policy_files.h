// The files that the words of a command line stand for: a folder for all
// policies in it and below. Used by the commands that take folders.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace scx::driver {

struct PolicyFile {
  std::string name;
  bool is_found = false;  // in a folder, not named by the user
};

// In the order of the words, those of a folder sorted. A folder that cannot be read, or without a policy
// (`*.scx`), is an error; whether a named file exists is not looked at.
Result<std::vector<PolicyFile>> policy_files(const std::vector<std::string>& words);

}  // namespace scx::driver
