// Any bytes, through all that `scxc lint` runs: meaning, automata, reachability
// and rules; and the renderers over whatever was said. What is accepted has a
// fingerprint, and its reachability was decided without a crash.
#include <optional>

#include "compiler/analysis/cleanup.h"
#include "compiler/analysis/lint/rules.h"
#include "compiler/analysis/machine_check.h"
#include "compiler/analysis/reachability.h"
#include "compiler/automata/build.h"
#include "compiler/diagnostics/render.h"
#include "compiler/sema/analyse.h"
#include "compiler/syntax/syntax.h"
#include "tests/fuzz/target.h"

namespace {

void run_phases(const scx::ast::Program& program, const scx::Sources& sources,
                scx::diag::Diagnostics& diagnostics) {
  const bool is_read_whole = !diagnostics.has_errors();
  const std::optional<scx::model::Policy> policy = scx::sema::analyse(program, sources, diagnostics);
  if (!policy || !is_read_whole) return;
  SCX_CHECK(!scx::model::fingerprint(*policy).empty(), "a model has a fingerprint");
  scx::analysis::check_cleanup(*policy, diagnostics);
  if (diagnostics.has_errors()) return;
  const scx::abi::Classifier classifier = scx::automata::build_classifier(*policy, sources, diagnostics);
  if (diagnostics.has_errors()) return;
  scx::analysis::check_machines(*policy, classifier, diagnostics);
  scx::analysis::check_reachability(*policy, classifier, diagnostics);
  if (diagnostics.has_errors()) return;
  scx::analysis::lint::run_rules(*policy, classifier, diagnostics);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const scx::fuzz::TimeLimit limit;
  scx::Sources sources;
  scx::diag::Diagnostics diagnostics;
  const scx::FileId id = sources.add("fuzz.scx", "fuzz.scx", scx::fuzz::text_of(data, size));
  scx::ast::Program program;
  program.files.push_back(scx::syntax::parse(id, sources, diagnostics));
  run_phases(program, sources, diagnostics);
  scx::diag::render_terminal(diagnostics, sources, true);
  scx::diag::render_json(diagnostics, sources);
  return 0;
}
