// What of a header is needed by what.
#include "compiler/codegen/dictionary.h"

#include <gmock/gmock.h>

namespace scx::codegen {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

constexpr const char* kHeader = R"(/* What this is. */

//% each
typedef int a_type;
typedef long b_type; /* beside it */

#define ONE(x) two(x)

enum kind {
	FIRST = 1,
	SECOND,
};

//% members
struct thing {
	a_type kept;
	b_type dropped;
	int (*call)(void);
};

static inline int two(int x)
{

	return x + FIRST;
}

static long (*const helper)(void *map) = (void *)1;

extern void kernel_function(int x) __ksym __weak;

struct {
	int key;
} a_map SEC(".maps");
)";

std::vector<Names> defined(std::string_view text) {
  std::vector<Names> out;
  for (const Declaration& declaration : declarations(text)) out.push_back(declaration.defines);
  return out;
}

TEST(Dictionary, KnowsWhatDeclarationsDefine) {
  EXPECT_THAT(defined(kHeader), ElementsAre(Names{}, Names{"a_type"}, Names{"b_type"}, Names{"ONE"},
                                            Names{"kind", "FIRST", "SECOND"}, Names{"thing"}, Names{"two"},
                                            Names{"helper"}, Names{"kernel_function"}, Names{"a_map"}));
}

TEST(Dictionary, KeepsWhatIsReachedAndNothingElse) {
  const std::string text = needed(kHeader, "int f(void) { return ONE(3); }");
  EXPECT_NE(text.find("What this is"), std::string::npos);
  EXPECT_NE(text.find("two(int x)"), std::string::npos);
  EXPECT_NE(text.find("FIRST"), std::string::npos);
  EXPECT_EQ(text.find("thing"), std::string::npos);
  EXPECT_EQ(text.find("typedef"), std::string::npos);
  EXPECT_EQ(text.find("helper"), std::string::npos);
}

TEST(Dictionary, DropsMembersThatNobodyNames) {
  const std::string text = needed(kHeader, "int f(struct thing *t) { return t->kept + t->call(); }");
  EXPECT_NE(text.find("a_type kept;"), std::string::npos);
  EXPECT_NE(text.find("typedef int a_type"), std::string::npos);
  EXPECT_NE(text.find("(*call)"), std::string::npos);
  EXPECT_EQ(text.find("dropped"), std::string::npos);
  EXPECT_EQ(text.find("b_type"), std::string::npos);
}

TEST(Dictionary, NamesInCommentsAndStringsAreNoUse) {
  const std::string text = needed(kHeader, "/* a_type */ // b_type\nconst char *s = \"kernel_function\";");
  EXPECT_EQ(text, "/* What this is. */\n");
}

TEST(Dictionary, IdentifiersLeaveOutNumbersAndStrings) {
  EXPECT_THAT(identifiers("x1 = 0x7f + y; /* z */ f(\"w\");"), UnorderedElementsAre("x1", "y", "f"));
}

}  // namespace
}  // namespace scx::codegen
