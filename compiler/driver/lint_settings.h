// The `.scxlint` that holds for a policy: found, read once, kept. Used by `scxc lint`.
#pragma once

#include <map>
#include <string>

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/driver/options.h"
#include "compiler/findings/settings.h"
#include "compiler/support/source.h"
#include "runtime/base/result.h"

namespace scx::driver {

class LintSettings {
 public:
  // Nothing is read yet. With `--config` that file holds for every policy.
  explicit LintSettings(const Options& options) : options_(options) {}

  struct Of {
    std::string file;    // where they stand; empty if there are none
    std::string folder;  // that patterns of paths are relative to
    findings::Settings settings;
  };
  // The settings of the policy at `path`: in its folder, else in the nearest above it, up to the folder of a
  // repository (`.git`). A file that cannot be read, or has errors, is an Error that holds them as text.
  Result<const Of*> of(const std::string& path);

 private:
  Result<Of> read(const std::string& file) const;

  const Options& options_;
  std::map<std::string, Of> known_;  // by file; "" for none
};

// Whether the settings pass over the policy at `path`.
bool is_excluded(const LintSettings::Of& settings, const std::string& path);

}  // namespace scx::driver
