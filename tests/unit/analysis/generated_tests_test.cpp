// `scxc test --coverage` and `--generate`: by examples, and over random policies,
// whose generated tests parse, pass, and leave nothing that a test could reach.
#include "compiler/analysis/generated_tests.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/analysis/coverage.h"
#include "compiler/analysis/machine_check.h"
#include "compiler/analysis/policy_tests.h"
#include "tests/support/policy_maker.h"
#include "tests/unit/sema/compile.h"

namespace scx::analysis {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Subject : test::Classified {
  explicit Subject(const std::string& text) : test::Classified(text) {
    if (sound()) check_machines(*compiled.policy, classifier, compiled.diagnostics);
  }
  [[nodiscard]] GeneratedTests generate() const { return generate_tests(*compiled.policy, classifier); }
  [[nodiscard]] Coverage coverage() const { return cover(*compiled.policy, classifier, compiled.sources); }
  [[nodiscard]] PolicyTestReport run() const {
    return run_policy_tests(*compiled.policy, classifier, compiled.sources, std::nullopt);
  }
};

std::string generated(const std::string& text) {
  const Subject subject(text);
  return subject.sound() ? to_text(subject.generate()) : subject.compiled.rendered();
}

const std::string kBegin = "policy p { }\n";

TEST(GeneratedTests, ShowEachLayerAndEachValue) {
  EXPECT_EQ(generated(kBegin +
                      "layer web open { match comm \"nginx*\" and nice < 0; }\nlayer rest open { match *; }"),
            R"(
test "a process called nginx with nice -1 goes to web" {
    task { comm "nginx"; nice -1; }
    expect layer web in root;
}

test "any process goes to rest" {
    task { }
    expect layer rest in root;
}

test "a process called nginx goes to rest: `nice < 0` is false" {
    task { comm "nginx"; }
    expect layer rest in root;
}
)");
}

TEST(GeneratedTests, OnlyWhatIsMissing) {
  EXPECT_EQ(generated(kBegin + R"(layer web open { match comm "x"; }
layer rest open { match *; }
test "a" { task { comm "x"; } expect layer web in root; }
test "b" { task { } expect layer rest in root; })"),
            "");
  // A name that is taken.
  EXPECT_THAT(
      generated(kBegin + "layer rest open { match *; }\ntest \"any process goes to rest\" { task { } expect "
                         "not match m; }\nmatch m = comm \"x\";"),
      HasSubstr("test \"any process goes to rest (2)\""));
}

TEST(GeneratedTests, NameAMachineWhereThatDecides) {
  const std::string text = generated(kBegin +
                                     "layer a open { match comm \"x\"; } layer b open { match affinity "
                                     "within node 1 and affinity within llc 3; } "
                                     "layer c open { match affinity pinned; } layer d open { match not "
                                     "affinity full; } layer rest open { match *; }");
  EXPECT_THAT(text,
              HasSubstr("    host \"3n2l2c\";\n    task { affinity \"6-7\"; }\n    expect layer b in root;"));
  EXPECT_THAT(text, HasSubstr("affinity \"0\"; }\n    expect layer c in root;"));
  // Pinned, and yet everywhere.
  EXPECT_THAT(
      generated(kBegin +
                "layer a open { match affinity pinned and affinity full; } layer rest open { match *; }"),
      HasSubstr("    host \"1n1c\";\n    task { }\n    expect layer a in root;"));
  // Of the first layer the machine is no matter.
  EXPECT_THAT(text, HasSubstr("{\n    task { comm \"x\"; }\n    expect layer a in root;"));
}

TEST(GeneratedTests, PutACacheIntoEachNodeThatCanHaveIt) {
  const auto with = [](const std::string& match) {
    return generated(kBegin + "layer a open { match " + match + "; } layer rest open { match *; }");
  };
  EXPECT_THAT(with("affinity within llc 3 and not affinity within node 1"),
              HasSubstr("    host \"1n4l2c\";\n    task { affinity \"6-7\"; }\n    expect layer a in root;"));
  EXPECT_THAT(
      with("affinity within llc 7 and not affinity within node {0..2, 4..12}"),
      HasSubstr("    host \"14n2l2c\";\n    task { affinity \"14-15\"; }\n    expect layer a in root;"));
  // Machines of more CPUs than anybody reads through.
  EXPECT_THAT(with("affinity within node 600"), HasSubstr("    host \"601n1l2c\";\n    task { affinity"));
  EXPECT_THAT(with("affinity within llc 3000"),
              HasSubstr("    host \"1n3001l1c\";\n    task { affinity \"3000\""));
}

TEST(GeneratedTests, HaveReadableNames) {
  const std::string text =
      generated(kBegin +
                "layer a open { match comm \"\u00fc\"; } layer b open { match comm \"a'b\"; } "
                "layer c open { match comm \"a\\\"b\"; } layer d open { match comm "
                "\"\\xff\\x01\\xc2\\x9b\"; }\nlayer rest open { match *; }");
  EXPECT_THAT(text, HasSubstr("test \"a process called \u00fc goes to a\""));
  EXPECT_THAT(text, HasSubstr("test \"a process called 'a'b' goes to b\""));
  EXPECT_THAT(text, HasSubstr("test \"a process called 'a'b' goes to c\""));
  EXPECT_THAT(text, HasSubstr("test \"a process called '\ufffd?\?' goes to d\""));
}

TEST(GeneratedTests, WhatNoTestCanSayIsAComment) {
  EXPECT_THAT(
      generated(
          kBegin +
          "layer a open { match gpu process and not gpu process for 5m; } layer rest open { match *; }"),
      HasSubstr("#   layer `a` in `root`: its GPU was opened some time ago, a test's just now\n"));
  EXPECT_THAT(
      generated(kBegin + "layer a open { match uid \"alice\" and uid 5..9; } layer rest open { match *; }"),
      HasSubstr("#   layer `a` in `root`: a user or group would need another id"));
  EXPECT_THAT(generated(kBegin + "layer a open { match nice < 0 and comm \"x\" or nice >= 0; } layer b open "
                                 "{ match comm \"x*\" or nice < 0; } layer rest open { match *; }"),
              HasSubstr("#   layer `rest` in `root`: there is no such task\n"));
  EXPECT_THAT(
      generated(kBegin + "cells t for cgroup under \"/t/*\" { max 2; } layer a open { match not cgroup under "
                         "\"/t/*\"; } layer b open { match nice > 5; } layer rest open { match *; }"),
      HasSubstr(
          "#   layer `b` in `root`: only tasks reach it whose cgroup a full family of cells refused\n"));
}

// A comment is one line, whatever the policy has in its own.
TEST(GeneratedTests, AreTextOfOneLineEach) {
  const std::string policy =
      kBegin +
      "layer a open { match gpu process and not gpu\n  process # \" not a string\n for 5m; }\n"
      "layer b open { match comm \"a#  b\" or uid {1,\n 2}; }\nlayer rest open { match *; }\n";
  const std::string text = generated(policy);
  EXPECT_THAT(text, HasSubstr("#   `gpu process for 5m` is false: its GPU"));
  EXPECT_THAT(text, HasSubstr("goes to b: `uid {1, 2}` is true\""));
  EXPECT_THAT(text, HasSubstr("task { comm \"a#  b\"; }"));
  const Subject after(policy + text);
  ASSERT_TRUE(after.sound()) << after.compiled.rendered();
  EXPECT_TRUE(after.run().passed());
}

TEST(Coverage, TellsWhatTestsReach) {
  const Subject subject(kBegin + R"(match web = comm "nginx*";
layer web open { match web and nice < 0; }
layer batch open { match sched batch; }
layer rest open { match *; }
test "a" { task { comm "nginx"; nice -1; } expect layer web in root; }
test "b" { task { } expect layer rest in root; })");
  ASSERT_TRUE(subject.sound()) << subject.compiled.rendered();
  const std::string text = to_text(subject.coverage(), false);
  EXPECT_EQ(text, R"(layers reached: 2 of 3 (66%)
  yes  `web` in `root` (test.scx:3)
  no   `batch` in `root` (test.scx:4): not reached (it would be by task { sched batch; })
  yes  `rest` in `root` (test.scx:5)
values of matchers seen: 2 of 2 (100%)
  yes  `web` (test.scx:2)
values of tests seen: 4 of 6 (66%)
  yes  `comm "nginx*"` (test.scx:2)
  no   `nice < 0` (test.scx:3): never false (it would be by task { comm "nginx"; })
  no   `sched batch` (test.scx:4): never true (it would be by task { sched batch; })
)");
}

// On no machine whose nodes are alike is the first cache in the second node; a file of hwloc may say so.
TEST(Coverage, WhatNoMachineTriedShowsCounts) {
  const Subject subject(
      kBegin +
      "layer a open { match affinity within node 1 and affinity within llc 0; } layer rest "
      "open { match *; }\ntest \"a\" { host \"1n2c\"; task { } expect layer rest in root; }");
  ASSERT_TRUE(subject.sound()) << subject.compiled.rendered();
  EXPECT_EQ(subject.coverage().of_layers().percent(), 50U);
  EXPECT_THAT(
      to_text(subject.coverage(), false),
      HasSubstr("no   `a` in `root` (test.scx:2): not reached (no machine of those tried has CPUs like "
                "these)"));
}

TEST(Coverage, TheReasonIsWhatHelps) {
  const auto with = [](const std::string& match) {
    return generated(kBegin + "layer a open { match " + match + "; } layer rest open { match *; }");
  };
  // The policy names users, but they do not stand in the way.
  EXPECT_THAT(with("uid \"alice\" and affinity within node 1 and affinity within llc 0"),
              HasSubstr("#   layer `a` in `root`: no machine of those tried has CPUs like these\n"));
  EXPECT_THAT(with("uid \"alice\" and not sched normal and not sched batch and not sched idle"),
              HasSubstr("#   layer `a` in `root`: its scheduling class has no word\n"));
  EXPECT_THAT(with("uid \"alice\" and uid 5..9 and not sched {normal, batch, idle}"),
              HasSubstr("another id than its name has in tests; its scheduling class has no word\n"));
  // A proof needs no machine.
  EXPECT_THAT(with("uid \"alice\" and uid 5..9 and affinity within node 1 and affinity within llc 0"),
              HasSubstr("another id than its name has in tests\n"));
}

TEST(Coverage, WhatCannotBeReachedDoesNotCount) {
  const Subject subject(kBegin +
                        "layer a open { match nice < 0 and comm \"x\" or nice >= 0; } layer b open { match "
                        "comm \"x*\" or nice < 0; } "
                        "layer rest open { match *; }\n"
                        "test \"a\" { task { } expect layer a in root; } test \"b\" { task { nice -1; } "
                        "expect layer b in root; }");
  ASSERT_TRUE(subject.sound()) << subject.compiled.rendered();
  EXPECT_EQ(subject.coverage().of_layers().percent(), 100U);
  EXPECT_THAT(to_text(subject.coverage(), false),
              HasSubstr("-    `rest` in `root` (test.scx:2): not reached (there is no such task)"));
}

uint32_t policies() {
  const char* wanted = std::getenv("SCX_GENERATE_POLICIES");
  return wanted != nullptr ? static_cast<uint32_t>(std::strtoul(wanted, nullptr, 10)) : 60;
}

TEST(GeneratedTests, OfRandomPoliciesPassAndLeaveNothing) {
  uint32_t used = 0, tests = 0, comments = 0, counted = 0, layers = 0;
  for (uint32_t seed = 1; seed <= policies(); ++seed) {
    const bool cells = seed % 3 == 0;
    const std::string text = testing::PolicyMaker(seed, cells).make(cells ? 3 : 6, seed % 2 == 0 ? 3 : 0);
    const Subject before(text);
    if (!before.sound()) continue;
    ++used;
    const GeneratedTests made = before.generate();
    EXPECT_EQ(to_text(made), to_text(before.generate()));
    const Subject after(text + to_text(made));
    ASSERT_TRUE(after.sound()) << after.compiled.rendered() << text << to_text(made);
    const PolicyTestReport report = after.run();
    // The first tests expect what may be wrong.
    for (size_t i = before.compiled.policy->tests.size(); i < report.tests.size(); ++i)
      ASSERT_TRUE(report.tests[i].passed()) << to_text(report, after.classifier) << text << to_text(made);
    const Coverage coverage = after.coverage();
    EXPECT_EQ(coverage.of_layers().percent(), 100U) << to_text(coverage, false) << text << to_text(made);
    EXPECT_EQ(Coverage::of(coverage.predicates).percent(), 100U) << to_text(coverage, false) << text;
    EXPECT_THAT(after.generate().tests, IsEmpty()) << text << to_text(made);
    tests += static_cast<uint32_t>(made.tests.size());
    comments += static_cast<uint32_t>(made.unsayable.size());
    counted += static_cast<uint32_t>(coverage.of_layers().all);
    layers += static_cast<uint32_t>(coverage.layers.size());
  }
  std::printf("%u policies: %u tests generated, %u cases without one; %u of %u layers count\n", used, tests,
              comments, counted, layers);
  EXPECT_GT(used, policies() / 3);
  EXPECT_GT(tests, used);
  EXPECT_GT(counted * 10, layers * 7);
}

}  // namespace
}  // namespace scx::analysis
