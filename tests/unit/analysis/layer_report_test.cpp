// What `scxc explain --layer` says: the reference classifier confirms every
// example, of random policies too.
#include "compiler/analysis/layer_report.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/policy_maker.h"
#include "tests/unit/sema/compile.h"

namespace scx::analysis {
namespace {

using ::testing::HasSubstr;

// A policy with its classifier.
using Built = test::Classified;

// The layer that the reference classifier gives the task, and whether `also` would have taken it.
void expect_goes(const Built& built, LayerId id, const TaskFinding& found, uint32_t to, uint32_t also) {
  const classify::Verdict verdict = classify::classify(built.classifier, found.task, found.ids);
  EXPECT_EQ(verdict.cell, id.cell);
  EXPECT_EQ(verdict.match, to);
  const auto& layers = built.classifier.cells[id.cell].layers;
  EXPECT_TRUE(classify::evaluate(layers[also].match, verdict.predicates));
}

struct Counts {
  int reached = 0, earlier = 0, later = 0, none = 0;
};

void check_layer(const Built& built, LayerId id, Counts& counts) {
  const LayerReport report = report_on_layer(built.policy(), built.classifier, id);
  if (report.reached.answer == Answer::kFound && !report.only_refused) {
    expect_goes(built, id, report.reached, id.layer, id.layer);
    ++counts.reached;
  }
  EXPECT_EQ(report.earlier.size(), id.layer);
  for (const Rival& rival : report.earlier) {
    if (rival.task.answer == Answer::kNone) ++counts.none;
    if (rival.task.answer != Answer::kFound) continue;
    expect_goes(built, id, rival.task, rival.layer, id.layer);
    ++counts.earlier;
  }
  for (const Rival& rival : report.later) {
    EXPECT_GT(rival.layer, id.layer);
    if (rival.task.answer != Answer::kFound) continue;
    expect_goes(built, id, rival.task, id.layer, rival.layer);
    ++counts.later;
  }
}

TEST(LayerReport, ExamplesOfRandomPoliciesAreConfirmed) {
  Counts counts;
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    const std::string text = testing::PolicyMaker(seed, seed % 3 == 0).make(5, 0);
    const Built built(test::compile(text));
    if (!built.sound()) continue;
    SCOPED_TRACE(text);
    for (uint32_t cell = 0; cell < built.policy().cells.size(); ++cell)
      for (uint32_t layer = 0; layer < built.policy().cells[cell].layers.size(); ++layer)
        check_layer(built, {cell, layer}, counts);
  }
  EXPECT_GT(counts.reached, 50);
  EXPECT_GT(counts.earlier, 50);
  EXPECT_GT(counts.later, 50);
  EXPECT_GT(counts.none, 10);
}

TEST(LayerReport, AProofThatLayersAreApart) {
  const Built built(test::compile_body(
      "layer a open { match nice > 5; } layer b open { match nice < 0; } layer rest open { match *; }"));
  const LayerReport report = report_on_layer(built.policy(), built.classifier, {0, 1});
  ASSERT_EQ(report.earlier.size(), 1U);
  EXPECT_EQ(report.earlier[0].task.answer, Answer::kNone);
  EXPECT_TRUE(report.later.empty()) << "what is left is no rival";
}

const Property& property(const LayerReport& report, const std::string& name) {
  return *std::find_if(report.properties.begin(), report.properties.end(),
                       [&](const Property& one) { return one.name == name; });
}

TEST(LayerReport, SaysWhereAPropertyComesFrom) {
  const Built built(
      test::compile("policy p { slice 7ms; }\n"
                    "layer a confined { match nice > 5; cpus 2..4; slice 3ms; place near node 1; }\n"
                    "layer rest open { match *; }"));
  const LayerReport own = report_on_layer(built.policy(), built.classifier, {0, 0});
  EXPECT_EQ(property(own, "slice").value, "3ms");
  EXPECT_EQ(property(own, "slice").from, Property::From::kLayer);
  EXPECT_EQ(built.compiled.sources.text(property(own, "cpus").span), "cpus 2..4;");
  EXPECT_EQ(property(own, "place near node").from, Property::From::kLayer);
  EXPECT_EQ(property(own, "place near gpu").from, Property::From::kDefault);
  const LayerReport rest = report_on_layer(built.policy(), built.classifier, {0, 1});
  EXPECT_EQ(property(rest, "slice").value, "7ms");
  EXPECT_EQ(property(rest, "slice").from, Property::From::kPolicy);
  EXPECT_EQ(built.compiled.sources.text(property(rest, "slice").span), "slice 7ms;");
  EXPECT_EQ(std::count_if(rest.properties.begin(), rest.properties.end(),
                          [](const Property& one) { return one.name == "cpus"; }),
            0)
      << "an open layer has none";
}

TEST(LayerReport, NamesOfLayers) {
  const Built built(test::compile_body(
      "cell db { cgroup under \"/db\"; layer work open { match nice > 0; } layer only open { match *; } }\n"
      "layer work open { match nice > 5; } layer rest open { match *; }"));
  EXPECT_EQ(find_layer(built.policy(), "only")->cell, 1U);
  EXPECT_EQ(find_layer(built.policy(), "root/work")->cell, 0U);
  const Result<LayerId> both = find_layer(built.policy(), "work");
  ASSERT_FALSE(both);
  EXPECT_THAT(both.error().help, HasSubstr("`db/work`"));
  EXPECT_EQ(find_layer(built.policy(), "onyl").error().help, "did you mean `only`?");
  EXPECT_EQ(find_layer(built.policy(), "db/wrk").error().help, "did you mean `db/work`?");
  EXPECT_FALSE(find_layer(built.policy(), ""));
}

}  // namespace
}  // namespace scx::analysis
