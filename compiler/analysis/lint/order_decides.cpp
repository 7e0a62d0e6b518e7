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

// Where the tasks of the policy's tests go.
std::vector<classify::Verdict> verdicts_of_tests(const Subject& subject) {
  const classify::NameIds ids = test_name_ids(subject.policy);
  std::vector<classify::Verdict> out;
  for (const model::Test& test : subject.policy.tests)
    out.push_back(classify::classify(subject.classifier, test_facts(test.task, ids), ids));
  return out;
}

// Whether one of them is a task that both layers match: then their order is meant.
bool is_tested(const std::vector<classify::Verdict>& tests, uint32_t cell, const abi::Expression& a,
               const abi::Expression& b) {
  return std::any_of(tests.begin(), tests.end(), [&](const classify::Verdict& verdict) {
    return verdict.cell == cell && classify::evaluate(a, verdict.predicates) &&
           classify::evaluate(b, verdict.predicates);
  });
}

// The layers before `index` that take a task which it matches too.
std::vector<Shared> shared_with(const Subject& subject, const std::vector<classify::Verdict>& tests,
                                uint32_t cell, uint32_t index) {
  const std::vector<abi::DomainMatch>& matches = subject.classifier.cells[cell].layers;
  std::vector<Shared> out;
  std::vector<Goal> untaken = {{&matches[index].match, true}};
  for (uint32_t i = 0; i < index && out.size() < kMaxNamed; ++i) {
    std::vector<Goal> goals = untaken;
    goals.push_back({&matches[i].match, true});
    TaskFinding found = subject.search.example(goals, World{{cell}});
    if (found.answer == Answer::kFound && !is_tested(tests, cell, matches[i].match, matches[index].match))
      out.push_back({i, std::move(found)});
    untaken.push_back({&matches[i].match, false});
  }
  return out;
}

}  // namespace

void order_decides(const Subject& subject, diag::Diagnostics& diagnostics) {
  const std::vector<classify::Verdict> tests = verdicts_of_tests(subject);
  for (uint32_t cell = 0; cell < subject.policy.cells.size(); ++cell) {
    const std::vector<model::Layer>& layers = subject.policy.cells[cell].layers;
    for (uint32_t i = 0; i < layers.size(); ++i) {
      // One that takes what is left is meant to.
      if (layers[i].match.kind == abi::Expression::Kind::kAll) continue;
      const std::vector<Shared> shared = shared_with(subject, tests, cell, i);
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
