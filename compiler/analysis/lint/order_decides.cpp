#include <algorithm>

#include "compiler/analysis/lint/rules.h"
#include "compiler/analysis/policy_tests.h"
#include "compiler/analysis/task_text.h"

namespace scx::analysis::lint {
namespace {

// A note names so many of the layers before it; more would hide the point.
constexpr size_t kMaxNamed = 3;

struct Shared {
  uint32_t layer = 0;  // the earlier one
  TaskFinding task;
};

// Whether a test of the policy has a task that both layers match: then their order is meant.
bool is_tested(const Subject& subject, uint32_t cell, const abi::Expression& a, const abi::Expression& b) {
  const classify::NameIds ids = test_name_ids(subject.policy);
  return std::any_of(subject.policy.tests.begin(), subject.policy.tests.end(), [&](const model::Test& test) {
    const classify::Verdict verdict = classify::classify(subject.classifier, test_facts(test.task, ids), ids);
    return verdict.cell == cell && classify::evaluate(a, verdict.predicates) &&
           classify::evaluate(b, verdict.predicates);
  });
}

// The layers before `index` that take a task which it matches too.
std::vector<Shared> shared_with(const Subject& subject, uint32_t cell, uint32_t index) {
  const std::vector<abi::DomainMatch>& matches = subject.classifier.cells[cell].layers;
  std::vector<Shared> out;
  std::vector<Goal> untaken = {{&matches[index].match, true}};
  for (uint32_t i = 0; i < index && out.size() < kMaxNamed; ++i) {
    std::vector<Goal> goals = untaken;
    goals.push_back({&matches[i].match, true});
    TaskFinding found = subject.search.find(goals, cell);
    if (found.answer == Answer::kFound && !is_tested(subject, cell, matches[i].match, matches[index].match))
      out.push_back({i, std::move(found)});
    untaken.push_back({&matches[i].match, false});
  }
  return out;
}

}  // namespace

void order_decides(const Subject& subject, diag::Diagnostics& diagnostics) {
  for (uint32_t cell = 0; cell < subject.policy.cells.size(); ++cell) {
    const std::vector<model::Layer>& layers = subject.policy.cells[cell].layers;
    for (uint32_t i = 0; i < layers.size(); ++i) {
      // One that takes what is left is meant to.
      if (layers[i].match.kind == abi::Expression::Kind::kAll) continue;
      const std::vector<Shared> shared = shared_with(subject, cell, i);
      if (shared.empty()) continue;
      auto report =
          diagnostics.report(diag::Kind::kOrderDecides, layers[i].span,
                             "the layer `{}` matches tasks that a layer before it takes", layers[i].name);
      report.at("the order of the layers decides");
      for (const Shared& one : shared)
        report.label(layers[one.layer].span, "takes `" + task_text(one.task) + "`");
      report.help("if the order is meant, a test of the policy with that task says so");
    }
  }
}

}  // namespace scx::analysis::lint
