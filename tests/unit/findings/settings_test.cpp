#include "compiler/findings/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/syntax/syntax.h"

namespace scx::findings {
namespace {

using diag::Kind;
using diag::Severity;

struct Read {
  Sources sources;
  diag::Diagnostics diagnostics;
  Settings settings;
  // "E0901 `foo`" of each diagnostic.
  [[nodiscard]] std::vector<std::string> summary() const {
    std::vector<std::string> out;
    for (const diag::Diagnostic* one : diagnostics.sorted())
      out.push_back(fmt::format("{} `{}`", info(one->kind).code, sources.text(one->span)));
    return out;
  }
};

Read read(std::string text) {
  Read out;
  const FileId id = out.sources.add(".scxlint", ".scxlint", std::move(text));
  const ast::File file = syntax::parse(id, out.sources, out.diagnostics);
  if (!out.diagnostics.has_errors()) out.settings = read_settings(file, out.diagnostics);
  return out;
}

TEST(Settings, NameRulesByCodeNameAndCategory) {
  const Read out = read(
      "# levels\nlevel W0501 off;\nlevel order-decides warning;\nlevel tests error;\nfail-on note;\n"
      "exclude \"imported/*\" \"old.scx\";\n");
  EXPECT_THAT(out.summary(), testing::IsEmpty());
  const std::map<Kind, std::optional<Severity>> levels = {{Kind::kUnusedMatcher, std::nullopt},
                                                          {Kind::kOrderDecides, Severity::kWarning},
                                                          {Kind::kUntestedLayer, Severity::kError},
                                                          {Kind::kNoTests, Severity::kError}};
  EXPECT_EQ(out.settings.levels, levels);
  EXPECT_EQ(out.settings.fail_on, Severity::kNote);
  EXPECT_TRUE(excludes(out.settings, "imported/deep/a.scx"));
  EXPECT_TRUE(excludes(out.settings, "old.scx"));
  EXPECT_FALSE(excludes(out.settings, "web.scx"));
}

TEST(Settings, TheLaterLevelCounts) {
  const Read out = read("level tests off;\nlevel no-tests note;\n");
  EXPECT_EQ(out.settings.levels.at(Kind::kUntestedLayer), std::nullopt);
  EXPECT_EQ(out.settings.levels.at(Kind::kNoTests), Severity::kNote);
}

TEST(Settings, MistakesHaveAPlaceAndAGuess) {
  const Read out = read(
      "level order-decide off;\nlevel order-decides of;\nlevel E0102 off;\nlevle tests off;\nfail-on off;\n"
      "exclude;\nexclude a;\nlevel tests;\nlevel tests off now;\npolicy p { }\n");
  EXPECT_THAT(out.summary(),
              testing::ElementsAre("E0901 `order-decide`", "E0902 `of`", "E0902 `E0102`", "E0902 `levle`",
                                   "E0902 `off`", "E0902 `exclude;`", "E0902 `a`", "E0902 `level tests;`",
                                   "E0902 `level tests off now;`", "E0902 `policy p { }`"));
  EXPECT_EQ(out.diagnostics.all()[0].help, "did you mean `order-decides`?");
  EXPECT_EQ(out.diagnostics.all()[1].help, "did you mean `off`?");
}

TEST(Settings, ChangeLevelsAndTurnOff) {
  diag::Diagnostics all;
  all.report(Kind::kUnusedMatcher, {}, "a");
  all.report(Kind::kOrderDecides, {FileId{0}, 1, 2}, "b");
  all.report(Kind::kUnknownProperty, {FileId{0}, 3, 4}, "c");
  Settings settings;
  settings.levels[Kind::kUnusedMatcher] = std::nullopt;
  settings.levels[Kind::kOrderDecides] = Severity::kError;
  const diag::Diagnostics out = at_levels(all, settings);
  ASSERT_EQ(out.all().size(), 2U);
  EXPECT_EQ(out.all()[0].severity, Severity::kError);
  EXPECT_EQ(out.error_count(), 2U);
}

}  // namespace
}  // namespace scx::findings
