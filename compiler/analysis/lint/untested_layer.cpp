#include <set>

#include "compiler/analysis/lint/rules.h"
#include "compiler/analysis/task_text.h"

namespace scx::analysis::lint {

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
  for (uint32_t cell = 0; cell < policy.cells.size(); ++cell) {
    std::vector<Goal> goals;
    for (uint32_t i = 0; i < policy.cells[cell].layers.size(); ++i) {
      const model::Layer& layer = policy.cells[cell].layers[i];
      const abi::DomainMatch& match = subject.classifier.cells[cell].layers[i];
      goals.push_back({&match.match, true});
      if (!layer.implicit && !expected.contains(match.domain)) {
        const TaskFinding task = subject.search.find(goals, cell);
        auto report = diagnostics.report(diag::Kind::kUntestedLayer, layer.span,
                                         "no test of the policy expects the layer `{}`", layer.name);
        if (task.answer == Answer::kFound)
          report.help("for example `test \"" + layer.name + "\" { " + task_text(task) + " expect layer " +
                      layer.name + " in " + policy.cells[cell].name + "; }`");
      }
      goals.back().holds = false;
    }
  }
}

}  // namespace scx::analysis::lint
