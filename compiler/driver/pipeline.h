// The phases of one compilation in their order: text, tree, model, classifier,
// C, object, manifest. Each takes what the one before gave. The commands run
// as many of them as they need.
#pragma once

#include <optional>
#include <string>

#include "compiler/ast/ast.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/driver/options.h"
#include "compiler/driver/timings.h"
#include "compiler/model/model.h"
#include "compiler/support/source.h"
#include "runtime/abi/manifest.h"
#include "runtime/base/result.h"

namespace scx::driver {

enum class Phase : uint8_t { kSyntax, kSema, kAutomata, kCodegen, kBackend };

// What the phases gave; what a failed or unwanted phase would give is empty.
struct Compilation {
  Sources sources;
  diag::Diagnostics diagnostics;
  diag::Diagnostics allowed;  // by comments of the policy, see heed_allowances()
  ast::Program program;
  std::optional<model::Policy> policy;
  std::optional<abi::Classifier> classifier;
  std::string c_text;       // self-contained, without the manifest
  std::string object;       // with the manifest
  std::string manifest;     // JSON
  std::string object_dump;  // the object as text
};

// What files made of a policy are called, without their endings: the policy's file without its own; `stdin`
// for `-`.
std::string stem_of(const std::string& file);

// Runs the phases up to and including `last`, and stops after one that
// reported errors: the caller looks at `result.diagnostics`. Errors returned
// are those of the environment and faults of our own.
Result<void> run_phases(const Options& options, const std::string& file, Phase last, Compilation& result,
                        Timings& timings);

// Takes what comments of the policy allow out of the diagnostics. `all_rules_ran`: a comment that allows
// nothing is told.
void heed_allowances(Compilation& compilation, bool all_rules_ran);

// The C text with its manifest as a last block, so that stock clang gives an
// object that scx-run loads. Precondition: all phases ran.
std::string c_with_manifest(const Compilation& compilation);

}  // namespace scx::driver
