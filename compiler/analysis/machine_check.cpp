#include "compiler/analysis/machine_check.h"

#include <optional>

#include "compiler/analysis/policy_tests.h"

namespace scx::analysis {
namespace {

using Kind = model::Expression::Kind;

// A value that may depend on the machine, and then on which predicate.
struct Truth {
  std::optional<bool> value;
  uint32_t unknown = 0;
};

class Judge {
 public:
  Judge(const model::Policy& policy, std::vector<classify::Evaluation> known)
      : policy_(policy), known_(std::move(known)) {}

  [[nodiscard]] Truth judge(const model::Expression& expression) const {
    switch (expression.kind) {
      case Kind::kAll:
        return {true};
      case Kind::kTest:
        if (is_place(policy_.predicates[expression.predicate].attribute))
          return {std::nullopt, expression.predicate};
        return {known_[expression.predicate].value};
      case Kind::kNot: {
        Truth out = judge(expression.operands[0]);
        if (out.value) out.value = !*out.value;
        return out;
      }
      case Kind::kAnd:
      case Kind::kOr:
        break;
    }
    // The value that one operand can settle whatever the others are.
    const bool settling = expression.kind == Kind::kOr;
    Truth out{!settling};
    for (const model::Expression& operand : expression.operands) {
      const Truth one = judge(operand);
      if (one.value == settling) return one;
      if (!one.value) out = one;
    }
    return out;
  }

  // Whether it is known which layer of the expectation's cell takes the task.
  [[nodiscard]] Truth judge_layers(const model::Expectation& expectation) const {
    for (const model::Layer& layer : policy_.cells[policy_.domains[expectation.domain].cell].layers) {
      const Truth taken = judge(layer.match);
      if (!taken.value || *taken.value) return taken;
    }
    return {false};
  }

 private:
  const model::Policy& policy_;
  std::vector<classify::Evaluation> known_;
};

}  // namespace

void check_machines(const model::Policy& policy, const abi::Classifier& classifier,
                    diag::Diagnostics& diagnostics) {
  const classify::NameIds ids = test_name_ids(policy);
  for (const model::Test& test : policy.tests) {
    if (!test.host.empty()) continue;
    const Judge judge(policy, classify::classify(classifier, test_facts(test.task, ids), ids).predicates);
    for (const model::Expectation& expectation : test.expectations) {
      const Truth truth = expectation.kind == model::Expectation::Kind::kMatch
                              ? judge.judge(policy.matchers[expectation.matcher].expression)
                              : judge.judge_layers(expectation);
      if (truth.value) continue;
      const model::Predicate& predicate = policy.predicates[truth.unknown];
      diagnostics
          .report(diag::Kind::kTestNeedsHost, expectation.span, "what comes of this depends on the machine")
          .label(predicate.span, fmt::format("`{}` is asked for", model::to_string(predicate)))
          .help("name one in the test: `host \"2n4c2t\";`, or a file that `lstopo` wrote");
    }
  }
}

}  // namespace scx::analysis
