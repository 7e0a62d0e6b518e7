// What `scxc verify` makes of the answers it got: budgets, tables, JSON.
#include "compiler/driver/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/driver/verify_budget.h"

namespace scx::driver {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ProgramCost cost(const std::string& name, uint64_t instructions, uint64_t processed, uint64_t states,
                 uint64_t stack) {
  return {name, instructions, processed, states, states / 2, stack, 1500};
}

Verdict loaded(const std::string& kernel, std::vector<ProgramCost> programs) {
  Verdict verdict;
  verdict.file = "web.scx";
  verdict.policy = "web";
  verdict.kernel = kernel;
  verdict.takes = true;
  verdict.programs = std::move(programs);
  return verdict;
}

Verdict refused(const std::string& kernel, Verdict::By by) {
  Verdict verdict = loaded(kernel, {});
  verdict.by = by;
  verdict.takes = false;
  verdict.refusal = {"it says\nno", "ask another", "load-refused"};
  return verdict;
}

const std::vector<Verdict> kTwoKernels = {
    loaded("6.18.15", {cost("enqueue", 100, 1000, 50, 64), cost("dispatch", 200, 3000, 80, 40)}),
    loaded("7.3.4", {cost("enqueue", 110, 900, 40, 72), cost("dispatch", 200, 2500, 60, 40)}),
};

TEST(Budget, HasRoomForTheLargestFiguresOfAnyKernel) {
  const Budget budget = budget_of(kTwoKernels);
  ASSERT_EQ(budget.size(), 1U);
  const PolicyBounds& web = budget.at("web");
  EXPECT_EQ(web.programs.at("enqueue"), (Bounds{121, 1100, 58, 80}));
  EXPECT_EQ(web.total, (Bounds{341, 4400, 143, 80}));
  EXPECT_THAT(beyond(budget, kTwoKernels, "b.json"), IsEmpty());
}

TEST(Budget, SaysWhatIsBeyondByHowMuchAndWhere) {
  Budget budget = budget_of(kTwoKernels);
  budget["web"].programs["dispatch"].processed = 2900;
  budget["web"].total.stack = 70;
  EXPECT_THAT(
      beyond(budget, kTwoKernels, "b.json"),
      ElementsAre(
          "policy `web`, program `dispatch`, on 6.18.15: 3,000 instructions walked by the verifier, 100 "
          "more than the 2,900 of \"b.json\"",
          "policy `web`, all programs, on 7.3.4: 72 bytes of stack, 2 more than the 70 of \"b.json\""));
}

TEST(Budget, APolicyWithoutBoundsIsAFinding) {
  EXPECT_THAT(beyond({}, kTwoKernels, "b.json"),
              ElementsAre("policy `web` has no bounds in \"b.json\": `--write-budget` adds them"));
  // What no kernel took has no figures to bound.
  EXPECT_THAT(beyond({}, {refused("6.18.15", Verdict::By::kLoading)}, "b.json"), IsEmpty());
  EXPECT_THAT(budget_of({refused("6.18.15", Verdict::By::kLoading)}), IsEmpty());
}

TEST(Budget, IsReadAsItWasWritten) {
  const Budget budget = budget_of(kTwoKernels);
  const auto read = budget_from_json("b.json", to_json(budget));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, budget);
  EXPECT_THAT(to_json(budget), Not(HasSubstr("us")));  // time is not bounded
}

TEST(Budget, ABoundThatIsNotWrittenIsNone) {
  const auto read =
      budget_from_json("b.json", R"({"version": 1, "policies": {"web": {"total": {"stack": 512}}}})");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_THAT(beyond(*read, kTwoKernels, "b.json"), IsEmpty());
  const auto again = budget_from_json("b.json", to_json(*read));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->at("web").total, read->at("web").total);
}

