#include <set>

#include "compiler/analysis/lint/rules.h"
#include "compiler/analysis/policy_tests.h"
#include "compiler/analysis/task_text.h"

namespace scx::analysis::lint {
namespace {

// Whether a test with the task as it is told would find it in the layer.
bool shows(const Subject& subject, const TaskFinding& found, uint32_t domain) {
  if (found.answer != Answer::kFound || !fits_a_test(found)) return false;
  const classify::NameIds ids = test_name_ids(subject.policy);
  classify::TaskFacts facts = found.task;
  // A name that is told stands for its id in tests.
  const auto retell = [](int64_t& id, const auto& told, const auto& in_tests) {
    for (const auto& [name, known] : told)
      if (id != 0 && known == id) {
        id = in_tests.at(name);
        return;
      }
  };
  retell(facts.uid, found.ids.users, ids.users);
  retell(facts.gid, found.ids.groups, ids.groups);
  return classify::classify(subject.classifier, facts, ids).domain == domain;
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
        if (shows(subject, task, match.domain))
          report.help("for example `test \"" + layer.name + "\" { " + task_text(task) + " expect layer " +
                      layer.name + " in " + policy.cells[cell].name + "; }`");
      }
      goals.back().holds = false;
    }
  }
}

}  // namespace scx::analysis::lint
