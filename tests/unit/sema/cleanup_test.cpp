// Cleanup blocks: what may stand in them, and the table that they make with the defaults.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sema/compile.h"
#include "tests/unit/sema/wrong.h"

namespace scx::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "scope | event | action | default?" of each rule.
std::vector<std::string> table(const Compiled& compiled) {
  std::vector<std::string> out;
  if (!compiled.policy) return {compiled.rendered()};
  for (const model::CleanupRule& rule : compiled.policy->cleanup)
    out.push_back(fmt::format("{} | {} | {} | {}", scope_text(*compiled.policy, rule), spelling(rule.event),
                              to_string(*compiled.policy, rule), rule.written ? "written" : "default"));
  return out;
}

constexpr std::string_view kRest = "layer rest open { match *; }\n";

TEST(Cleanup, APolicyWithoutAWordHasEveryDefault) {
  EXPECT_THAT(table(compile_body(kRest)), ElementsAre("policy test | task exit | forget | default",
                                                      "policy test | stall | exit | default",
                                                      "policy test | cpu offline | exit | default"));
}

TEST(Cleanup, WhatIsWrittenReplacesTheDefault) {
  const Compiled result = compile_body(fmt::format(
      "{}cleanup {{ on stall {{ restart; }} on unload {{ restore irq; restore perf; }} }}", kRest));
  EXPECT_THAT(table(result), ElementsAre("policy test | task exit | forget | default",
                                         "policy test | unload | restore irq | written",
                                         "policy test | unload | restore perf | written",
                                         "policy test | stall | restart | written",
                                         "policy test | cpu offline | exit | default"));
}

TEST(Cleanup, ForgetMayStandInAnyScope) {
  const Compiled result = compile_body(
      "layer rest open { match *; cleanup { on task exit { forget; } } } cleanup { on task exit { forget; } "
      "}");
  EXPECT_THAT(table(result), testing::Contains("policy test | task exit | forget | written"));
  EXPECT_THAT(table(result), testing::Contains("layer rest in root | task exit | forget | written"));
}

TEST(Cleanup, TheWrittenStandsInDumpAndJson) {
  const Compiled result = compile_body(fmt::format("{}cleanup {{ on stall {{ exit; }} }}", kRest));
  ASSERT_TRUE(result.policy.has_value()) << result.rendered();
  EXPECT_THAT(model::dump(*result.policy), HasSubstr("cleanup policy test on stall exit\n"));
  EXPECT_THAT(model::dump(*result.policy), testing::Not(HasSubstr("forget")));
  EXPECT_THAT(model::to_json(*result.policy), HasSubstr("\"action\": \"forget\""));
}

TEST(Cleanup, OnlyAnotherActionThanTheDefaultChangesTheFingerprint) {
  const auto fingerprint = [](std::string_view cleanup) {
    const Compiled result = compile_body(fmt::format("{}{}", kRest, cleanup));
    EXPECT_TRUE(result.policy.has_value()) << result.rendered();
    return result.policy ? model::fingerprint(*result.policy) : "";
  };
  EXPECT_EQ(fingerprint(""), fingerprint("cleanup { on stall { exit; } }"));
  EXPECT_NE(fingerprint(""), fingerprint("cleanup { on stall { restart; } }"));
}

TEST(Cleanup, AConstantInABlockIsUsed) {
  const Compiled result = compile_body(
      "let keep = 5m; layer rest open { match *; cleanup { on cell end { keep stats keep; } } }");
  EXPECT_THAT(result.summary(), IsEmpty()) << result.rendered();
}

class WrongCleanup : public testing::TestWithParam<Case> {};

TEST_P(WrongCleanup, IsReportedAtItsPlace) {
  const Case& c = GetParam();
  const Compiled result = compile_body(fmt::format("{}\n{}", c.text, kRest));
  EXPECT_THAT(result.summary(), ElementsAre(std::string(c.expected))) << result.rendered();
  EXPECT_THAT(result.rendered(), HasSubstr(std::string(c.message)));
  EXPECT_FALSE(result.policy.has_value());
}