TEST(Budget, ACorruptOneIsRefusedWithThePlace) {
  const auto message = [](const char* text) {
    const auto read = budget_from_json("b.json", text);
    EXPECT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().reason, "bad-budget");
    return read.ok() ? "" : read.error().message;
  };
  EXPECT_EQ(message("{"), "the budget \"b.json\" cannot be read: it is not JSON");
  EXPECT_THAT(message("[]"), HasSubstr("`version` is missing"));
  EXPECT_THAT(message(R"({"version": 2, "policies": {}})"),
              HasSubstr("`version` is 2, and this scxc knows 1"));
  EXPECT_THAT(message(R"({"version": 1})"), HasSubstr("`policies` is missing"));
  EXPECT_THAT(message(R"({"version": 1, "policies": {"web": 5}})"), HasSubstr("`policies.web` is no object"));
  EXPECT_THAT(message(R"({"version": 1, "policies": {"web": {"totals": {}}}})"),
              HasSubstr("`policies.web.totals` is neither `total` nor `programs`"));
  EXPECT_THAT(message(R"({"version": 1, "policies": {"web": {"total": {"insns": 5}}}})"),
              HasSubstr("`policies.web.total.insns` is none of"));
  EXPECT_THAT(message(R"({"version": 1, "policies": {"web": {"programs": {"x": {"states": -1}}}}})"),
              HasSubstr("`policies.web.programs.x.states` is no whole number"));
  EXPECT_THAT(message("{\"version\": 1, \"policies\": {\"\\u001b[31m\": 5}}"), Not(HasSubstr("\x1b")));
}

TEST(Text, ShowsFiguresOfAllProgramsAndOfEachWhenAsked) {
  const std::string all = verify_text(kTwoKernels, false, false);
  EXPECT_THAT(all, HasSubstr("6.18.15  loads         300      4,000       130      64      3.0\n"));
  EXPECT_THAT(all, Not(HasSubstr("dispatch")));
  EXPECT_THAT(verify_text(kTwoKernels, true, false), HasSubstr("    dispatch          "));
  EXPECT_THAT(all, Not(HasSubstr("\x1b")));
  EXPECT_THAT(verify_text(kTwoKernels, false, true), HasSubstr("\x1b[32m"));
}

TEST(Text, ARefusalHasItsReasonWordsAndHelp) {
  EXPECT_THAT(verify_text({refused("6.18.15", Verdict::By::kLoading)}, false, false),
              HasSubstr("  6.18.15 [load-refused]\n    it says\n    no\n    help: ask another\n"));
  Verdict asked = refused("6.18\x1b[31m", Verdict::By::kBtf);
  asked.lacks = {
      {audit::Lack::Kind::kFunction, "a", "it lacks a", "pol_tick", {}, "drop it"},
      {audit::Lack::Kind::kField, "b", "it lacks b", "", abi::Location{"web.scx", 3, 1}, "drop it"}};
  const std::string text = verify_text({asked}, false, false);
  EXPECT_THAT(text,
              HasSubstr("    it lacks a; program `pol_tick` needs it\n    it lacks b; web.scx:3 needs it\n"
                        "    help: drop it\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Agreement, ComparesWhereOneKernelWasAskedBothWays) {
  std::vector<Verdict> verdicts = kTwoKernels;
  verdicts.push_back(refused("7.3.4", Verdict::By::kBtf));
  verdicts.push_back(refused("7.2.1", Verdict::By::kBtf));
  verdicts.push_back(loaded("6.18.15", {}));
  verdicts.back().by = Verdict::By::kBtf;
  const Agreement found = agreement(verdicts);
  EXPECT_EQ(found.compared, 2U);
  ASSERT_EQ(found.disagreements.size(), 1U);
  EXPECT_THAT(found.disagreements[0], HasSubstr("`web` on 7.3.4: BTF says no"));
}

TEST(Json, HasAVersionAndEverything) {
  const auto document = nlohmann::json::parse(verify_json(kTwoKernels, {"too much"}));
  EXPECT_EQ(document["schema"], "scxc.verify");
  EXPECT_EQ(document["version"], 1);
  EXPECT_EQ(document["answers"][1]["kernel"], "7.3.4");
  EXPECT_EQ(document["answers"][0]["total"]["processed"], 4000);
  EXPECT_EQ(document["answers"][0]["programs"][1]["name"], "dispatch");
  EXPECT_EQ(document["over_budget"][0], "too much");
  EXPECT_EQ(document["compared"], 0);
}

TEST(Markdown, IsOneRowAPolicyAndOneColumnAKernel) {
  std::vector<Verdict> verdicts = kTwoKernels;
  verdicts.push_back(refused("7.2.12+deb13-cloud-amd64", Verdict::By::kLoading));
  EXPECT_EQ(verify_markdown(verdicts),
            "| policy | 6.18.15 | 7.3.4 | 7.2.12 |\n|---|---|---|---|\n| `web.scx` | 4,000 | 3,400 | no: "
            "load-refused |\n");
}

TEST(Grouped, HasACommaEveryThreeDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

}  // namespace
}  // namespace scx::driver
