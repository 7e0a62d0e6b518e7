// The files that the words of a command line stand for: a folder for all
// policies in it and below. Used by the commands that take folders.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "compiler/driver/pipeline.h"
#include "runtime/base/result.h"

namespace scx::driver {

struct PolicyFile {
  std::string name;
  bool is_found = false;  // in a folder, not named by the user
};

// In the order of the words, those of a folder sorted. A folder that cannot be read, or without a policy
// (`*.scx`), is an error; whether a named file exists is not looked at.
Result<std::vector<PolicyFile>> policy_files(const std::vector<std::string>& words);

// Which of the files are parts of policies: fragments without a policy block that were found in a folder and
// are included by another file. They are looked at as parts of it. Used by the commands that take folders,
// which tell it of each file they have looked at, and ask when they have seen all.
class Parts {
 public:
  void add(const PolicyFile& file, const Compilation& compilation);
  // What a file includes that nobody asks about: what only such files include is no policy by itself either.
  void add_includes(const Compilation& compilation);
  [[nodiscard]] bool contains(const PolicyFile& file) const;

 private:
  std::set<std::string> fragments_, included_;  // as canonical paths
};

// A file, and what its phases gave.
struct WholePolicy {
  PolicyFile file;
  Compilation compilation;
  Result<void> ran;  // what run_phases() said
};

// The policies that the words stand for, without parts of others; each has been taken up to `last`.
Result<std::deque<WholePolicy>> whole_policies(const Options& options, Phase last, Timings& timings);

}  // namespace scx::driver
