// The runner behind `scxc test`: verdicts, their reasons, and two engines that must agree.
#include "compiler/analysis/policy_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/automata/build.h"

namespace scx::analysis {
namespace {

using testing::HasSubstr;
using testing::Not;
using Kind = abi::Expression::Kind;

constexpr std::string_view kText =
    "match web = comm \"nginx*\";\n"
    "layer web open { match web and nice < 0; }\n"
    "layer users open { match uid \"alice\"; }\n"
    "layer rest open { match *; }\n"
    "test \"t\" { }\n";

// The policy of kText with one test.
struct Fixture {
  Sources sources;
  model::Policy policy;
  abi::Classifier classifier;

  Fixture() {
    const FileId file = sources.add("p.scx", "p.scx", std::string(kText));
    const auto span = [&](std::string_view piece) {
      const auto at = static_cast<uint32_t>(kText.find(piece));
      return Span{file, at, at + static_cast<uint32_t>(piece.size())};
    };
    model::Predicate comm, nice, uid;
    comm.attribute = abi::Attribute::kComm;
    comm.string = model::StringTest{model::StringTest::Op::kGlob, "nginx*"};
    comm.span = span("comm \"nginx*\"");
    nice.attribute = abi::Attribute::kNice;
    nice.ranges = {{-20, -1}};
    nice.span = span("nice < 0");
    uid.attribute = abi::Attribute::kUid;
    uid.names = {"alice"};
    uid.span = span("uid \"alice\"");
    policy.predicates = {comm, nice, uid};
    const auto test_of = [](uint32_t i) { return abi::Expression{Kind::kTest, i, {}}; };
    policy.matchers = {{"web", test_of(0), span("web = "), span("comm \"nginx*\"")}};
    model::Cell root;
    root.name = "root";
    const std::pair<const char*, abi::Expression> layers[] = {
        {"web", {Kind::kAnd, 0, {test_of(0), test_of(1)}}}, {"users", test_of(2)}, {"rest", {}}};
    for (const auto& [name, match] : layers) {
      model::Layer layer;
      layer.name = name;
      layer.match = match;
      root.layers.push_back(layer);
    }
    policy.cells = {root};
    policy.number_domains();
    model::Test test;
    test.name = "t";
    test.span = span("test \"t\"");
    policy.tests = {test};
    diag::Diagnostics diagnostics;
    classifier = automata::build_classifier(policy, sources, diagnostics);
    EXPECT_FALSE(diagnostics.has_errors());
  }
  model::TestTask& task() { return policy.tests[0].task; }
  void expect_layer(uint32_t domain, bool negated = false) {
    policy.tests[0].expectations.push_back(
        {model::Expectation::Kind::kLayer, domain, 0, negated, policy.tests[0].span});
  }
  void expect_match(bool negated = false) {
    policy.tests[0].expectations.push_back(
        {model::Expectation::Kind::kMatch, 0, 0, negated, policy.tests[0].span});
  }
  PolicyTestReport run(const std::optional<Engine>& engine = std::nullopt) {
    return run_policy_tests(policy, classifier, sources, engine);
  }
};

TEST(PolicyTests, PassAndSaySo) {
  Fixture f;
  f.task().comm = "nginx: worker";
  f.task().nice = -1;
  f.expect_layer(0);
  f.expect_layer(2, /*negated=*/true);
  f.expect_match();
  const PolicyTestReport report = f.run();
  EXPECT_TRUE(report.passed());
  EXPECT_EQ(to_text(report, f.classifier),
            "ok   \"t\" (p.scx:5)\n1 test: 1 passed, 0 failed (reference classifier)\n");
}

TEST(PolicyTests, AFailureNamesThePredicatesThatDecided) {
  Fixture f;
  f.task().comm = "nginx";
  f.expect_layer(0);
  f.expect_match(/*negated=*/true);
  const PolicyTestReport report = f.run();
  EXPECT_EQ(report.failed(), 1U);
  const std::string text = to_text(report, f.classifier);
  EXPECT_THAT(text, HasSubstr("FAIL \"t\" (p.scx:5)\n"));
  EXPECT_THAT(text, HasSubstr("p.scx:5: expected layer `web` in `root`, got layer `rest` in `root`\n"));
  EXPECT_THAT(text, HasSubstr("`nice < 0` is false (p.scx:2): the task has nice 0\n"));
  EXPECT_THAT(text, HasSubstr("expected no match of `web`, got a match of `web`\n"));
  EXPECT_THAT(text, HasSubstr("`comm \"nginx*\"` is true (p.scx:1): the task has comm \"nginx\"\n"));
  EXPECT_THAT(text, Not(HasSubstr("alice"))) << "it decided nothing";
  EXPECT_THAT(text, HasSubstr("1 test: 0 passed, 1 failed"));
}

TEST(PolicyTests, NamesMeanTheSameOnEveryMachine) {
  Fixture f;
  f.task().uid_name = "alice";
  f.expect_layer(1);
  EXPECT_TRUE(f.run().passed());
  f.task().uid_name = "bob";
  EXPECT_FALSE(f.run().passed());
  f.policy.predicates[2].names = {"root", "nobody"};
  const classify::NameIds ids = test_name_ids(f.policy);
  EXPECT_EQ(ids.users.at("root"), 0);
  EXPECT_EQ(ids.users.at("nobody"), 65534);
  EXPECT_GT(ids.users.at("bob"), 65534);
}

TEST(PolicyTests, ALeaderIsItsOwnLeader) {
  model::TestTask task;
  task.comm = "db";
  EXPECT_EQ(test_facts(task, {}).leader_comm, "db");
  task.leader = false;
  task.leader_comm = "main";
  EXPECT_EQ(test_facts(task, {}).leader_comm, "main");
}

TEST(PolicyTests, BothEnginesMustAgree) {
  Fixture f;
  f.expect_layer(2);
  const PolicyTestReport agreed = f.run([](const classify::TaskFacts&) -> Result<uint32_t> { return 2U; });
  EXPECT_TRUE(agreed.passed());
  EXPECT_THAT(to_text(agreed, f.classifier), HasSubstr("(reference and emitted classifier)"));

  const PolicyTestReport split = f.run([](const classify::TaskFacts&) -> Result<uint32_t> { return 1U; });
  ASSERT_TRUE(split.tests[0].error.has_value());
  EXPECT_EQ(split.tests[0].error->reason, "engines-disagree");
  EXPECT_THAT(
      to_text(split, f.classifier),
      HasSubstr(
          "internal error: the reference classifier says layer `rest` in `root`, the emitted one says layer "
          "`users` in `root`, for the task cgroup \"/\", comm \"\""));
  EXPECT_FALSE(split.passed());

  const PolicyTestReport broken =
      f.run([](const classify::TaskFacts&) -> Result<uint32_t> { return make_error("no"); });
  EXPECT_FALSE(broken.passed());
}

TEST(PolicyTests, JsonForTools) {
  Fixture f;
  f.task().comm = "nginx\x01";
  f.expect_layer(0);
  const std::string text = to_json(f.run(), f.classifier);
  const auto document = nlohmann::json::parse(text, nullptr, false);
  ASSERT_FALSE(document.is_discarded());
  EXPECT_TRUE(text.ends_with("}\n"));
  EXPECT_EQ(document["failed"], 1);
  const auto& expectation = document["tests"][0]["expectations"][0];
  EXPECT_EQ(expectation["passed"], false);
  EXPECT_EQ(expectation["where"]["line"], 5);
  EXPECT_EQ(expectation["deciding"][0]["attribute"], "nice");
  EXPECT_EQ(expectation["deciding"][0]["task"], "0");
}

}  // namespace
}  // namespace scx::analysis
