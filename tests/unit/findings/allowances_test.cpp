#include "compiler/findings/allowances.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sema/compile.h"

namespace scx::findings {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// What is told, and what is allowed with its reason, of a policy's text.
struct Heard {
  std::vector<std::string> told;
  std::vector<std::string> allowed;
};

Heard hear(const std::string& text, bool report_unused = true) {
  test::Compiled compiled = test::compile("policy p { }\n" + text);
  const ast::File& file = compiled.program.files.front();
  const auto allowances = read_allowances(file, file.comments, compiled.sources, compiled.diagnostics);
  const Told heard = heed(compiled.diagnostics, allowances, report_unused);
  Heard out;
  for (const diag::Diagnostic* one : heard.told.sorted())
    out.told.push_back(fmt::format("{} `{}`", info(one->kind).code, compiled.sources.text(one->span)));
  for (const diag::Diagnostic* one : heard.allowed.sorted())
    out.allowed.push_back(fmt::format("{} {}", info(one->kind).code, one->allowed));
  return out;
}

TEST(Allowances, SpeakOfTheDeclarationBelow) {
  const Heard out = hear(
      "# scxlint allow unused-constant: for later\n# another remark\n\nlet a = 5ms;\nlet b = 5ms;\n"
      "layer rest open { match *; }\n");
  EXPECT_THAT(out.told, ElementsAre("W0502 `b`"));
  EXPECT_THAT(out.allowed, ElementsAre("W0502 for later"));
}

TEST(Allowances, SpeakOfWhatIsInTheDeclarationBelow) {
  const Heard out =
      hear("# scxlint allow W0503, unused: a\nlayer rest open {\n    match *;\n    weight 5;\n}\n");
  EXPECT_THAT(out.told, IsEmpty());
  EXPECT_THAT(out.allowed, ElementsAre("W0503 a"));
}

TEST(Allowances, BehindCodeSpeakOfTheirLine) {
  const Heard out =
      hear("layer rest open {\n    match *;\n    weight 5;   #scxlint allow weight-alone :  a: b  \r\n}\n");
  EXPECT_THAT(out.told, IsEmpty());
  EXPECT_THAT(out.allowed, ElementsAre("W0503 a: b"));
}

TEST(Allowances, SpeakOfTheWholeFile) {
  const Heard out = hear(
      "let a = 5ms;\nlayer rest open { match *; weight 5; }\n# scxlint allow-file unused, no-effect: "
      "generated\n");
  EXPECT_THAT(out.told, IsEmpty());
  EXPECT_THAT(out.allowed, ElementsAre("W0502 generated", "W0503 generated"));
}

TEST(Allowances, AllowNoError) {
  const Heard out = hear(
      "# scxlint allow unknown-property: why not\nlayer rest open { match *; weigth 5; }\n"
      "# scxlint allow-file names: why not\n");
  EXPECT_THAT(out.told, ElementsAre("W0903 `unknown-property`", "E0102 `weigth`", "W0903 `names`"));
}

TEST(Allowances, NeedARuleAndAReason) {
  for (const char* comment :
       {"# scxlint", "# scxlint allow", "# scxlint allow: why", "# scxlint allow unused",
        "# scxlint allow unused:", "# scxlint allow unused:   ", "# scxlint allow unused why",
        "# scxlint allow unused, : why", "# scxlint alow unused: why", "# scxlint allow unusde: why"}) {
    const Heard out = hear(std::string(comment) + "\nlayer rest open { match *; }\n");
    ASSERT_EQ(out.told.size(), 1U) << comment;
    EXPECT_THAT(out.told[0], testing::StartsWith("W0903 ")) << comment;
  }
}

TEST(Allowances, OtherCommentsAreNone) {
  for (const char* comment : {"# scxlinter allow unused", "# see scxlint allow", "#", "#   "}) {
    const Heard out = hear(std::string(comment) + "\nlayer rest open { match *; }\n");
    EXPECT_THAT(out.told, IsEmpty()) << comment;
  }
}

TEST(Allowances, OfNothingAreToldOnceAllRulesRan) {
  const char* text = "# scxlint allow unused: why\nlayer rest open { match *; }\n";
  EXPECT_THAT(hear(text).told, ElementsAre("W0904 `# scxlint allow unused: why`"));
  EXPECT_THAT(hear(text, false).told, IsEmpty());
}

TEST(Allowances, AtTheEndSpeakOfNothing) {
  EXPECT_THAT(hear("let a = 5ms;\nlayer rest open { match *; }\n# scxlint allow unused: why").told,
              ElementsAre("W0502 `a`", "W0904 `# scxlint allow unused: why`"));
}

}  // namespace
}  // namespace scx::findings
