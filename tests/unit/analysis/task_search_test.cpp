// The search for a task: what it finds the reference classifier confirms, what
// it rules out no random task contradicts.
#include "compiler/analysis/task_search.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/analysis/policy_tests.h"
#include "compiler/analysis/task_text.h"
#include "compiler/automata/build.h"
#include "tests/support/policy_maker.h"
#include "tests/unit/sema/compile.h"

namespace scx::analysis {
namespace {

// The task that `in` matches and `out` does not, or "none", or "undecided".
std::string search(const std::string& in, const std::string& out) {
  test::Compiled compiled = test::compile_body("layer a open { match " + in + "; } layer b open { match " +
                                               out + "; } layer rest open { match *; }");
  if (!compiled.policy) return compiled.rendered();
  const abi::Classifier classifier =
      automata::build_classifier(*compiled.policy, compiled.sources, compiled.diagnostics);
  const auto& layers = classifier.cells.front().layers;
  TaskSearch tasks(*compiled.policy, classifier);
  const TaskFinding found = tasks.find({{&layers[0].match, true}, {&layers[1].match, false}}, std::nullopt);
  return found.answer == Answer::kFound  ? task_text(found)
         : found.answer == Answer::kNone ? "none"
                                         : "undecided";
}

struct Question {
  const char* in;
  const char* out;
  const char* answer;
};

class TaskSearchAnswers : public ::testing::TestWithParam<Question> {};

TEST_P(TaskSearchAnswers, AsExpected) {
  const Question& question = GetParam();
  EXPECT_EQ(search(question.in, question.out), question.answer) << question.in << " without " << question.out;
}

INSTANTIATE_TEST_SUITE_P(
    , TaskSearchAnswers,
    ::testing::Values(
        // Names and paths.
        Question{"comm \"a*\" and comm suffix \"b\"", "comm \"ab\"", "task { comm \"a0b\"; }"},
        Question{"comm \"nginx: w*\"", "comm prefix \"nginx\"", "none"},
        // 16 bytes are one more than a comm has.
        Question{"comm contains \"aaaaaaaa\" and comm contains \"bbbbbbbb\"", "kthread", "none"},
        Question{"comm contains \"aaaaaaaa\" and comm contains \"bbbbbbb\"", "kthread",
                 "task { comm \"aaaaaaaabbbbbbb\"; }"},
        Question{"cgroup under \"/a\"", "cgroup under \"/a/*\"", "task { cgroup \"/a\"; }"},
        Question{"cgroup under \"/a/b\"", "cgroup under \"/*/b\" or nice 5", "none"},
        // A leader's name is its leader's.
        Question{"leader comm \"x\"", "comm \"x\"", "task { not leader; leader comm \"x\"; }"},
        Question{"leader comm \"x\" and leader", "comm \"x\"", "none"},
        Question{"leader comm \"*x\" and comm \"y*\" and leader", "kthread", "task { comm \"yx\"; }"},
        // A leader's thread id is its process's.
        Question{"pid 5 and tgid 6", "leader", "task { not leader; pid 5; tgid 6; }"},
        Question{"pid 5 and tgid 6", "not leader", "none"}, Question{"pid 5 and tgid 5", "leader", "none"},
        Question{"tgid 5 and pid 5..6", "leader", "task { not leader; pid 6; tgid 5; }"},
        // Numbers.
        Question{"nice > 0", "nice 2..", "task { nice 1; }"},
        Question{"nice 3..5 and not nice 4", "nice {3, 5}", "none"},
        Question{"sched {batch, idle}", "sched batch", "task { sched idle; }"},
        // Who has a name's id is known of root alone.
        Question{"uid \"alice\" and uid 1000", "kthread", "task { uid \"alice\"; }"},
        Question{"uid \"root\" and uid {0, 5}", "uid 0", "none"},
        Question{"uid {\"alice\", 7}", "uid \"alice\"", "task { uid 7; }"},
        Question{"gid != \"staff\"", "gid 0", "task { gid 1; }"},
        Question{"uid \"zed\"", "uid \"root\"", "task { uid \"zed\"; }"},
        Question{"uid \"zed\"", "uid 1..", "undecided"},
        // Two names of one user, known where the policy is loaded.
        Question{"uid \"toor\" and uid \"root\"", "kthread", "undecided"},
        Question{"uid \"toor\" and uid \"admin\"", "kthread", "undecided"},
        Question{"uid \"toor\" and uid \"admin\"", "uid \"admin\"", "none"},
        Question{"gid \"wheel\" and gid 0", "kthread", "undecided"},
        Question{"comm \"x\"", "leader comm \"x\"", "task { comm \"x\"; not leader; leader comm \"\"; }"},
        Question{"not leader and pid 1", "kthread", "task { not leader; pid 1; tgid 2; }"},
        // Places.
        Question{"affinity pinned", "affinity within llc {0..9}",
                 "task { affinity within node 0; affinity within llc 10; affinity pinned; }"},
        Question{"affinity within llc 3", "affinity pinned",
                 "task { affinity within node 0; affinity within llc 3; }"},
        // GPUs: what a thread opened its process did, and what was seen of one device is seen of any.
        Question{"gpu thread device 1", "gpu process", "none"},
        Question{"gpu thread device 1 for 5m", "gpu thread for 10m", "none"},
        Question{"gpu process", "not kthread", "none"},
        Question{"gpu process", "gpu thread", "task { gpu process device 0; }"},
        Question{"gpu process device 1 for 10m", "gpu process device 1 for 5m",
                 "task { gpu process device 1 (opened 301s ago); }"},
        // The reference classifier knows of one device at a time.
        Question{"gpu process device 1 and gpu process device 2", "kthread", "undecided"},
        // Structure.
        Question{"(comm \"a\" or nice 1) and (comm \"b\" or nice 2)", "comm \"b\"",
                 "task { comm \"a\"; nice 2; }"},
        Question{"(comm \"a\" or nice 1) and (comm \"b\" or nice 2)",
                 "(comm \"b\" and nice 1) or (comm \"a\" and nice 2)", "none"}));

// How many policies: a million witnesses are a soak.
uint32_t policies() {
  const char* wanted = std::getenv("SCX_SEARCH_POLICIES");
  return wanted != nullptr ? static_cast<uint32_t>(std::strtoul(wanted, nullptr, 10)) : 150;
}

// What is asked of one policy: for each cell, the goals.
struct Asked {
  uint32_t cell = 0;
  std::vector<Goal> goals;
  Answer answer = Answer::kNone;
};

// Each layer behind those before it, and each pair with and without the second.
std::vector<Asked> questions(const abi::Classifier& classifier) {
  std::vector<Asked> out;
  for (uint32_t cell = 0; cell < classifier.cells.size(); ++cell) {
    std::vector<Goal> goals;
    for (const abi::DomainMatch& layer : classifier.cells[cell].layers) {
      goals.push_back({&layer.match, true});
      out.push_back({cell, goals});
      goals.back().holds = false;
      for (const abi::DomainMatch& other : classifier.cells[cell].layers)
        if (&other != &layer)
          for (const bool holds : {true, false})
            out.push_back({cell, {{&layer.match, true}, {&other.match, holds}}});
    }
  }
  return out;
}

// What is ruled out, no task of a random policy does.
TEST(TaskSearch, AgreesWithRandomTasks) {
  uint32_t used = 0, found = 0, none = 0, undecided = 0, confirmed = 0;
  for (uint32_t seed = 1; seed <= policies(); ++seed) {
    const bool cells = seed % 3 == 0;
    const std::string text = testing::PolicyMaker(seed, cells).make(cells ? 3 : 6, 40);
    test::Compiled compiled = test::compile(text);
    if (!compiled.policy || compiled.diagnostics.has_errors()) continue;
    ++used;
    const abi::Classifier classifier =
        automata::build_classifier(*compiled.policy, compiled.sources, compiled.diagnostics);
    TaskSearch tasks(*compiled.policy, classifier);
    std::vector<Asked> asked = questions(classifier);
    for (Asked& one : asked) {
      one.answer = tasks.find(one.goals, one.cell).answer;
      (one.answer == Answer::kFound ? found : one.answer == Answer::kNone ? none : undecided) += 1;
    }
    const classify::NameIds ids = test_name_ids(*compiled.policy);
    for (const model::Test& test : compiled.policy->tests) {
      const classify::Verdict verdict = classify::classify(classifier, test_facts(test.task, ids), ids);
      for (const Asked& one : asked) {
        const bool meets = one.cell == verdict.cell &&
                           std::all_of(one.goals.begin(), one.goals.end(), [&](const Goal& goal) {
                             return classify::evaluate(*goal.expression, verdict.predicates) == goal.holds;
                           });
        if (!meets) continue;
        ASSERT_NE(one.answer, Answer::kNone) << "seed " << seed << ", " << test.name << "\n" << text;
        ++confirmed;
      }
    }
  }
  std::printf("%u policies: %u tasks found, %u proofs of none, %u undecided; %u tasks agree\n", used, found,
              none, undecided, confirmed);
  EXPECT_GT(used, policies() / 3);
  EXPECT_GT(none, used);
  EXPECT_LT(undecided, (found + none) / 50 + 1);
}

}  // namespace
}  // namespace scx::analysis
