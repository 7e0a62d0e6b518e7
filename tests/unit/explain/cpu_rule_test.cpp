// Where tasks may run, in words and on a machine.
#include "runtime/explain/cpu_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/explain/host_plan.h"
#include "tests/unit/explain/manifest.h"

namespace scx::explain {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(CpuRule, AmountsInWords) {
  using Unit = abi::CpuAmount::Unit;
  const std::string cell = "the cell's";
  EXPECT_EQ(amount_words({Unit::kCpus, 1}, cell), "1 CPU");
  EXPECT_EQ(amount_words({Unit::kCores, 2}, cell), "2 cores");
  EXPECT_EQ(amount_words({Unit::kPercent, 25}, cell), "25% of the cell's");
  EXPECT_EQ(range_words({{Unit::kCpus, 2}, {Unit::kPercent, 50}}, cell), "from 2 CPUs to 50% of the cell's");
  EXPECT_EQ(range_words({{Unit::kCpus, 2}, {Unit::kPercent, 100}}, cell), "at least 2 CPUs");
  EXPECT_EQ(range_words({{Unit::kCpus, 2}, {Unit::kCpus, 2}}, cell), "2 CPUs, always");
}

constexpr const char* kCells =
    "cell db { cgroup under \"/db\"; cpus 4..8; nodes 1; align core; lend none;\n"
    "  layer hot confined { match nice < 0; cpus 2..50%; protected; util 30%..60%; } layer cool grouped { "
    "match "
    "nice > 0; } layer rest open { match *; } }\n"
    "cell guest { cgroup under \"/guest\"; share with db by weight; }\n"
    "cells t for cgroup under \"/t/*\" { max 2; cpus from cpuset else weight 50; borrow idle return within "
    "2ms;\n"
    "  overflow share; rebalance { every 3s; } layer own confined { match nice < 0; } layer rest open { "
    "match *; } }\n"
    "cell listed { cgroup under \"/l\"; cpus list \"0-1\"; }\n"
    "root cell { cpus 2..; }\n"
    "layer all open { match *; weight 7; }";

// The rule of the layer `cell/layer` of the text above.
std::vector<std::string> rule(const std::string& cell, const std::string& layer) {
  const abi::Manifest manifest = manifest_of(kCells);
  for (uint32_t id = 0; id < manifest.domains.size(); ++id)
    if (manifest.domains[id].cell == cell && manifest.domains[id].layer == layer)
      return cpu_rule(manifest, id);
  ADD_FAILURE() << "no layer " << cell << "/" << layer;
  return {};
}

TEST(CpuRule, OfLayersOfACell) {
  EXPECT_THAT(
      rule("db", "hot"),
      ElementsAre(
          "the cell `db` owns from 4 CPUs to 8 CPUs, by weight 100, of nodes 1 only, in whole "
          "cores, within the cpusets of its cgroups",
          "the layer `hot` owns from 2 CPUs to 50% of the cell's", "its tasks run there and nowhere else",
          "it grows when more than 60% of them is used and shrinks below 30%", "nobody else runs on them"));
  const std::vector<std::string> cool = rule("db", "cool");
  EXPECT_THAT(cool, Contains("its tasks run there, and on idle CPUs of the cell that no layer protects"));
  EXPECT_THAT(cool, Not(Contains(HasSubstr("lent")))) << "the cell lends none";
}

TEST(CpuRule, OfOtherCells) {
  EXPECT_THAT(rule("guest", "default"),
              Contains("the cell `guest` owns no CPU: its tasks share those of `db` by weight"));
  const std::vector<std::string> family = rule("t", "rest");
  EXPECT_THAT(family,
              Contains("each cell of `t` owns the CPUs of its cgroup's cpuset; while it has none, a share of "
                       "the machine by weight 50, within the cpusets of its cgroups"));
  EXPECT_THAT(family, Contains(HasSubstr("give them back within 2ms")));
  EXPECT_THAT(family, Contains("the cell's size follows what its tasks use, every 3s"));
  EXPECT_THAT(family, Contains("when there are no CPUs for the cell, it shares those of others"));
  EXPECT_THAT(rule("t", "own"), Not(Contains(HasSubstr("idle CPUs of cells that lend")))) << "confined";
  EXPECT_THAT(rule("listed", "default"), Contains(HasSubstr("of the CPUs \"0-1\" those that are online")));
  EXPECT_THAT(
      rule("root", "all"),
      ElementsAre("the cell `root` owns every CPU that no other cell owns, at least 2 CPUs",
                  "the layer `all` owns none: by weight 7 its tasks share those of the cell that no layer "
                  "owns, and run on idle ones that no layer protects",
                  "its idle CPUs are lent to cells that borrow"));
}

TEST(HostPlan, HasTheCpusOfTheDomain) {
  const abi::Manifest manifest = manifest_of(
      "layer web confined { match nice < 0; cpus 2..2; nodes 1; } layer a open { match nice > 0; } layer b "
      "open { "
      "match *; }");
  const topology::Topology machine = *topology::synthetic("2n4c");
  const HostPlan web = *plan_on_host(manifest, 0, machine);
  EXPECT_EQ(web.domain.owned.size(), 2U);
  EXPECT_THAT(web.nodes, ElementsAre(1));
  EXPECT_TRUE(web.beside.empty());
  EXPECT_THAT(host_plan_text(web), HasSubstr("node 1, LLC 1; floor 2, ceiling 2"));
  const HostPlan b = *plan_on_host(manifest, 2, machine);
  EXPECT_TRUE(b.domain.owned.empty());
  EXPECT_EQ(b.domain.home.size(), 6U);
  EXPECT_THAT(b.beside, ElementsAre("root/a"));
  EXPECT_EQ(host_plan_json(b).at("beside"), nlohmann::json({"root/a"}));
}

TEST(HostPlan, NotesAreThoseAboutTheLayerAndItsCell) {
  const abi::Manifest manifest = manifest_of(
      "cell a { cgroup under \"/a\"; align llc; } cell b { cgroup under \"/b\"; align llc; }\n"
      "layer web confined { match nice < 0; cpus 1..1; place near gpu; } layer rest open { match *; }");
  const auto notes = [&](const std::string& cell, const std::string& layer) {
    uint32_t domain = 0;
    while (manifest.domains[domain].cell != cell || manifest.domains[domain].layer != layer) ++domain;
    return host_plan_json(*plan_on_host(manifest, domain, *topology::synthetic("8c"))).at("notes");
  };
  EXPECT_EQ(notes("root", "rest"), nlohmann::json::array());
  EXPECT_EQ(notes("root", "web").at(0).at("code"), "no-gpu-near");
  EXPECT_EQ(notes("a", "default"),
            (nlohmann::json{{{"code", "units-too-few"},
                             {"cells", {"a", "b"}},
                             {"unit", "llc"},
                             {"text",
                              "cells `a`, `b` come in whole cores where last-level caches do not "
                              "suffice for all floors"}}}));
}

TEST(HostPlan, OfAFamilyThatSharesAndOfAMachineThatIsTooSmall) {
  const abi::Manifest manifest = manifest_of(
      "cell db { cgroup under \"/db\"; cpus 2..2; }\n"
      "cells t for cgroup under \"/t/*\" { max 3; share with db by weight; }\nlayer rest open { match *; }");
  uint32_t domain = 0;
  while (manifest.domains[domain].cell != "t") ++domain;
  const HostPlan shares = *plan_on_host(manifest, domain, *topology::synthetic("4c"));
  EXPECT_TRUE(shares.family);
  EXPECT_EQ(shares.domain.home.size(), 2U);
  EXPECT_THAT(shares.beside, ElementsAre("db/default"));
  const Result<HostPlan> small = plan_on_host(manifest, domain, *topology::synthetic("2c"));
  ASSERT_FALSE(small);
  EXPECT_EQ(small.error().reason, "cells-do-not-fit");
}

}  // namespace
}  // namespace scx::explain
