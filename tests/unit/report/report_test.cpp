#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "runtime/report/figures.h"
#include "runtime/report/render.h"

namespace scx::report {
namespace {

using testing::HasSubstr;
using testing::Not;

abi::Manifest two_layers() {
  abi::Manifest manifest;
  manifest.policy = "edge";
  manifest.fingerprint = "abcd";
  manifest.domains.resize(2);
  manifest.domains[0].cell = manifest.domains[1].cell = "root";
  manifest.domains[0].layer = "web";
  manifest.domains[0].kind = abi::LayerKind::kConfined;
  manifest.domains[0].weight = 200;
  manifest.domains[1].layer = "rest";
  return manifest;
}

plan::Plan two_plans() {
  plan::Plan plan;
  plan.owner = {0, 0, plan::kPool, plan::kPool};
  plan.online = {0, 1, 2, 3};
  plan.pool = {2, 3};
  plan.domains = {{0, "root", "web", abi::LayerKind::kConfined, 200, 1, 4, {0, 1}, {0, 1}},
                  {1, "root", "rest", abi::LayerKind::kOpen, 100, 0, 0, {}, {2, 3}}};
  return plan;
}

Frame frame() {
  std::vector<Counters> before(2, Counters{});
  std::vector<Counters> now(2, Counters{});
  before[0][SCX_STAT_RUNS] = 100;
  now[0][SCX_STAT_RUNS] = 300;
  now[0][SCX_STAT_RUNTIME] = 3'000'000'000;
  now[0][SCX_STAT_RUNTIME_HOME] = 2'000'000'000;
  now[0][SCX_STAT_WAIT] = 400'000;
  now[0][SCX_STAT_ENTERED] = 7;
  now[0][SCX_STAT_LEFT] = 3;
  before[1][SCX_STAT_QUEUED] = 10;
  now[1][SCX_STAT_QUEUED] = 4;  // never happens; must not become a huge number
  return make_frame(two_layers(), two_plans(), before, now, 2.0, 12.5);
}

TEST(Figures, RatesAndShares) {
  const Frame f = frame();
  ASSERT_EQ(f.layers.size(), 2U);
  const LayerFigures& web = f.layers[0];
  EXPECT_DOUBLE_EQ(web.rate[SCX_STAT_RUNS], 100.0);
  EXPECT_DOUBLE_EQ(web.cpus_used, 1.5);
  EXPECT_DOUBLE_EQ(web.utilization, 0.5);
  EXPECT_DOUBLE_EQ(web.wait_ns, 2000.0);
  EXPECT_EQ(web.tasks, 4U);
  EXPECT_TRUE(web.owns_cpus);
  EXPECT_FALSE(f.layers[1].owns_cpus);
  EXPECT_DOUBLE_EQ(f.layers[1].rate[SCX_STAT_QUEUED], 0.0);
  EXPECT_DOUBLE_EQ(f.layers[1].wait_ns, 0.0);
}

TEST(Render, Table) {
  EXPECT_EQ(table(frame(), {false, 200}),
            "policy edge: 12 s, 4 CPUs online, 2 in the pool\n"
            "LAYER  KIND      CPUS  USED  UTIL  RUNS/S   WAIT  IDLE/S  QUEUED/S  FORCED/S  TASKS  ON\n"
            "web    confined     2  1.50   50%     100  2.0us       0         0         0      4  0-1\n"
            "rest   open        2*  0.00    0%       0      -       0         0         0      0  2-3\n");
}

TEST(Render, TableIsCutToTheTerminalAndColoredOnRequest) {
  std::istringstream lines(table(frame(), {false, 30}));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 30U);
  EXPECT_THAT(table(frame(), {false, 80}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(table(frame(), {true, 80}), HasSubstr("\x1b[1m"));
}

TEST(Render, PlainLines) {
  EXPECT_THAT(plain_lines(frame()),
              HasSubstr("12.5s root/web cpus=2 used=1.50 util=50% runs/s=100 wait=2.0us idle/s=0 queued/s=0 "
                        "forced/s=0 tasks=4\n"));
}

TEST(Render, JsonIsVersionedAndKeyedByCellAndLayer) {
  const std::string text = json(frame());
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  const auto document = nlohmann::json::parse(text);
  EXPECT_EQ(document["schema"], "scx-run.stats");
  EXPECT_EQ(document["version"], kStatsVersion);
  EXPECT_EQ(document["type"], "stats");
  const auto& web = document["cells"]["root"]["layers"]["web"];
  EXPECT_EQ(web["total"]["runs"], 300);
  EXPECT_EQ(web["rate"]["runs"], 100.0);
  EXPECT_EQ(web["cpus"], "0-1");
  EXPECT_EQ(web["tasks"], 4);
  EXPECT_EQ(web["total"].size(), static_cast<size_t>(SCX_STAT_COUNT));
}

TEST(Render, JsonSurvivesBytesThatAreNoText) {
  Frame f = frame();
  f.layers[0].layer = "a\xff\"b";
  EXPECT_NO_THROW((void)nlohmann::json::parse(json(f)));
}

TEST(Render, EveryMemberIsDocumented) {
  std::ifstream file(SCX_SOURCE_DIR "/runtime/report/README.md");
  std::stringstream readme;
  readme << file.rdbuf();
  const auto stats = nlohmann::json::parse(json(frame()));
  const auto end = nlohmann::json::parse(json(EndFigures{"edge", "abcd", 1, true, 64, 0, "r", "m"}));
  auto check = [&](const nlohmann::json& object) {
    for (const auto& [key, value] : object.items())
      EXPECT_THAT(readme.str(), HasSubstr("`" + key + "`")) << key;
  };
  for (const auto* document : {&stats, &end})
    for (const auto& [key, value] : document->items())
      if (key != "cells") EXPECT_THAT(readme.str(), HasSubstr("`" + key + "`")) << key;
  const auto& layer = stats["cells"]["root"]["layers"]["web"];
  check(layer);
  check(layer["total"]);
  check(end["exit"]);
}

TEST(Render, Durations) {
  EXPECT_EQ(duration(0), "-");
  EXPECT_EQ(duration(999), "999ns");
  EXPECT_EQ(duration(1500), "1.5us");
  EXPECT_EQ(duration(12e6), "12ms");
  EXPECT_EQ(duration(3.2e9), "3.2s");
  EXPECT_EQ(duration(7.2e12), "2.0h");
}

TEST(Render, DomainsInPolicyTerms) {
  EXPECT_EQ(in_policy_terms("task of domain 1 in subdomain 1, domain 9\x1b[31m", two_layers()),
            "task of layer root/rest in subdomain 1, domain 9?[31m");
  EXPECT_EQ(exit_kind(1026), "stall: a runnable task did not get a CPU");
}

}  // namespace
}  // namespace scx::report
