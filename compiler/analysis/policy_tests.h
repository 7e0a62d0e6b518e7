// `scxc test`: runs the `test` blocks of a policy on the reference classifier
// and, where the caller has one, on the emitted classifier compiled for this
// machine. Both must agree; where they do not, the compiler has a bug and the
// result says so. The driver calls it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/model/model.h"
#include "compiler/support/source.h"
#include "runtime/abi/classifier.h"
#include "runtime/base/result.h"
#include "runtime/classify/classify.h"

namespace scx::analysis {

// The second engine: the domain that the emitted classifier gives a task. It
// must have set its user and group ids from test_name_ids().
using Engine = std::function<Result<uint32_t>(const classify::TaskFacts&)>;

// The ids that names have in tests, on every machine: `root` is 0, `nobody`
// and `nogroup` are 65534, and the other names of the policy get ids of their
// own beyond those that systems give out.
classify::NameIds test_name_ids(const model::Policy& policy);

// The task of a test as the classifier reads it.
classify::TaskFacts test_facts(const model::TestTask& task, const classify::NameIds& ids);

// A predicate that settled an expectation.
struct DecidingPredicate {
  uint32_t predicate = 0;
  bool value = false;
  std::string task_value;  // what the predicate read of the task
};

struct ExpectationResult {
  bool passed = false;
  abi::Location where;
  std::string expected;  // "layer `web` in `root`", "a match of `web`"
  std::string got;
  // Why the task is in another cell than the expected layer; empty if it is not.
  std::string cell;
  // Why the expected layer or matcher said what it said, then why another layer took the task.
  std::vector<DecidingPredicate> deciding;
};

struct TestResult {
  std::string name;
  abi::Location where;
  std::vector<ExpectationResult> expectations;
  // Trouble with the second engine: it failed, or the engines disagree (reason
  // "engines-disagree", the task in the message).
  std::optional<Error> error;
  [[nodiscard]] bool passed() const;
};

struct PolicyTestReport {
  std::vector<TestResult> tests;
  uint32_t engines = 1;
  [[nodiscard]] size_t failed() const;
  [[nodiscard]] bool passed() const { return failed() == 0; }
};

// Preconditions: sema accepted the policy; `classifier` was built from it.
PolicyTestReport run_policy_tests(const model::Policy& policy, const abi::Classifier& classifier,
                                  const Sources& sources, const std::optional<Engine>& engine);

// For people: a line a test, and under a failed one what was expected, what
// came and which predicates decided; ends in a line that counts. Plain text.
std::string to_text(const PolicyTestReport& report, const abi::Classifier& classifier);
// For tools: one JSON object, `version` 1, ends in a newline.
// With `coverage` that, too.
struct Coverage;
std::string to_json(const PolicyTestReport& report, const abi::Classifier& classifier,
                    const Coverage* coverage = nullptr);

}  // namespace scx::analysis
