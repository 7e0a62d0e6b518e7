#include <set>

#include "compiler/analysis/lint/rules.h"
#include "compiler/analysis/task_text.h"
#include "compiler/analysis/test_finder.h"
#include "runtime/base/file.h"

namespace scx::analysis::lint {
namespace {

// A test of one line that has the task and expects the layer.
std::string example(const TestTaskFinding& found, const std::string& layer, const std::string& cell) {
  return fmt::format("test {} {{ {} expect layer {} in {}; }}", quoted(layer), task_text(found.found), layer,
                     cell);
}

}  // namespace

void untested_layer(const Subject& subject, diag::Diagnostics& diagnostics) {
  const model::Policy& policy = subject.policy;
  if (policy.tests.empty()) {
    diagnostics.report(diag::Kind::kNoTests, policy.cells.front().span, "the policy has no tests")
        .help("a `test` block says which layer a task goes to, and `scxc test` holds the policy to it");
    return;
  }
  std::set<uint32_t> expected;
  for (const model::Test& test : policy.tests)
    for (const model::Expectation& expectation : test.expectations)
      if (expectation.kind == model::Expectation::Kind::kLayer && !expectation.negated)
        expected.insert(expectation.domain);
  TestFinder finder(policy, subject.classifier);
  for (uint32_t cell = 0; cell < policy.cells.size(); ++cell) {
    for (uint32_t i = 0; i < policy.cells[cell].layers.size(); ++i) {
      const model::Layer& layer = policy.cells[cell].layers[i];
      if (layer.implicit || expected.contains(subject.classifier.cells[cell].layers[i].domain)) continue;
      const TestTaskFinding found = finder.of_layer(cell, i);
      auto report = diagnostics.report(diag::Kind::kUntestedLayer, layer.span,
                                       "no test of the policy expects the layer `{}`", layer.name);
      if (found.answer == Answer::kFound)
        report.help("for example `" + example(found, layer.name, policy.cells[cell].name) + "`");
    }
  }
}

}  // namespace scx::analysis::lint
