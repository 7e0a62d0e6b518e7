// What `scxc verify` makes of the answers it got: budgets, tables, JSON.
#include "compiler/driver/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/driver/verify_budget.h"
#include "compiler/driver/verify_words.h"
#include "runtime/base/file.h"

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

TEST(Budget, WithoutATotalOnlyTheProgramsAreBounded) {
  const auto read = budget_from_json(
      "b.json", R"({"version": 1, "policies": {"web": {"programs": {"enqueue": {"stack": 70}}}}})");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_THAT(
      beyond(*read, kTwoKernels, "b.json"),
      ElementsAre("policy `web`, program `enqueue`, on 7.3.4: 72 bytes of stack, 2 more than the 70 of "
                  "\"b.json\""));
  EXPECT_THAT(to_json(*read), Not(HasSubstr("instructions")));
  EXPECT_EQ(*budget_from_json("b.json", to_json(*read)), *read);
}

TEST(Budget, AProgramThatIsGoneIsAFinding) {
  Budget budget = budget_of(kTwoKernels);
  budget["web"].programs["tick"].stack = 8;
  EXPECT_THAT(beyond(budget, kTwoKernels, "b.json"),
              ElementsAre("policy `web` has no program `tick` any more, which \"b.json\" bounds: "
                          "`--write-budget` drops it"));
}

TEST(Budget, NoForeignValueIsShown) {
  std::string deep = R"({"version": )";
  deep += std::string(300000, '[') + std::string(300000, ']') + "}";
  const auto read = budget_from_json("b.json", deep);
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().message, HasSubstr("`version` is no whole number"));
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

TEST(ScxRun, ARefusalHasItsReasonMessageAndHelp) {
  const Error error = refusal_in(
      "scx-run: note\nscx-run: error[kernel-too-old]: kernel 6.12 is too old\nreally\n  help: boot a "
      "newer\n");
  EXPECT_EQ(error.reason, "kernel-too-old");
  EXPECT_EQ(error.message, "kernel 6.12 is too old\nreally");
  EXPECT_EQ(error.help, "boot a newer");
  EXPECT_TRUE(is_verdict(error, 3));
  // A crash says nothing about the kernel, nor does another exit code.
  EXPECT_FALSE(is_verdict(error, 139));
  EXPECT_FALSE(is_verdict(refusal_in("Segmentation fault\n"), 3));
  EXPECT_FALSE(is_verdict(refusal_in(""), 127));
  EXPECT_THAT(refusal_in("a\x1b[31mb").message, Not(HasSubstr("\x1b")));
}

TEST(ScxRun, OnlyWhatTheKernelSaysIsAnAnswer) {
  for (const char* reason : {"verifier-refused", "load-refused", "no-sched-ext", "broken-btf"})
    EXPECT_TRUE(is_verdict({"", "", reason}, 3)) << reason;
  for (const char* reason :
       {"feed-version", "feed-mismatch", "unreadable-object", "not-elf", "no-manifest", "corrupt-object",
        "truncated-object", "no-privileges", "scheduler-active", "new"})
    EXPECT_FALSE(is_verdict({"", "", reason}, 3)) << reason;
}

TEST(ScxRun, AnExitCodeIsANumber) {
  EXPECT_EQ(exit_code_in("0\n"), 0);
  EXPECT_EQ(exit_code_in("139\n"), 139);
  for (const char* text : {"", "\n", "x", "0x", " 0"}) EXPECT_FALSE(exit_code_in(text).has_value()) << text;
}

TEST(ScxRun, ADocumentOfAnotherFormIsRefused) {
  const auto reads = [](const std::string& text) {
    Verdict answer;
    return read_document(text, answer).ok();
  };
  EXPECT_TRUE(reads(R"({"schema": "scx-run.dry-run", "version": 1, "kernel": "6.18", "programs": []})"));
  for (
      const char* text :
      {"", "[]", R"({"schema": 5})",
       R"({"schema": "scx-run.dry-run", "version": 2, "kernel": "6.18", "programs": []})",
       R"({"schema": "scx-run.dry-run", "version": "1", "kernel": "6.18", "programs": []})",
       R"({"schema": "scx-run.dry-run", "version": 1, "kernel": 6, "programs": []})",
       R"({"schema": "scx-run.dry-run", "version": 1, "kernel": "6.18", "programs": {}})",
       R"({"schema": "scx-run.dry-run", "version": 1, "kernel": "6.18", "programs": [1]})",
       R"({"schema": "scx-run.dry-run", "version": 1, "kernel": "6.18", "programs": [{"name": 1}]})",
       R"({"schema": "scx-run.dry-run", "version": 1, "kernel": "6.18", "programs": [{"name": "a", "stack_bytes": "x"}]})"})
    EXPECT_FALSE(reads(text)) << text;
  Verdict answer;
  ASSERT_TRUE(read_document(R"({"schema": "scx-run.dry-run", "version": 1, "kernel": "6.18", "programs":
      [{"name": "a", "instructions": 1, "verified_instructions": 2, "total_states": 3, "peak_states": 4,
        "stack_bytes": 5, "verify_us": 6}]})",
                            answer)
                  .ok());
  ASSERT_EQ(answer.programs.size(), 1U);
  EXPECT_EQ(answer.programs[0].processed, 2U);
  EXPECT_EQ(answer.programs[0].microseconds, 6U);
}

TEST(ScxRun, ALogStaysInItsFolder) {
  const auto folder = TemporaryFolder::make("driver-test");
  ASSERT_TRUE(folder.ok());
  ASSERT_TRUE(write_file_atomically(folder->file("log"), "why").ok());
  Verdict answer = refused("6.18", Verdict::By::kLoading);
  answer.policy = "../../x";
  ASSERT_TRUE(keep_log(folder->file("log"), answer, folder->file("logs")).ok());
  const auto kept = read_file(folder->file("logs/.._.._x@6.18.log"));
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(*kept, "why");
  EXPECT_TRUE(keep_log(folder->file("none"), answer, folder->file("logs")).ok());
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

TEST(Markdown, ANameEndsNoCell) {
  std::vector<Verdict> verdicts = {loaded("k|`6", {cost("enqueue", 1, 2, 3, 4)})};
  verdicts[0].file = "a|b`c.scx";
  EXPECT_EQ(verify_markdown(verdicts), "| policy | k\\|\\`6 |\n|---|---|\n| `` a\\|b`c.scx `` | 2 |\n");
}

TEST(Grouped, HasACommaEveryThreeDigits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
}

}  // namespace
}  // namespace scx::driver
