// Conditions in templates, and templates from a directory.
#include <gmock/gmock.h>

#include "compiler/codegen/template_text.h"
#include "tests/unit/codegen/policies.h"

namespace scx::codegen {
namespace {

using ::testing::HasSubstr;

TEST(TemplateText, ConditionsSelectLines) {
  const std::string text = "a\n//% if x\nb\n\t//% if not y\nc\n\t//% end\n//% end\nd\n";
  EXPECT_EQ(select(text, {}), "a\nd\n");
  EXPECT_EQ(select(text, {"x"}), "a\nb\nc\nd\n");
  EXPECT_EQ(select(text, {"x", "y"}), "a\nb\nd\n");
}

TEST(TemplateText, OperatorsBindAsInThePolicyLanguage) {
  const auto holds = [](const std::string& condition, const Features& features) {
    return !select("//% if " + condition + "\nx\n//% end\n", features).empty();
  };
  EXPECT_TRUE(holds("a or b and c", {"a"}));
  EXPECT_FALSE(holds("a or b and c", {"b"}));
  EXPECT_TRUE(holds("a or b and c", {"b", "c"}));
  EXPECT_TRUE(holds("not a and b", {"b"}));
  EXPECT_FALSE(holds("not a and b", {"a", "b"}));
}

TEST(Templates, ADirectoryOverridesWhatItHolds) {
  std::ofstream(testing::scratch() / "ops.bpf.c") << "/* replaced */\nint replaced_by_test;\n";
  const Result<Templates> templates = Templates::load(testing::scratch().string());
  ASSERT_TRUE(templates.ok());
  const testing::Compiled compiled = testing::compile_policy(testing::kOneLayer);
  const std::string text = emit(compiled.policy, compiled.classifier, compiled.sources, *templates);
  EXPECT_THAT(text, HasSubstr("replaced_by_test"));
  EXPECT_THAT(text, HasSubstr("pol_dispatch"));
}

TEST(Templates, AMissingDirectoryIsAnError) {
  const Result<Templates> templates = Templates::load("/no/such/directory");
  ASSERT_FALSE(templates.ok());
  EXPECT_THAT(templates.error().message, HasSubstr("/no/such/directory"));
}

TEST(Templates, NoDirectoryIsTheEmbeddedOnes) {
  const Result<Templates> templates = Templates::load("");
  ASSERT_TRUE(templates.ok());
  EXPECT_EQ(templates->text("kernel.h"), Templates::embedded().text("kernel.h"));
}

}  // namespace
}  // namespace scx::codegen
