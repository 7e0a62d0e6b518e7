// The machines on which generated tests put their tasks: every place says of
// itself what the compiler makes of it, and whatever place a test of an arbitrary
// machine has, there is one among them that no test of an attribute tells from it.
#include "compiler/analysis/test_world.h"

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/analysis/policy_tests.h"
#include "compiler/automata/build.h"
#include "tests/unit/sema/compile.h"

namespace scx::analysis {
namespace {

std::string place_test(int index, const std::string& host, const std::string& cpus) {
  return fmt::format("test \"t{}\" {{ host \"{}\"; task {{ {} }} expect layer rest in root; }}\n", index,
                     host, cpus.empty() ? "" : "affinity \"" + cpus + "\";");
}

std::string policy_of(const std::vector<std::string>& matches) {
  std::string out = "policy p { }\n";
  for (size_t i = 0; i < matches.size(); ++i)
    out += fmt::format("layer l{} open {{ match {}; }}\n", i, matches[i]);
  return out + "layer rest open { match *; }\n";
}

TEST(TestWorld, PlacesAreWhatTheySay) {
  for (const std::vector<std::string>& matches :
       {std::vector<std::string>{"affinity within node 1", "affinity within llc 3"},
        {"affinity within node {2, 5}", "affinity within llc 4..6", "affinity pinned"},
        {"affinity full"},
        {"affinity within node 600"},
        {"affinity within llc 300"},
        {"affinity within llc 3000"}}) {
    const std::string text = policy_of(matches);
    const test::Compiled plain = test::compile(text);
    ASSERT_TRUE(plain.policy) << plain.rendered();
    const TestWorld world = test_world(*plain.policy);
    std::string tests;
    for (size_t i = 0; i < world.placements.size(); ++i)
      tests += place_test(static_cast<int>(i), world.placements[i].host, world.placements[i].cpus);
    const test::Compiled compiled = test::compile(text + tests);
    ASSERT_TRUE(compiled.policy && !compiled.diagnostics.has_errors()) << compiled.rendered();
    for (size_t i = 0; i < world.placements.size(); ++i) {
      const Placement& said = world.placements[i];
      const model::TestTask& task = compiled.policy->tests[i].task;
      ASSERT_EQ(task.affinity_node, said.node) << said.host << " " << said.cpus;
      ASSERT_EQ(task.affinity_llc, said.llc) << said.host << " " << said.cpus;
      ASSERT_EQ(task.affinity_full, said.full) << said.host << " " << said.cpus;
      ASSERT_EQ(task.affinity_pinned, said.pinned) << said.host << " " << said.cpus;
    }
  }
}

// Some machine of up to 96 CPUs, and some of them.
std::string random_test(std::mt19937& random, int index) {
  const auto below = [&](size_t bound) {
    return std::uniform_int_distribution<size_t>(0, bound - 1)(random);
  };
  const size_t nodes = 1 + below(below(2) == 0 ? 3 : 12), caches = 1 + below(4), cpus = 1 + below(2);
  const size_t all = nodes * caches * cpus;
  const std::string host = fmt::format("{}n{}l{}c", nodes, caches, cpus);
  const size_t first = below(all), last = first + below(all - first);
  switch (below(5)) {
    case 0:
      return place_test(index, host, "");
    case 1:
      return place_test(index, host, fmt::format("{}", first));
    case 2:
      return place_test(index, host, fmt::format("{},{}", below(all), last));
    case 3: {
      // A whole cache.
      const size_t cache = first / cpus;
      return place_test(index, host, fmt::format("{}-{}", cache * cpus, cache * cpus + cpus - 1));
    }
    default:
      return place_test(index, host, fmt::format("{}-{}", first, last));
  }
}

std::string random_match(std::mt19937& random) {
  const auto below = [&](int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random); };
  const char* what = below(2) == 0 ? "node" : "llc";
  const int low = below(what[0] == 'n' ? 8 : 20);
  switch (below(5)) {
    case 0:
      return fmt::format("affinity within {} {}..{}", what, low, low + below(4));
    case 1:
      return fmt::format("not affinity within {} {{{}, {}}}", what, low, low + 2 + below(4));
    case 2:
      return below(2) == 0 ? "affinity pinned" : "affinity full";
    default:
      return fmt::format("affinity within {} {}", what, low);
  }
}

TEST(TestWorld, HasAPlaceForThatOfAnyMachine) {
  int compared = 0;
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> matches;
    for (uint32_t i = 0; i < 1 + seed % 4; ++i)
      matches.push_back("nice " + std::to_string(i) + " and " + random_match(random));
    std::string text = policy_of(matches);
    for (int i = 0; i < 60; ++i) text += random_test(random, i);
    test::Compiled compiled = test::compile(text);
    if (!compiled.policy || compiled.diagnostics.has_errors()) continue;
    const model::Policy& policy = *compiled.policy;
    const abi::Classifier classifier =
        automata::build_classifier(policy, compiled.sources, compiled.diagnostics);
    const TestWorld world = test_world(policy);
    for (const model::Test& test : policy.tests) {
      const classify::TaskFacts facts = test_facts(test.task, world.ids);
      const bool has_one =
          std::any_of(world.placements.begin(), world.placements.end(), [&](const Placement& place) {
            classify::TaskFacts there = facts;
            there.affinity_node = place.node;
            there.affinity_llc = place.llc;
            there.affinity_full = place.full;
            there.affinity_pinned = place.pinned;
            return std::all_of(classifier.predicates.begin(), classifier.predicates.end(),
                               [&](const auto& one) {
                                 return classify::holds(classifier, one, facts, world.ids) ==
                                        classify::holds(classifier, one, there, world.ids);
                               });
          });
      ASSERT_TRUE(has_one) << "seed " << seed << ": " << test.name << "\n" << text;
      ++compared;
    }
  }
  std::printf("%d places of arbitrary machines\n", compared);
  EXPECT_GT(compared, 1000);
}

}  // namespace
}  // namespace scx::analysis
