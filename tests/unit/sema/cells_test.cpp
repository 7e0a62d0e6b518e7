// Cells: what a sound one becomes in the model, and what is wrong in others.
#include <chrono>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "runtime/base/file.h"
#include "tests/unit/sema/compile.h"
#include "tests/unit/sema/wrong.h"

namespace scx::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The lines of the dump that are about cells and domains.
std::string dumped(std::string_view text) {
  const Compiled result = compile_body(text);
  EXPECT_TRUE(result.policy.has_value()) << result.rendered();
  if (!result.policy) return "";
  const std::string all = model::dump(*result.policy);
  return all.substr(all.find("cell root"));
}

// The settings of the cell `c` whose block is given.
std::vector<std::string> settings(std::string_view block) {
  const Compiled result =
      compile_body(fmt::format("cell other {{ cgroup under \"/other\"; borrow idle; }} cell c {{ cgroup "
                               "under \"/c\"; {} }} layer r open {{ "
                               "match *; }}",
                               block));
  EXPECT_THAT(result.summary(), IsEmpty()) << result.rendered();
  return result.policy ? model::property_texts(result.policy->cells[2]) : std::vector<std::string>{};
}

TEST(Cells, AreNumberedSlotBySlot) {
  EXPECT_EQ(
      dumped("layer a open { match nice 1; } layer b open { match *; }\n"
             "cells t for cgroup under \"/t/*\" except under \"/t/s\" { max 3; layer x confined { match nice "
             "0; }\n"
             "layer y open { match *; } }\n"
             "cell db { cgroup under \"/db\"; cgroup under \"/var/db-*\"; weight 50; }\n"
             "test \"t\" { task { cgroup \"/t/a\"; } expect layer y in t; expect layer default in db; }\n"),
      R"(cell root
  domain 0 layer a open
    match nice 1
    slice 20ms
    weight 100
    order vtime
  domain 1 layer b open
    match *
    slice 20ms
    weight 100
    order vtime
cell t family slots 1..3
  begins at cgroup "/t/*" and not cgroup under "/t/s"
  domain 2 layer x confined
    match nice 0
    cpus 1..100%
    slice 20ms
    weight 100
    order vtime
  domain 3 layer y open
    match *
    slice 20ms
    weight 100
    order vtime
cell db static slot 4
  begins at cgroup == "/db" or cgroup "/var/db-*"
  weight 50
  domain 8 layer default open implicit
    match *
    slice 20ms
    weight 100
    order vtime
test "t"
  task cgroup "/t/a" comm "" leader comm "" pid 1 tgid 1 ppid 0 uid 0 gid 0 nice 0 sched normal leader
  expect layer y in t
  expect layer default in db
)");
}

TEST(Cells, SettingsOfACell) {
  EXPECT_THAT(settings(""), IsEmpty());
  EXPECT_THAT(settings("cpus 8..16;"), ElementsAre("cpus 8..16"));
  EXPECT_THAT(settings("cpus ..25%;"), ElementsAre("cpus 1..25%"));
  EXPECT_THAT(settings("cpus 4;"), ElementsAre("cpus 4..4"));
  EXPECT_THAT(settings("cpus list \"8,0-3,4\";"), ElementsAre("cpus list \"0-4,8\""));
  EXPECT_THAT(settings("cpus from cpuset;"), ElementsAre("cpus from cpuset else weight 100"));
  EXPECT_THAT(settings("cpus from cpuset else weight 30;"), ElementsAre("cpus from cpuset else weight 30"));
  EXPECT_THAT(settings("weight 30; cpus from cpuset;"), ElementsAre("cpus from cpuset else weight 30"));
  EXPECT_THAT(settings("min 2 core; align node; weight 7;"),
              ElementsAre("weight 7", "min 2 core", "align node"));
  EXPECT_THAT(settings("align none; lend all; borrow none; affinity allow;"), IsEmpty());
  EXPECT_THAT(settings("nodes 1; llcs {0, 2..3};"), ElementsAre("nodes 1", "llcs {0, 2..3}"));
  EXPECT_THAT(settings("borrow idle;"), ElementsAre("borrow idle"));
  EXPECT_THAT(settings("borrow idle return within 2ms;"), ElementsAre("borrow idle return within 2ms"));
  EXPECT_THAT(settings("lend none;"), ElementsAre("lend none"));
  EXPECT_THAT(settings("affinity allow; overflow share;"), ElementsAre("overflow share"));
  EXPECT_THAT(settings("rebalance { }"),
              ElementsAre("rebalance { threshold 20%; every 5s; smoothing 0.3; cooldown 0ns; }"));
  EXPECT_THAT(settings("rebalance { cooldown 1m; threshold 5%; smoothing 1; every 500ms; }"),
              ElementsAre("rebalance { threshold 5%; every 500ms; smoothing 1; cooldown 1m; }"));
  EXPECT_THAT(settings("share with other by weight; weight 20;"),
              ElementsAre("share with other by weight", "weight 20"));
  EXPECT_THAT(settings("share with root by weight; borrow idle;"),
              ElementsAre("share with root by weight", "borrow idle"));
}

