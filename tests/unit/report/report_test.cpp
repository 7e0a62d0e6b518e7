#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "runtime/report/dry_run.h"
#include "runtime/report/events.h"
#include "runtime/report/figures.h"
#include "runtime/report/render.h"
#include "tests/unit/cells/policies.h"

namespace scx::report {
namespace {

using testing::HasSubstr;
using testing::Not;

abi::Manifest two_layers() {
  abi::Manifest manifest;
  manifest.policy = "edge";
  manifest.fingerprint = "abcd";
  abi::Cell root;
  root.name = "root";
  root.layer_count = 2;
  manifest.cells = {root};
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
  plan.cells = {{0, "root", 1, {0, 1, 2, 3}, {2, 3}, 0}};
  return plan;
}

cells::CellView root_view() { return {0, cells::SlotState::kRunning, 1, "root", "root", {}}; }

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
  const abi::Manifest manifest = two_layers();
  const plan::Plan plan = two_plans();
  return make_frame({manifest, plan, {root_view()}, {}, before, now, 2.0, 12.5});
}

abi::Manifest with_cells() {
  const cells::Cells c = cells::root_db_tenants(3);
  abi::Manifest manifest;
  manifest.policy = "edge";
  manifest.fingerprint = "abcd";
  manifest.cells = c.cells;
  manifest.domains = c.domains;
  return manifest;
}

// `db` runs in root, the first tenant on four CPUs, the second one drains.
std::vector<cells::CellView> views() {
  using cells::SlotState;
  return {root_view(),
          {1, SlotState::kRunning, 1, "db", "db", {"/db.slice"}},
          {2, SlotState::kRunning, 4, "tenants:/tenants/a", "tenants:a", {"/tenants/a"}},
          {3, SlotState::kDraining, 1, "tenants:/tenants/b", "tenants:b", {}}};
}

Frame cells_frame() {
  const abi::Manifest manifest = with_cells();
  plan::Plan plan;
  plan.online = {0, 1, 2, 3, 4, 5, 6, 7};
  plan.cells = {{0, "root", 1, {4, 5, 6, 7}, {4, 5, 6, 7}, 0},
                {1, "db", 1, {}, {}, 0},
                {2, "tenants:/tenants/a", 1, {0, 1, 2, 3}, {2, 3}, 2}};
  plan.domains = {{0, "root", "default", abi::LayerKind::kOpen, 100, 0, 0, {}, {4, 5, 6, 7}},
                  {1, "db", "default", abi::LayerKind::kOpen, 100, 0, 0, {}, {4, 5, 6, 7}},
                  {2, "tenants", "latency", abi::LayerKind::kConfined, 100, 1, 2, {0, 1}, {0, 1}},
                  {3, "tenants", "bulk", abi::LayerKind::kOpen, 100, 0, 0, {}, {2, 3}}};
  const std::vector<Counters> before(8, Counters{});
  std::vector<Counters> now(8, Counters{});
  now[2][SCX_STAT_RUNS] = 100;
  now[2][SCX_STAT_WAIT] = 200'000;
  now[2][SCX_STAT_RUNTIME] = 1'500'000'000;
  now[2][SCX_STAT_BORROWED_NS] = 500'000'000;
  now[2][SCX_STAT_ENTERED] = 3;
  now[3][SCX_STAT_RUNTIME] = 500'000'000;
  return make_frame({manifest, plan, views(), {0, std::nullopt, 7, 2}, before, now, 2.0, 10.0});
}

TEST(Figures, RatesAndShares) {
  const Frame f = frame();
  ASSERT_EQ(f.cells.size(), 1U);
  ASSERT_EQ(f.cells[0].layers.size(), 2U);
  const LayerFigures& web = f.cells[0].layers[0];
  EXPECT_DOUBLE_EQ(web.rate[SCX_STAT_RUNS], 100.0);
  EXPECT_DOUBLE_EQ(web.cpus_used, 1.5);
  EXPECT_DOUBLE_EQ(web.utilization, 0.5);
  EXPECT_DOUBLE_EQ(web.wait_ns, 2000.0);
  EXPECT_EQ(web.tasks, 4U);
  EXPECT_TRUE(web.owns_cpus);
  const LayerFigures& rest = f.cells[0].layers[1];
  EXPECT_FALSE(rest.owns_cpus);
  EXPECT_DOUBLE_EQ(rest.rate[SCX_STAT_QUEUED], 0.0);
  EXPECT_DOUBLE_EQ(rest.wait_ns, 0.0);
  // The cell's are those of its layers together.
  EXPECT_DOUBLE_EQ(f.cells[0].cpus_used, 1.5);
  EXPECT_DOUBLE_EQ(f.cells[0].utilization, 1.5 / 4);
  EXPECT_EQ(f.cells[0].tasks, 4U);
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
  f.cells[0].layers[0].layer = "a\xff\"b";
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
  check(stats["cells"]["root"]);
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

TEST(Render, DomainsAndCellsInPolicyTerms) {
  EXPECT_EQ(in_policy_terms("task of domain 1 in subdomain 1, domain 9\x1b[31m", two_layers(), {}),
            "task of layer root/rest in subdomain 1, domain 9?[31m");
  const abi::Manifest manifest = with_cells();
  const CellNames names = cell_names(manifest, views());
  EXPECT_EQ(in_policy_terms("cell 2, layer x; domain 3, cell 9, excell 2", manifest, names),
            "cell tenants:/tenants/a, layer x; layer tenants:/tenants/a/bulk, cell 9, excell 2");
  // A slot where no cell runs is called by its declaration.
  EXPECT_EQ(in_policy_terms("cell 4", manifest, names), "cell tenants");
  EXPECT_EQ(exit_kind(1026), "stall: a runnable task did not get a CPU");
}

TEST(Cells, TheTableHasARowForEachThatRunsAndItsLayersBelow) {
  EXPECT_EQ(
      table(cells_frame(), {false, 200}),
      "policy edge: 10 s, 8 CPUs online, 3 cells, 1 ending, 0.25 CPUs borrowed\n"
      "CELL       KIND      CPUS  USED  UTIL  RUNS/S   WAIT  WAITING  BORROWED  IDLE/S  QUEUED/S  "
      "FORCED/S  TASKS  ON   CGROUPS\n"
      "root       cell         4  0.00    0%       0      -        0      0.00       0         0         "
      "0      0  4-7\n"
      "db         cell        4*  0.00    0%       0      -        -      0.00       0         0         "
      "0      0  4-7  /db.slice\n"
      "tenants:a  cell         4  1.00   19%      50  2.0us        7      0.25       0         0         "
      "0      3  0-3  /tenants/a\n"
      "  latency  confined     2  0.75    0%      50  2.0us               0.25       0         0         "
      "0      3  0-1\n"
      "  bulk     open        2*  0.25    0%       0      -               0.00       0         0         "
      "0      0  2-3\n");
}

TEST(Cells, TheTableFitsTheScreen) {
  const std::vector<std::string> below{"an event"};
  const std::string text = table(cells_frame(), {false, 40, 7}, below);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6);
  EXPECT_THAT(text, HasSubstr("and 3 more\nan event\n"));
}

TEST(Cells, NamesThatAreTheSameAreToldApartAndLongOnesAreCut) {
  Frame f = cells_frame();
  f.cells[1].view.short_name = "tenants:a";
  EXPECT_THAT(table(f, {false, 200}), HasSubstr("tenants:/tenants/a"));
  f.cells[1].view.short_name = std::string(255, 'x');
  EXPECT_THAT(table(f, {false, 400}), Not(HasSubstr(std::string(41, 'x'))));
}

TEST(Cells, JsonGroupsByCell) {
  const auto document = nlohmann::json::parse(json(cells_frame()));
  const auto& a = document["cells"]["tenants:/tenants/a"];
  EXPECT_EQ(a["slot"], 2);
  EXPECT_EQ(a["cgroups"][0], "/tenants/a");
  EXPECT_EQ(a["waiting"], 7);
  EXPECT_EQ(a["cpus"], "0-3");
  EXPECT_EQ(a["cpus_borrowed"], 0.25);
  EXPECT_EQ(a["layers"]["latency"]["total"]["runs"], 100);
  EXPECT_EQ(document["cells"]["db"]["runs_in"], "root");
  EXPECT_FALSE(document["cells"]["db"].contains("waiting"));
  EXPECT_EQ(document["draining"][0]["cell"], "tenants:/tenants/b");
}

TEST(Cells, PlainLinesNameTheCell) {
  EXPECT_THAT(plain_lines(cells_frame()), HasSubstr("10.0s tenants:/tenants/a/latency cpus=2 used=0.75"));
}

cells::Event event(cells::EventKind kind) {
  return {kind, std::chrono::milliseconds(12'340), 2, "tenants:/tenants/a"};
}

TEST(Events, AsLines) {
  using cells::EventKind;
  cells::Event created = event(EventKind::kCreated);
  created.path = "/tenants/a\n\x1b[2J";
  EXPECT_EQ(line(created), "   12.3s cell tenants:/tenants/a created for cgroup \"/tenants/a\\x0a\\x1b[2J\"");
  cells::Event changed = event(EventKind::kChanged);
  changed.cpus = {0, 1, 2};
  changed.cpus_before = 1;
  EXPECT_EQ(line(changed), "   12.3s cell tenants:/tenants/a owns 3 CPUs: 0-2 (1 before)");
  changed.cpus.clear();
  EXPECT_EQ(line(changed), "   12.3s cell tenants:/tenants/a owns no CPUs any more (1 before)");
  EXPECT_EQ(line(event(EventKind::kEnded)), "   12.3s cell tenants:/tenants/a ended");
  EXPECT_EQ(line(event(EventKind::kDrained)), "   12.3s cell tenants:/tenants/a drained: slot 2 is free");
  EXPECT_EQ(line(event(EventKind::kLent)),
            "   12.3s cell tenants:/tenants/a uses CPUs that other cells lend");
  EXPECT_EQ(line(event(EventKind::kReturned)),
            "   12.3s cell tenants:/tenants/a has returned the CPUs that were lent to it");
  const cells::Event refused{EventKind::kRefused, {},           2,
                             "tenants",           "/tenants/z", "all of its 2 cells are taken"};
  EXPECT_EQ(line(refused),
            "    0.0s cgroup \"/tenants/z\" gets no cell of tenants: all of its 2 cells are taken");
}

TEST(Events, AsJsonWithEveryMemberDocumented) {
  std::ifstream file(SCX_SOURCE_DIR "/runtime/report/README.md");
  std::stringstream readme;
  readme << file.rdbuf();
  cells::Event full = event(cells::EventKind::kChanged);
  full.cpus = {1, 2};
  full.path = "/tenants/\xff";
  full.detail = "why";
  const auto document = nlohmann::json::parse(json(full, "edge", "abcd"));
  EXPECT_EQ(document["type"], "event");
  EXPECT_EQ(document["event"], "changed");
  EXPECT_EQ(document["elapsed_s"], 12.34);
  EXPECT_EQ(document["cpus"], "1-2");
  for (const auto& [key, value] : document.items()) EXPECT_THAT(readme.str(), HasSubstr("`" + key + "`"));
  for (int kind = 0; kind <= static_cast<int>(cells::EventKind::kRefused); ++kind)
    EXPECT_THAT(readme.str(), HasSubstr(fmt::format("`{}`", spelling(static_cast<cells::EventKind>(kind)))));
}

TEST(Events, TheLastOnesAreKept) {
  EventLog log;
  for (int i = 0; i < 200; ++i) {
    cells::Event one = event(cells::EventKind::kEnded);
    one.at = std::chrono::seconds(i);
    log.add(one);
  }
  EXPECT_EQ(log.all().size(), EventLog::kMost);
  EXPECT_EQ(log.all().front().at, std::chrono::seconds(200 - EventLog::kMost));
  ASSERT_EQ(log.last(2).size(), 2U);
  EXPECT_THAT(log.last(2)[1], HasSubstr("199.0s"));
  EXPECT_EQ(EventLog().last(5).size(), 0U);
}

TEST(DryRun, SaysHowManyCellsAFamilyHas) {
  DryRun result;
  result.families = {{"tenants", 64}};
  result.programs = {{"enqueue", "struct_ops/enqueue", 10, 20, 30, 40, 50, 25}};
  EXPECT_THAT(text(result), HasSubstr("cells tenants: one for each of its cgroups, at most 64 at a time\n"));
  const auto document = nlohmann::json::parse(json(result));
  EXPECT_EQ(document["families"][0]["max"], 64);
  EXPECT_EQ(document["programs"][0]["total_states"], 50);
  EXPECT_EQ(document["programs"][0]["peak_states"], 25);
}

}  // namespace
}  // namespace scx::report