INSTANTIATE_TEST_SUITE_P(
    , WrongCleanup,
    testing::Values(
        Case{"ActionOfThisVersion", "cleanup { on stall { stop; } }", "E0702 `stop`",
             "`restore perf` and `exit`"},
        Case{"DrainWithoutTo",
             "cell c { cgroup under \"/c\"; cleanup { on cell end { drain tasks root; } } }",
             "E0702 `drain tasks root`", "write `drain tasks to root`"},
        Case{"DrainWithoutTasks",
             "cell c { cgroup under \"/c\"; cleanup { on cell end { drain to root; } } }",
             "E0702 `drain to root`", "write `drain tasks to root`"},
        Case{"Event", "cleanup { on unlaod { exit; } }", "E0701 `unlaod`", "did you mean `unload`?"},
        Case{"EventOfTwoWords", "cleanup { on task end { forget; } }", "E0701 `task end`", "`task exit`"},
        Case{"EventWithMore", "cleanup { on unload now { exit; } }", "E0701 `unload now`", "`unload`"},
        Case{"NoEvent", "cleanup { on { exit; } }", "E0201 `on`", "events are `cgroup exit`"},
        Case{"NoBlock", "cleanup { on unload; }", "E0201 `on unload;`", "on unload { ACTION; … }"},
        Case{"NoAction", "cleanup { on unload { } }", "E0201 `on unload { }`", "default way back"},
        Case{"Nothing", "cleanup { }", "E0201 `cleanup`", "default way back"},
        Case{"ActionOutside", "cleanup { restore irq; }", "E0302 `restore`", "on unload { restore irq; }"},
        Case{"WordOutside", "cleanup { onn stall { exit; } }", "E0102 `onn`", "on EVENT { ACTION; … }"},
        Case{"Action", "cleanup { on stall { quit; } }", "E0702 `quit`", "actions are `return cpus to root`"},
        Case{"ActionMisspelt", "cleanup { on stall { restrat; } }", "E0702 `restrat`",
             "did you mean `restart`, which is not implemented yet?"},
        Case{"ActionOfAnotherSetting", "cleanup { on unload { restore memory; } }", "E0702 `restore memory`",
             "write `restore irq`, `restore idle` or `restore perf`"},
        Case{"ActionWithoutTo", "cleanup { on cell end { return cpus root; } }", "E0702 `return cpus root`",
             "write `return cpus to root`"},
        Case{"OtherEvent", "cleanup { on unload { restart; } }", "E0704 `restart;`",
             "it runs on `stall` or `cpu offline`"},
        Case{"ExpiryOfState", "cleanup { on unload { forget; } }", "E0704 `forget;`",
             "it runs on `task exit`"},
        Case{"CpusOfThePolicy", "cleanup { on cpu offline { return cpus to root; } }",
             "E0705 `return cpus to root;`", "CPUs belong to the cell"},
        Case{"SettingsOfALayer", "layer y open { match nice 0; cleanup { on unload { restore irq; } } }",
             "E0705 `restore irq;`", "it belongs in the policy's cleanup"},
        Case{"Twice", "cleanup { on stall { exit; } on stall { restart; } }", "E0706 `restart;`",
             "two actions for scheduler on stall"},
        Case{"SameTwice", "cleanup { on stall { exit; exit; } }", "E0706 `exit;`", "the first one"},
        Case{"Operand", "cleanup { on stall { exit 5; } }", "E0202 `5`", "behind `exit`"},
        Case{"ActionBlock", "cleanup { on stall { exit { } } }", "E0202 `{ }`", "takes no block"},
        Case{"SecondBlock", "cleanup { on stall { exit; } } cleanup { on unload { restore irq; } }",
             "E0309 `cleanup`", "the first one"}),
    name_of);

// Of layers that end; whether the layers of this cell do is not sema's question.
INSTANTIATE_TEST_SUITE_P(
    OfLayers, WrongCleanup,
    testing::Values(
        Case{"Target", "layer y open { match nice 0; cleanup { on cell end { drain tasks to parnt; } } }",
             "E0703 `parnt`", "did you mean `parent`?"},
        Case{"TargetOfCpus",
             "layer y open { match nice 0; cleanup { on cell end { drain tasks to donors; } } }",
             "E0703 `donors`", "targets are `parent` and `root`"},
        Case{"NoTarget", "layer y open { match nice 0; cleanup { on cell end { drain tasks to; } } }",
             "E0201 `drain tasks to;`", "write `drain tasks to parent;`"},
        Case{"TargetOfAnotherType",
             "layer y open { match nice 0; cleanup { on cell end { drain tasks to 5; } } }", "E0203 `5`",
             "takes the name of a cell"},
        Case{"Duration", "layer y open { match nice 0; cleanup { on cell end { keep stats 5; } } }",
             "E0204 `5`", "keep stats"},
        Case{"TooLong", "layer y open { match nice 0; cleanup { on cell end { keep stats 48h; } } }",
             "E0205 `48h`", "the range is 1s to 24h"},
        Case{"NoBlock", "layer y open { match nice 0; cleanup; }", "E0201 `cleanup`", "has no block"},
        Case{"Word", "layer y open { match nice 0; cleanup all { on task exit { forget; } } }", "E0202 `all`",
             "takes a block only"},
        Case{"TwoBlocks",
             "layer y open { match nice 0; cleanup { on task exit { forget; } } cleanup { on task exit { "
             "forget; } } }",
             "E0301 `cleanup`", "first here"}),
    name_of);

}  // namespace
}  // namespace scx::test
