// What `scxc diff` leaves out of its search before it begins: pairs of matches
// without a common task, and of cells without a common cgroup. Over random
// policies the search itself agrees with both.
#include "compiler/analysis/overlap.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "compiler/analysis/pair_classifier.h"
#include "compiler/analysis/policy_tests.h"
#include "compiler/analysis/task_search.h"
#include "runtime/classify/classify.h"
#include "tests/support/policy_maker.h"
#include "tests/unit/sema/compile.h"

namespace scx::analysis {
namespace {

constexpr size_t kMaxPositions = 4'000'000;

struct Side : test::Classified {
  using test::Classified::Classified;
  [[nodiscard]] PolicySide side() const { return {&*compiled.policy, &classifier}; }
};

uint32_t pairs() {
  const char* wanted = std::getenv("SCX_DIFF_POLICIES");
  return wanted != nullptr ? static_cast<uint32_t>(std::strtoul(wanted, nullptr, 10)) : 100;
}

TEST(Overlap, WhatItRulesOutNoSearchFinds) {
  size_t used = 0, apart = 0, asked = 0;
  for (uint32_t seed = 1; seed <= pairs(); ++seed) {
    const Side olds(testing::PolicyMaker(seed).make(6, 0)),
        news(testing::PolicyMaker(seed + 500'000).make(6, 0));
    if (!olds.sound() || !news.sound()) continue;
    ++used;
    const PairClassifier pair = join(olds.side(), news.side());
    const Overlap overlap(pair.classifier, pair.expressions);
    TaskSearch search(pair.classifier, {pair.sides[0].cells, pair.sides[1].cells}, kMaxPositions);
    const auto count = static_cast<uint32_t>(pair.expressions.size());
    for (uint32_t a = 0; a < count; ++a)
      for (uint32_t b = a; b < count; ++b) {
        ++asked;
        ASSERT_EQ(overlap.may(a, b), overlap.may(b, a));
        if (overlap.may(a, b)) continue;
        ++apart;
        ASSERT_NE(search.find({{&pair.expressions[a], true}, {&pair.expressions[b], true}}, World{}).answer,
                  Answer::kFound)
            << "seed " << seed;
      }
  }
  std::printf("%zu pairs of policies: %zu of %zu pairs of matches are apart\n", used, apart, asked);
  EXPECT_GT(used, pairs() / 5);
  EXPECT_GT(apart, used);
}

TEST(Overlap, CellsHaveACommonCgroupIfAndOnlyIfTheSearchFindsOne) {
  size_t used = 0, common_pairs = 0, other_pairs = 0, tasks = 0;
  for (uint32_t seed = 1; seed <= pairs(); ++seed) {
    const Side olds(testing::PolicyMaker(seed, true).make(2, 20)),
        news(testing::PolicyMaker(seed + 500'000, true).make(2, 0));
    if (!olds.sound() || !news.sound()) continue;
    ++used;
    const PairClassifier pair = join(olds.side(), news.side());
    TaskSearch search(pair.classifier, {pair.sides[0].cells, pair.sides[1].cells}, kMaxPositions);
    for (const bool full : {false, true}) {
      const auto common = search.strings().common_cells(full);
      ASSERT_TRUE(common);
      for (uint32_t a = 0; a < olds.classifier.cells.size(); ++a)
        for (uint32_t b = 0; b < news.classifier.cells.size(); ++b) {
          const bool is_common = common->contains({a, b});
          (is_common ? common_pairs : other_pairs) += 1;
          ASSERT_EQ(search.find({}, World{{a, b}, full}).answer, is_common ? Answer::kFound : Answer::kNone)
              << "seed " << seed << ", cells " << a << " and " << b;
        }
      for (const model::Test& test : olds.compiled.policy->tests) {
        ++tasks;
        ASSERT_TRUE(common->contains({classify::cell_of(olds.classifier, test.task.cgroup),
                                      classify::cell_of(news.classifier, test.task.cgroup)}))
            << "seed " << seed << ": " << test.task.cgroup;
      }
    }
  }
  std::printf("%zu pairs of policies: %zu pairs of cells meet, %zu do not, %zu tasks\n", used, common_pairs,
              other_pairs, tasks);
  EXPECT_GT(used, pairs() / 10);
  EXPECT_GT(common_pairs, used);
  EXPECT_GT(other_pairs, used);
}

}  // namespace
}  // namespace scx::analysis