TEST(Cells, ConstantsStandForValues) {
  const Compiled result = compile_body(
      "let path = \"/t/*\"; let sys = \"/t/s\"; let many = 9; let some = 2..4; let fast = 1ms; let fair = "
      "70;\n"
      "cells t for cgroup under path except under sys { max many; cpus some; borrow idle return within "
      "fast; }\n"
      "cell c { cgroup under sys; cpus from cpuset else weight fair; }\nlayer r open { match *; }");
  EXPECT_THAT(result.summary(), IsEmpty()) << result.rendered();
  ASSERT_TRUE(result.policy.has_value());
  EXPECT_EQ(result.policy->cells[1].max, 9u);
  EXPECT_EQ(result.policy->cells[2].weight, 70u);
  EXPECT_EQ(result.sources.text(result.policy->predicates[0].span), "path");
}

TEST(Cells, TheRootCellHasItsLayersInItsBlockOrAtTheTop) {
  const std::string_view inside =
      "root cell { cpus 2..; layer a open { match nice 0; } layer b open { match *; } }";
  const std::string_view top =
      "root cell { cpus 2..; } layer a open { match nice 0; } layer b open { match *; }";
  const std::string_view other = "\ncell c { cgroup under \"/c\"; }";
  EXPECT_EQ(dumped(fmt::format("{}{}", inside, other)), dumped(fmt::format("{}{}", top, other)));
}

TEST(Cells, ClaimsAreTestsOfPathsAtWhichTheyBegin) {
  const Compiled result =
      compile_body("cells t for cgroup \"/t/*\" except \"/t/[ab]\" { max 2; }\nlayer r open { match *; }");
  ASSERT_TRUE(result.policy.has_value()) << result.rendered();
  EXPECT_EQ(model::to_string(*result.policy, result.policy->cells[1].claim),
            "cgroup \"/t/*\" and not cgroup \"/t/[ab]\"");
  EXPECT_TRUE(result.policy->reads(abi::Attribute::kCgroup));
  EXPECT_EQ(result.policy->slots(), 3u);
}

TEST(Cells, OfOnePolicyMayNestAndTouch) {
  const Compiled result = compile_body(
      "cells t for cgroup under \"/t/*\" except under \"/t/a\" { max 8; }\n"
      "cell a { cgroup under \"/t/a\"; }\ncell b { cgroup under \"/t/b/c\"; }\n"
      "cells d for cgroup under \"/t/*/[xyz]*\" { max 8; }\ncell e { cgroup under \"/t\"; }\n"
      "layer r open { match *; }");
  EXPECT_THAT(result.summary(), IsEmpty()) << result.rendered();
}

TEST(Cells, LayersOfDifferentCellsMayHaveOneName) {
  EXPECT_THAT(
      compile_body("cell a { cgroup under \"/a\"; layer x open { match *; } }\n"
                   "cell b { cgroup under \"/b\"; layer x open { match *; } }\nlayer x open { match *; }")
          .summary(),
      IsEmpty());
}

