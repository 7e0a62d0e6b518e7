// C text compiled for this machine and called.
#include "compiler/backend/host_classifier.h"

#include <gmock/gmock.h>

namespace scx::backend {
namespace {

struct Facts {
  char comm[16];
  int nice;
};

TEST(HostFunction, RunsTheText) {
  auto function = HostFunction::compile(
      "struct facts { char comm[16]; int nice; };\n"
      "static const unsigned char table[3] = {5, 6, 7};\n"
      "unsigned classify(const struct facts *f) {\n"
      "  if (f->comm[0] == 'n' && f->nice < 0) return table[0];\n"
      "  return __builtin_strlen(f->comm) > 3 ? table[1] : table[2]; }\n",
      "classify");
  ASSERT_TRUE(function.ok()) << function.error().message;
  auto* classify = function->as<uint32_t(const Facts*)>();
  const Facts nginx{"nginx", -5};
  const Facts bash{"bash", 0};
  const Facts sh{"sh", 0};
  EXPECT_EQ(classify(&nginx), 5U);
  EXPECT_EQ(classify(&bash), 6U);
  EXPECT_EQ(classify(&sh), 7U);
}

TEST(HostFunction, TwoLiveBesideEachOther) {
  auto one = HostFunction::compile("int f(void) { return 1; }", "f");
  auto two = HostFunction::compile("int f(void) { return 2; }", "f");
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->as<int()>()() + two->as<int()>()(), 3);
}

TEST(HostFunction, AFaultInTheTextIsAnError) {
  auto broken = HostFunction::compile("int f(void) { return missing; }", "f");
  ASSERT_FALSE(broken.ok());
  EXPECT_THAT(broken.error().message, ::testing::HasSubstr("missing"));
  auto other = HostFunction::compile("int f(void) { return 1; }", "g");
  EXPECT_FALSE(other.ok());
}

}  // namespace
}  // namespace scx::backend
