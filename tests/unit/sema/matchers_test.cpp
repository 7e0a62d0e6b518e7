// What match expressions become.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sema/compile.h"

namespace scx::test {
namespace {

// The match of the first layer, as text of the model.
std::string lowered(std::string_view match, std::string_view definitions = "") {
  const Compiled result = compile_body(fmt::format("{}\nlayer x open {{ match {}; }}", definitions, match));
  EXPECT_TRUE(result.policy.has_value()) << result.rendered();
  if (!result.policy) return "";
  return model::to_string(*result.policy, result.policy->layer(0).match);
}

TEST(Matchers, IntegersBecomeRanges) {
  EXPECT_EQ(lowered("nice < -5"), "nice -20..-6");
  EXPECT_EQ(lowered("nice <= -5"), "nice -20..-5");
  EXPECT_EQ(lowered("nice > -5"), "nice -4..19");
  EXPECT_EQ(lowered("nice >= -5"), "nice -5..19");
  EXPECT_EQ(lowered("nice == 3"), "nice 3");
  EXPECT_EQ(lowered("nice 3"), "nice 3");
  EXPECT_EQ(lowered("nice != 3"), "nice {-20..2, 4..19}");
  EXPECT_EQ(lowered("nice != -3..3"), "nice {-20..-4, 4..19}");
  EXPECT_EQ(lowered("nice ..0"), "nice -20..0");
  EXPECT_EQ(lowered("nice 5.."), "nice 5..19");
  EXPECT_EQ(lowered("pid {5, 1, 2..4, 9, 3}"), "pid {1..5, 9}");
}

TEST(Matchers, IdentitiesTakeNames) {
  EXPECT_EQ(lowered("uid \"www\""), "uid \"www\"");
  EXPECT_EQ(lowered("uid {\"b\", 5, \"a\", 6, \"a\"}"), "uid {5..6, \"a\", \"b\"}");
  EXPECT_EQ(lowered("gid != \"www\""), "not gid \"www\"");
  EXPECT_EQ(lowered("gid != {1, \"www\"}"), "not gid {1, \"www\"}");
  EXPECT_EQ(lowered("uid != 0"), "uid 1..4294967294");
}

TEST(Matchers, TextOperators) {
  EXPECT_EQ(lowered("comm \"a*\""), "comm \"a*\"");
  EXPECT_EQ(lowered("comm == \"a\""), "comm == \"a\"");
  EXPECT_EQ(lowered("comm != \"a\""), "not comm == \"a\"");
  EXPECT_EQ(lowered("leader comm prefix \"a\""), "leader comm prefix \"a\"");
  EXPECT_EQ(lowered("comm suffix \"a\""), "comm suffix \"a\"");
  EXPECT_EQ(lowered("comm contains \"a\""), "comm contains \"a\"");
  EXPECT_EQ(lowered("cgroup matches \"^/a[.]b\""), "cgroup matches \"^/a[.]b\"");
  EXPECT_EQ(lowered("cgroup under \"/a/*\""), "cgroup under \"/a/*\"");
  EXPECT_EQ(lowered("cgroup == \"/\""), "cgroup == \"/\"");
  EXPECT_EQ(lowered("comm \"fifteen-bytes-x\""), "comm \"fifteen-bytes-x\"");
}

TEST(Matchers, WordsAndFlags) {
  EXPECT_EQ(lowered("sched batch"), "sched batch");
  EXPECT_EQ(lowered("sched == idle"), "sched idle");
  EXPECT_EQ(lowered("sched != normal"), "not sched normal");
  EXPECT_EQ(lowered("sched {idle, batch, idle}"), "sched {batch, idle}");
  EXPECT_EQ(lowered("sched {idle}"), "sched idle");
  EXPECT_EQ(lowered("sched != lazy", "let lazy = {idle, batch};"), "not sched {batch, idle}");
  // The language's words come before constants.
  EXPECT_EQ(lowered("sched idle", "let idle = {batch}; match y = sched idle;"), "sched idle");
  EXPECT_EQ(lowered("kthread"), "kthread");
  EXPECT_EQ(lowered("not leader"), "not leader");
}

TEST(Matchers, PlacesOfAffinities) {
  EXPECT_EQ(lowered("affinity full"), "affinity full");
  EXPECT_EQ(lowered("not affinity pinned"), "not affinity pinned");
  EXPECT_EQ(lowered("affinity within node 0"), "affinity within node 0");
  EXPECT_EQ(lowered("affinity within llc {3, 0}"), "affinity within llc {0, 3}");
  EXPECT_EQ(lowered("affinity within node near", "let near = 0..2;"), "affinity within node 0..2");
  // A task's CPUs may be in none of them as a whole.
  EXPECT_EQ(lowered("not affinity within node 0 and not affinity within node 1"),
            "not affinity within node 0 and not affinity within node 1");
}

TEST(Matchers, GpuUse) {
  EXPECT_EQ(lowered("gpu thread"), "gpu thread");
  EXPECT_EQ(lowered("gpu process device 1 for 300s"), "gpu process device 1 for 5m");
  EXPECT_EQ(lowered("gpu process device card for ttl", "let card = 2; let ttl = 90s;"),
            "gpu process device 2 for 90s");
  EXPECT_EQ(lowered("gpu thread device 0 and not gpu thread device 1"),
            "gpu thread device 0 and not gpu thread device 1");
}

TEST(Matchers, ConstantsStandForValues) {
  EXPECT_EQ(lowered("nice < limit", "let limit = low; let low = -5;"), "nice -20..-6");
  EXPECT_EQ(lowered("uid people", "let people = {0, 1000..1999};"), "uid {0, 1000..1999}");
  EXPECT_EQ(lowered("comm server", "let server = \"nginx*\";"), "comm \"nginx*\"");
  EXPECT_EQ(lowered("pid few", "let few = 1..3;"), "pid 1..3");
}

TEST(Matchers, ExpressionsKeepTheirStructure) {
  EXPECT_EQ(lowered("nice 1 or nice 2 and uid 3"), "nice 1 or (nice 2 and uid 3)");
  EXPECT_EQ(lowered("(nice 1 or nice 2) and uid 3"), "(nice 1 or nice 2) and uid 3");
  EXPECT_EQ(lowered("not (nice 1 or uid 2)"), "not (nice 1 or uid 2)");
  EXPECT_EQ(lowered("nice 1 and (uid 2 and (gid 3))"), "nice 1 and uid 2 and gid 3");
}

TEST(Matchers, ExpressionsAreSimplifiedWhereTheMeaningStays) {
  EXPECT_EQ(lowered("not not nice 1"), "nice 1");
  EXPECT_EQ(lowered("nice 1 and *"), "nice 1");
  EXPECT_EQ(lowered("nice 1 or *"), "*");
  EXPECT_EQ(lowered("nice 1 and nice 1"), "nice 1");
  EXPECT_EQ(lowered("nice <= 19"), "*");
  EXPECT_EQ(lowered("a or b", "match a = nice 1; match b = a or uid 2;"), "nice 1 or uid 2");
}

TEST(Matchers, EqualTestsAreOnePredicate) {
  const Compiled result = compile_body(
      "match a = nice < 0; layer x open { match a and uid 0; } layer y open { match nice ..-1 or comm \"a\"; "
      "}");
  ASSERT_TRUE(result.policy.has_value()) << result.rendered();
  ASSERT_EQ(result.policy->predicates.size(), 3u);
  EXPECT_EQ(result.policy->layer(0).match.operands[0], result.policy->layer(1).match.operands[0]);
}

TEST(Matchers, PredicatesOfLayersComeFirst) {
  const Compiled result = compile_body(
      "match only-tested = nice 7; match used = nice 3; layer x open { match used; }\n"
      "test \"t\" { task { } expect not match only-tested; }");
  ASSERT_TRUE(result.policy.has_value()) << result.rendered();
  ASSERT_EQ(result.policy->predicates.size(), 2u);
  EXPECT_EQ(model::to_string(result.policy->predicates[0]), "nice 3");
  EXPECT_EQ(model::to_string(result.policy->predicates[1]), "nice 7");
  EXPECT_EQ(result.sources.text(result.policy->predicates[0].span), "nice 3");
}

TEST(Matchers, TestsThatDoNotExcludeEachOtherAreAccepted) {
  EXPECT_EQ(lowered("cgroup under \"/a\" and cgroup under \"/a/b\""),
            "cgroup under \"/a\" and cgroup under \"/a/b\"");
  EXPECT_EQ(lowered("cgroup under \"/a\" and not cgroup under \"/a/b\""),
            "cgroup under \"/a\" and not cgroup under \"/a/b\"");
  EXPECT_EQ(lowered("comm \"a*\" and comm suffix \"b\""), "comm \"a*\" and comm suffix \"b\"");
  EXPECT_EQ(lowered("comm == \"ab\" and comm prefix \"a\""), "comm == \"ab\" and comm prefix \"a\"");
  EXPECT_EQ(lowered("comm \"[ab]*\" and comm prefix \"b\""), "comm \"[ab]*\" and comm prefix \"b\"");
  EXPECT_EQ(lowered("not sched batch and not sched idle"), "not sched batch and not sched idle");
  EXPECT_EQ(lowered("uid \"a\" and uid \"b\""), "uid \"a\" and uid \"b\"");
  EXPECT_EQ(lowered("cgroup under \"/\" and cgroup under \"/a\""),
            "cgroup under \"/\" and cgroup under \"/a\"");
}

}  // namespace
}  // namespace scx::test