TEST(Cells, NamesInThemAreUsed) {
  EXPECT_THAT(compile_body(
                  "let p = \"/a\"; let w = 5; match m = nice 0;\n"
                  "cell a { cgroup under p; weight w; layer x open { match m; } layer y open { match *; } }\n"
                  "layer r open { match *; }")
                  .summary(),
              IsEmpty());
}

TEST(Cells, AMissingCatchAllIsNotedInEachCellThatHasLayers) {
  EXPECT_THAT(compile_body("cell a { cgroup under \"/a\"; layer x open { match nice 0; } }\n"
                           "cell b { cgroup under \"/b\"; }\nlayer r open { match *; }")
                  .summary(),
              ElementsAre("N0601 `layer x open`"));
}

TEST(Cells, Json) {
  const Compiled result = compile_body(
      "cells t for cgroup under \"/t/*\" { max 3; cpus from cpuset else weight 7; borrow idle return within "
      "2ms;\n"
      "rebalance { } overflow root; }\ncell l { cgroup under \"/l\"; cpus list \"0-3\"; lend none; }\n"
      "layer r open { match *; }");
  ASSERT_TRUE(result.policy.has_value()) << result.rendered();
  const auto cells = nlohmann::json::parse(model::to_json(*result.policy))["cells"];
  ASSERT_EQ(cells.size(), 3u);
  EXPECT_EQ(cells[0]["kind"], "root");
  EXPECT_FALSE(cells[0].contains("begins"));
  EXPECT_EQ(cells[1]["max"], 3);
  EXPECT_EQ(cells[1]["begins"], nlohmann::json::parse(R"({"test": 0})"));
  EXPECT_EQ(cells[1]["cpus"], nlohmann::json::parse(R"({"source": "cpuset"})"));
  EXPECT_EQ(cells[1]["borrow"]["return_within_ns"], 2'000'000);
  EXPECT_EQ(cells[1]["rebalance"]["smoothing"], 300);
  EXPECT_EQ(cells[1]["overflow"], "root");
  EXPECT_EQ(cells[2]["slot"], 4);
  EXPECT_EQ(cells[2]["cpus"]["list"], nlohmann::json::parse("[[0, 3]]"));
  EXPECT_EQ(cells[2]["lends"], false);
}

std::string fingerprint(std::string_view cell) {
  const Compiled result = compile_body(fmt::format("{}\nlayer r open {{ match *; }}", cell));
  EXPECT_TRUE(result.policy.has_value()) << result.rendered();
  return result.policy ? model::fingerprint(*result.policy) : "";
}

TEST(Cells, FingerprintsAreOfWhatTheyMean) {
  const std::string base = fingerprint("cells t for cgroup under \"/t/*\" { max 4; borrow idle; }");
  EXPECT_EQ(
      base,
      fingerprint("let p = \"/t/*\"; cells t for cgroup p { borrow idle; weight 100; max 4; lend all; }"));
  for (const std::string_view other :
       {"", "cells u for cgroup under \"/t/*\" { max 4; borrow idle; }",
        "cells t for cgroup under \"/u/*\" { max 4; borrow idle; }",
        "cells t for cgroup under \"/t/*\" except under \"/t/a\" { max 4; borrow idle; }",
        "cells t for cgroup under \"/t/*\" { max 5; borrow idle; }",
        "cells t for cgroup under \"/t/*\" { max 4; borrow idle return within 1ms; }",
        "cells t for cgroup under \"/t/*\" { max 4; borrow idle; min 2; }",
        "cells t for cgroup under \"/t/*\" { max 4; borrow idle; layer x open { match *; } }",
        "root cell { cpus 2..; } cells t for cgroup under \"/t/*\" { max 4; borrow idle; }"})
    EXPECT_NE(base, fingerprint(other)) << other;
}

// A case's cell beside another one that lends and a root layer.
#define REST "layer r open { match *; }"

