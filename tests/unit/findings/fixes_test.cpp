#include "compiler/findings/fixes.h"

#include <gtest/gtest.h>

#include "compiler/analysis/cleanup.h"
#include "compiler/analysis/lint/rules.h"
#include "compiler/automata/build.h"
#include "compiler/findings/allowances.h"
#include "compiler/model/model.h"
#include "tests/unit/sema/compile.h"

namespace scx::findings {
namespace {

test::Compiled linted(const std::string& text) {
  test::Compiled out = test::compile(text);
  if (!out.policy) return out;
  analysis::check_cleanup(*out.policy, out.diagnostics);
  const abi::Classifier classifier = automata::build_classifier(*out.policy, out.sources, out.diagnostics);
  analysis::lint::run_rules(*out.policy, classifier, out.diagnostics);
  const ast::File& file = out.program.files.front();
  const auto allowances = read_allowances(file, file.comments, out.sources, out.diagnostics);
  out.diagnostics = heed(out.diagnostics, allowances, true).told;
  return out;
}

// The text with its fixes made once.
std::string fixed(const std::string& text, bool guesses = false) {
  const test::Compiled compiled = linted(text);
  const Fixed out = apply_fixes(with_removals(compiled.diagnostics, compiled.program, compiled.sources),
                                compiled.sources, guesses);
  const auto found = out.texts.find(FileId{0});
  return found == out.texts.end() ? text : found->second;
}

TEST(Fixes, TakeAStatementWithItsLine) {
  EXPECT_EQ(fixed("policy p { }\nlayer rest open {\n    match *;\n    weight 5;\n}\n"),
            "policy p { }\nlayer rest open {\n    match *;\n}\n");
  EXPECT_EQ(fixed("policy p { }\nlayer rest open { match *; weight 5; }\n"),
            "policy p { }\nlayer rest open { match *; }\n");
}

TEST(Fixes, LeaveWhatHasACommentToGuesses) {
  const std::string statement = "policy p { }\nlayer rest open {\n    match *;\n    weight 5;  # why\n}\n";
  EXPECT_EQ(fixed(statement), statement);
  EXPECT_EQ(fixed(statement, true), "policy p { }\nlayer rest open {\n    match *;\n    # why\n}\n");
  const std::string term =
      "policy p { }\nlayer a open {\n    match comm prefix \"ab\"  # why\n        or comm prefix "
      "\"abc\";\n}\n"
      "layer rest open { match *; }\n";
  EXPECT_EQ(fixed(term), term);
}

TEST(Fixes, TakeATermWithTheWordThatJoinsIt) {
  const std::string rest = " }\nlayer rest open { match *; }\n";
  const auto layer = [&](const std::string& match) {
    return "policy p { }\nlayer web open { match " + match + ";" + rest;
  };
  EXPECT_EQ(fixed(layer("comm \"a*\" or comm \"ab*\" or nice 3")), layer("comm \"a*\" or nice 3"));
  EXPECT_EQ(fixed(layer("comm \"ab*\" or comm \"a*\"")), layer("comm \"a*\""));
  EXPECT_EQ(fixed(layer("nice < 0 and nice <= 5")), layer("nice < 0"));
}

TEST(Fixes, LeaveATermWhosePlaceIsNotCertain) {
  const std::string text =
      "policy p { }\nlayer web open { match nice 3 and (nice 3 or comm \"b\"); }\nlayer rest open { match *; "
      "}\n";
  EXPECT_EQ(fixed(text), text);
}

TEST(Fixes, GuessesAreMadeOnRequest) {
  const std::string text = "policy p { slcie 5ms; }\nlet a = 3;\nlayer rest open { match *; }\n";
  EXPECT_EQ(fixed(text), text);
  // Constants are not asked for while there are errors.
  const std::string sound = "policy p { slice 5ms; }\nlet a = 3;\nlayer rest open { match *; }\n";
  EXPECT_EQ(fixed(text, true), sound);
  EXPECT_EQ(fixed(sound), sound);
  EXPECT_EQ(fixed(sound, true), "policy p { slice 5ms; }\nlayer rest open { match *; }\n");
}

TEST(Fixes, TouchingOnesWait) {
  Sources sources;
  const FileId file = sources.add("a", "a", "abcdef");
  diag::Diagnostics all;
  all.report(diag::Kind::kUnexpectedToken, {file, 0, 2}, "x").fix({file, 0, 2}, "1");
  all.report(diag::Kind::kUnexpectedToken, {file, 1, 3}, "x").fix({file, 1, 3}, "2");
  all.report(diag::Kind::kUnexpectedToken, {file, 4, 5}, "x")
      .suggest({file, 4, 5}, "3")
      .fix({file, 5, 6}, "4");
  const Fixed safe = apply_fixes(all, sources, false);
  EXPECT_EQ(safe.count, 2U);
  EXPECT_EQ(safe.texts.at(file), "1cde4");
  EXPECT_EQ(apply_fixes(all, sources, true).texts.at(file), "1cd3f");
}

// What is safe changes nothing of what the policy means. (The weight of a lone layer is in the model, and
// weighs against nothing.)
TEST(Fixes, TakeOutWhatChangesNothing) {
  for (const char* text :
       {"policy p { }\nlayer a open { match nice 3; }\nlayer rest open { match *; }\n"
        "cell c { cgroup under \"/c\"; cpus 2; lend none; }\n",
        "policy p { gpu devices \"/dev/x*\"; }\nlayer rest open { match *; }\n",
        "policy p { }\nlayer rest open { match *; }\ncleanup { on unload { restore idle; } }\n",
        "policy p { }\nlayer a open { match nice 3; }\nlayer rest open { match *; }\n"
        "cleanup { on unload { restore idle; } on stall { exit; } }\n",
        "policy p { }\nlayer a open { match nice 3; }\nlayer rest open { match *; }\n"
        "# scxlint allow unused: nothing is\n"}) {
    const test::Compiled before = linted(text);
    const std::string out = fixed(text);
    EXPECT_NE(out, text);
    const test::Compiled after = linted(out);
    ASSERT_TRUE(before.policy && after.policy) << out << after.rendered();
    EXPECT_LT(after.diagnostics.all().size(), before.diagnostics.all().size()) << out << after.rendered();
    ASSERT_EQ(before.policy->cells.size(), after.policy->cells.size()) << out;
    EXPECT_EQ(before.policy->domains.size(), after.policy->domains.size()) << out;
  }
}

}  // namespace
}  // namespace scx::findings