INSTANTIATE_TEST_SUITE_P(
    CellNames, Wrong,
    testing::Values(
        Case{"CellRoot", "cell root { cgroup under \"/a\"; } " REST, "E0108 `root`", "`root cell { … }`"},
        Case{"CellParent", "cells parent for cgroup under \"/a/*\" { max 2; } " REST, "E0108 `parent`",
             "in relation to another one"},
        Case{"TwoCells", "cell a { cgroup under \"/a\"; } cells a for cgroup under \"/b/*\" { max 2; } " REST,
             "E0107 `a`", "share one namespace"},
        Case{"TwoRootCells",
             "cell a { cgroup under \"/a\"; } root cell { min 2; } root cell { weight 5; } " REST,
             "E0309 `root`", "the first one"},
        Case{"RootLayersTwice",
             "cell a { cgroup under \"/a\"; } root cell { layer x open { match nice 0; } } " REST,
             "E0309 `x`", "`r` is a layer of the root cell, too"},
        Case{"TwoLayers",
             "cell a { cgroup under \"/a\"; layer x open { match nice 0; } layer x open { match *; } } " REST,
             "E0107 `x`", "within their cell"},
        Case{"FamilyOfLayers",
             "cell a { cgroup under \"/a\"; layers x open for cgroup under \"/a/*\" { max 2; match *; } "
             "} " REST,
             "E0113 `layers`", "not implemented yet"},
        Case{"CellProperty", "cell a { cgroup under \"/a\"; wieght 5; } " REST, "E0102 `wieght`",
             "did you mean `weight`?"},
        Case{"LayerProperty", "cell a { cgroup under \"/a\"; slice 5ms; } " REST, "E0302 `slice`", "a layer"},
        Case{"RebalanceOutside", "cell a { cgroup under \"/a\"; threshold 20%; } " REST, "E0302 `threshold`",
             "a `rebalance` block"},
        Case{"InRebalance", "cell a { cgroup under \"/a\"; rebalance { treshold 20%; } } " REST,
             "E0102 `treshold`", "did you mean `threshold`?"},
        Case{"CellOfTest",
             "cell db { cgroup under \"/a\"; } layer x open { match *; } test \"t\" { task { } expect layer "
             "x in dbs; }",
             "E0106 `dbs`", "did you mean `db`?"},
        Case{"LayerOfTest",
             "cell a { cgroup under \"/a\"; } layer x open { match *; } test \"t\" { task { } expect layer x "
             "in a; }",
             "E0106 `x`", "the cell `root` has one of this name"},
        Case{
            "ShareUnknown",
            "cell db { cgroup under \"/a\"; } cell a { cgroup under \"/b\"; share with bd by weight; } " REST,
            "E0106 `bd`", "did you mean `db`?"},
        Case{"ShareSelf", "cell a { cgroup under \"/a\"; share with a by weight; } " REST, "E0109 `share`",
             "itself"},
        Case{"ShareCircle",
             "cell a { cgroup under \"/a\"; share with b by weight; } cell b { cgroup under \"/b\"; share "
             "with c by "
             "weight; } cell c { cgroup under \"/c\"; share with a by weight; } " REST,
             "E0109 `share`", "`c` shares here"},
        Case{"ShareFamily",
             "cells t for cgroup under \"/t/*\" { max 2; } cell a { cgroup under \"/a\"; share with t by "
             "weight; } " REST,
             "E0318 `t`", "is a family"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    CellValues, Wrong,
    testing::Values(
        Case{"CellWithoutCgroup", "cell a { weight 5; } " REST, "E0314 `a`", "cgroup under \"/db.slice\""},
        Case{"FamilyWithoutCgroup", "cells a { max 5; } " REST, "E0314 `a`", "cells a for cgroup under"},
        Case{"FamilyWithoutMax", "cells a for cgroup under \"/a/*\" { weight 5; } " REST, "E0314 `a`",
             "`max 64;`"},
        Case{"FamilyOf", "cells a of cgroup under \"/a/*\" { max 5; } " REST, "E0112 `of`",
             "`for` stands there"},
        Case{"FamilyForCgruop", "cells a for cgruop under \"/a/*\" { max 5; } " REST, "E0112 `cgruop`",
             "did you mean `cgroup`?"},
        Case{"FamilyPrefix", "cells a for cgroup prefix \"/a/\" { max 5; } " REST, "E0212 `prefix`",
             "cannot say where a cell begins"},
        Case{"FamilyExcepts", "cells a for cgroup under \"/a/*\" excpt under \"/a/b\" { max 5; } " REST,
             "E0112 `excpt`", "did you mean `except`?"},
        Case{"FamilyExceptNothing", "cells a for cgroup under \"/a/*\" except under { max 5; } " REST,
             "E0201 `under`", "not complete"},
        Case{"FamilyOfNumber", "cells a for cgroup under 5 { max 5; } " REST, "E0203 `5`", "a string"},
        Case{"FamilyRelative", "cells a for cgroup under \"a/*\" { max 5; } " REST, "E0210 `\"a/*\"`",
             "write \"/a/*\""},
        Case{"CellMount", "cell a { cgroup under \"/sys/fs/cgroup/a\"; } " REST,
             "E0210 `\"/sys/fs/cgroup/a\"`", "leave the mount point out"},
        Case{"CellBadGlob", "cell a { cgroup under \"/a[\"; } " REST, "E0211 `[`", ""},
        Case{"CellExactly", "cell a { cgroup \"/a\"; } " REST, "E0212 `cgroup \"/a\";`", "all that is below"},
        Case{"CellCgroupTwice", "cell a { cgroup under \"/a\"; cgroup under \"/a\"; } " REST,
             "E0301 `\"/a\"`", "first here"},
        Case{"CgroupMissing", "cell a { cgroup under; } " REST, "E0201 `under`", "not complete"},
        Case{"CgroupMore", "cell a { cgroup under \"/a\" \"/b\"; } " REST, "E0202 `\"/b\"`",
             "behind a complete"},
        Case{"MaxZero", "cells a for cgroup under \"/a/*\" { max 0; } " REST, "E0205 `0`", "1 to 1023"},
        Case{"MaxHuge", "cells a for cgroup under \"/a/*\" { max 1024; } " REST, "E0205 `1024`",
             "at most 1024"},
        Case{"CpuForm", "cell a { cgroup under \"/a\"; cpus lst \"0-3\"; } " REST, "E0112 `lst`",
             "did you mean `list`?"},
        Case{"CpuList", "cell a { cgroup under \"/a\"; cpus list \"0-3, 8\"; } " REST, "E0215 `\"0-3, 8\"`",
             "commas between"},
        Case{"CpuListDown", "cell a { cgroup under \"/a\"; cpus list \"3-0\"; } " REST, "E0215 `\"3-0\"`",
             "list of CPUs"},
        Case{"CpuListHuge", "cell a { cgroup under \"/a\"; cpus list \"8192\"; } " REST, "E0215 `\"8192\"`",
             "0 to 8191"},
        Case{"CpuListOfNumbers", "cell a { cgroup under \"/a\"; cpus list 3; } " REST, "E0203 `3`",
             "a string"},
        Case{"CpusFrom", "cell a { cgroup under \"/a\"; cpus from cpusets; } " REST, "E0112 `cpusets`",
             "did you mean `cpuset`?"},
        Case{"CpusElse", "cell a { cgroup under \"/a\"; cpus from cpuset else 5; } " REST, "E0203 `5`",
             "`weight`"},
        Case{"CpusElseWeight", "cell a { cgroup under \"/a\"; cpus from cpuset else weight 0; } " REST,
             "E0205 `0`", "1 to 10000"},
        Case{"TwoWeights", "cell a { cgroup under \"/a\"; cpus from cpuset else weight 5; weight 6; } " REST,
             "E0301 `weight`", "two weights"},
        Case{"CpusZero", "cell a { cgroup under \"/a\"; cpus ..0; } " REST, "E0205 `..0`", "at least 1"},
        Case{"MinZero", "cell a { cgroup under \"/a\"; min 0; } " REST, "E0205 `0`", "1 to 8192"},
        Case{"MinPercent", "cell a { cgroup under \"/a\"; min 10%; } " REST, "E0203 `10%`", "CPUs or cores"},
        Case{"AlignWord", "cell a { cgroup under \"/a\"; align lcl; } " REST, "E0112 `lcl`",
             "did you mean `llc`?"},
        Case{"BorrowWord", "cell a { cgroup under \"/a\"; borrow all; } " REST, "E0112 `all`",
             "`none` or `idle`"},
        Case{"BorrowWithin", "cell a { cgroup under \"/a\"; borrow idle return 2ms; } " REST, "E0203 `2ms`",
             "`within`"},
        Case{"BorrowShort", "cell a { cgroup under \"/a\"; borrow idle return within 99us; } " REST,
             "E0205 `99us`", "100us to 1s"},
        Case{"BorrowLong", "cell a { cgroup under \"/a\"; borrow idle return within 2s; } " REST,
             "E0205 `2s`", "every slice has ended"},
        Case{"BorrowUnit", "cell a { cgroup under \"/a\"; borrow idle return within 2; } " REST, "E0204 `2`",
             "units"},
        Case{"LendWord", "cell a { cgroup under \"/a\"; lend some; } " REST, "E0112 `some`",
             "`none` and `all`"},
        Case{"RebalanceFlag", "cell a { cgroup under \"/a\"; rebalance; } " REST, "E0201 `rebalance`",
             "takes a block"},
        Case{"RebalanceThreshold", "cell a { cgroup under \"/a\"; rebalance { threshold 20; } } " REST,
             "E0204 `20`", "%"},
        Case{"RebalanceEvery", "cell a { cgroup under \"/a\"; rebalance { every 10ms; } } " REST,
             "E0205 `10ms`", "500ms to 1h"},
        Case{"RebalanceSmoothing", "cell a { cgroup under \"/a\"; rebalance { smoothing 1.5; } } " REST,
             "E0205 `1.5`", "0.001 to 1"},
        Case{"RebalanceTwice", "cell a { cgroup under \"/a\"; rebalance { every 1s; every 2s; } } " REST,
             "E0301 `every`", "first here"},
        Case{"AffinityWord", "cell a { cgroup under \"/a\"; affinity deny; } " REST, "E0112 `deny`",
             "`allow` and `reject`"},
        Case{"ShareShape", "cell a { cgroup under \"/a\"; share root; } " REST, "E0112 `root`",
             "share with db by weight"},
        Case{"ShareHow", "cell a { cgroup under \"/a\"; share with root; } " REST, "E0201 `root`",
             "not complete"},
        Case{"OverflowWord", "cell a { cgroup under \"/a\"; overflow rot; } " REST, "E0112 `rot`",
             "did you mean `root`?"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    CellMeaning, Wrong,
    testing::Values(
        Case{"StaticMax", "cell a { cgroup under \"/a\"; max 5; } " REST, "E0303 `max`", "only a family"},
        Case{"FamilyCgroup", "cells a for cgroup under \"/a/*\" { max 5; cgroup under \"/b\"; } " REST,
             "E0303 `cgroup`", "behind its own name"},
        Case{"RootNodes", "cell a { cgroup under \"/a\"; } root cell { nodes 1; } " REST, "E0303 `nodes`",
             "wherever that is"},
        Case{"RootOverflow", "cell a { cgroup under \"/a\"; } root cell { overflow share; } " REST,
             "E0303 `overflow`", "the root cell"},
        Case{"RootList", "cell a { cgroup under \"/a\"; } root cell { cpus list \"0-3\"; } " REST,
             "E0302 `cpus list`", "an amount"},
        Case{"ShareWithCpus", "cell a { cgroup under \"/a\"; cpus 5; share with root by weight; } " REST,
             "E0303 `cpus`", "owns no CPUs"},
        Case{"ShareWithMin", "cell a { cgroup under \"/a\"; share with root by weight; min 2; } " REST,
             "E0303 `min`", "it shares here"},
        Case{"ShareWithOverflow",
             "cell a { cgroup under \"/a\"; share with root by weight; overflow root; } " REST,
             "E0303 `overflow`", "left without"},
        Case{"ListWithNodes", "cell a { cgroup under \"/a\"; cpus list \"0-3\"; nodes 1; } " REST,
             "E0303 `nodes`", "the list"},
        Case{"ListWithRebalance", "cell a { cgroup under \"/a\"; cpus list \"0-3\"; rebalance { } } " REST,
             "E0303 `rebalance`", "the list"},
        Case{"FixedWithRebalance", "cell a { cgroup under \"/a\"; cpus 4; rebalance { } } " REST,
             "E0303 `rebalance`", "fixed number"},
        Case{"FixedWithWeight", "cell a { cgroup under \"/a\"; cpus 4; weight 5; } " REST, "E0303 `weight`",
             "fixed number"},
        Case{"MinBelowFloor", "cell a { cgroup under \"/a\"; cpus 4..; min 2; } " REST, "E0303 `min`",
             "a floor of its own"},
        Case{"MinAboveCeiling", "cell a { cgroup under \"/a\"; cpus ..4; min 6; } " REST, "E0206 `min`",
             "both bounds"},
        Case{"NobodyLends", "cell a { cgroup under \"/a\"; borrow idle; } root cell { lend none; } " REST,
             "E0303 `borrow`", "no other cell lends"},
        Case{"BorrowAlone", "root cell { borrow idle; } " REST, "W0507 `borrow`", "the only cell"},
        Case{"LendAlone", "cell a { cgroup under \"/a\"; lend none; } " REST, "W0507 `lend`",
             "no other cell borrows"},
        Case{"RootAlone", "root cell { cpus 2..; } " REST, "W0507 `cpus`", "the only cell"},
        Case{"FamilyOfOne", "cells a for cgroup under \"/a\" { max 5; } " REST, "W0505 `\"/a\"`", "\"/a/*\""},
        Case{"TwoStatic",
             "cell a { cgroup under \"/a\"; } cell b { cgroup under \"/b\"; cgroup under \"/a\"; } " REST,
             "E0315 `\"/a\"`", "claimed by `a`"},
        Case{"StaticInFamily",
             "cells t for cgroup under \"/t/*\" { max 5; } cell db { cgroup under \"/t/db\"; } " REST,
             "E0315 `\"/t/db\"`", "`cells t … except under \"/t/db\"`"},
        Case{"FamilyOverFamily",
             "cells t for cgroup under \"/t/a*\" { max 5; } cells u for cgroup under \"/*/*b\" { max 5; "
             "} " REST,
             "E0315 `\"/*/*b\"`", "both claim the cgroup \"/t/ab\""},
        Case{"FamilyOverFamilyInSpite",
             "cells t for cgroup under \"/t/a*\" except under \"/t/ab\" { max 5; } cells u for cgroup under "
             "\"/*/*b\" { "
             "max 5; } " REST,
             "E0315 `\"/*/*b\"`", "both claim the cgroup \"/t/a0b\""},
        Case{"Swallowed", "cells t for cgroup under \"/t/*\" except under \"/t\" { max 5; } " REST,
             "E0316 `under \"/t\"`", "all of these"},
        Case{"SwallowedByTwo",
             "cells t for cgroup under \"/t/[ab]\" except under \"/t/a\" except \"/t/b\" { max 5; } " REST,
             "E0316 `\"/t/b\"`", "no cgroup"},
        Case{"RootCgroup", "cell a { cgroup under \"/\"; } " REST, "E0319 `\"/\"`", "the root cell"},
        Case{"RootCgroupByGlob", "cells a for cgroup under \"/**\" { max 5; } " REST, "E0319 `\"/**\"`",
             "`/*`"},
        Case{"LayerInCell",
             "cell db { cgroup under \"/db.slice\"; } layer x open { match nice < 0 and cgroup under "
             "\"/db.slice/a\"; } " REST,
             "E0317 `nice < 0 and cgroup under \"/db.slice/a\"`", "in the cell `db`"},
        Case{"LayerInTwoCells",
             "cell db { cgroup under \"/db\"; } cells t for cgroup under \"/t/*\" { max 2; } layer x open { "
             "match cgroup "
             "under \"/t/*\" and comm \"a\" or cgroup \"/db/*\"; } " REST,
             "E0317 `cgroup under \"/t/*\" and comm \"a\" or cgroup \"/db/*\"`", "the cells `db` and `t`"},
        Case{"LayerOutsideItsCell",
             "cell db { cgroup under \"/db\"; layer x open { match cgroup under \"/web\"; } layer y open { "
             "match *; } } " REST,
             "E0317 `cgroup under \"/web\"`", "no cgroup of its cell `db`"},
        Case{"FloorsOfCells",
             "cell a { cgroup under \"/a\"; cpus 60%..; } cells t for cgroup under \"/t/*\" { max 5; cpus "
             "10%..; } " REST,
             "E0406 `cpus`", "`t` asks for 10% in each of 5 cells"},
        Case{"FloorsInCell",
             "cell a { cgroup under \"/a\"; layer x confined { match nice 0; cpus 60%..; } layer y grouped { "
             "match *; "
             "cpus 50%..; } } " REST,
             "E0402 `cpus 50%..;`", "`x` asks for 60%"},
        Case{"Domains",
             "cells t for cgroup under \"/t/*\" { max 600; layer x open { match nice 0; } layer y open { "
             "match *; } } " REST,
             "E0407 `max`", "1201 layers"},
        Case{"CatchAllInCell",
             "cell a { cgroup under \"/a\"; layer x open { match *; } layer y open { match nice 0; } } " REST,
             "E0304 `layer y open`", "move `x` to the end"}),
    name_of);

TEST(CellReports, LayersThatAlsoMatchElsewhereAreFine) {
  for (const std::string_view match :
       {"cgroup under \"/db\" or nice 0", "not cgroup under \"/db\"", "cgroup under \"/d*\"",
        "cgroup contains \"db\"", "cgroup under \"/t\"", "cgroup under \"/t/system\"",
        "nice 0 and not cgroup under \"/t/a\"", "cgroup \"/t/*\""})
    EXPECT_THAT(
        compile_body(
            fmt::format("cell db {{ cgroup under \"/db\"; }} cells t for cgroup under \"/t/*\" except "
                        "under \"/t/system\" {{ max 5; }}\nlayer x open {{ match {}; }} ",
                        match) +
            REST)
            .summary(),
        IsEmpty())
        << match;
}

TEST(CellReports, WhatCannotBeComparedIsSaid) {
  const Compiled result = compile_body(
      "cells a for cgroup under \"/*\" except \"/*b?????x\" except \"/*c?????y\" except \"/*d?????z\" { max "
      "8; }\n"
      "cells b for cgroup under \"/q*\" except \"/*e?????w\" except \"/*f?????v\" except \"/*g?????u\" { max "
      "8; }\n" REST);
  EXPECT_THAT(result.summary(), ElementsAre("W0506 `\"/q*\"`")) << result.rendered();
}

TEST(CellReports, OfHundredsOfCellsTakeNoTime) {
  std::string text;
  for (int i = 0; i < 900; ++i) text += fmt::format("cell c{} {{ cgroup under \"/c/{}*\"; }}\n", i, 1000 + i);
  for (int i = 0; i < 60; ++i)
    text += fmt::format("layer l{} open {{ match cgroup under \"/d/{}\" and nice {}; }}\n", i, i, i % 20);
  const auto begin = std::chrono::steady_clock::now();
  const Compiled result = compile_body(text + REST);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  EXPECT_TRUE(result.policy.has_value()) << result.rendered();
}

// What the language will be: all of it parses, and what is not there yet is rejected by name.
TEST(CellReports, TheWholeLanguageIsKnown) {
  const auto text = read_file(SCX_SOURCE_DIR "/tests/unit/sema/whole_language.scx");
  ASSERT_TRUE(text.ok());
  const Compiled result = compile(*text);
  for (const diag::Diagnostic& d : result.diagnostics.all())
    EXPECT_EQ(diag::info(d.kind).code, "E0113") << result.rendered();
}

}  // namespace
}  // namespace scx::test
