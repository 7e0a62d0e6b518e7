#include "compiler/model/ranges.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace scx::model {
namespace {

bool holds(const Ranges& ranges, int64_t value) {
  for (const abi::IntRange& range : ranges)
    if (value >= range.low && value <= range.high) return true;
  return false;
}

bool is_normal(const Ranges& ranges) {
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].low > ranges[i].high) return false;
    if (i > 0 && ranges[i].low <= ranges[i - 1].high + 1) return false;
  }
  return true;
}

Ranges arbitrary() {
  Ranges out;
  for (const auto& [low, length] : *rc::gen::container<std::vector<std::pair<int, int>>>(
           rc::gen::pair(rc::gen::inRange(-20, 20), rc::gen::inRange(-2, 6))))
    out.push_back({low, low + length});
  return out;
}

TEST(Ranges, NormaliseMergesSortsAndDropsEmptyOnes) {
  EXPECT_EQ(normalise({{5, 9}, {1, 2}, {3, 4}, {8, 12}, {20, 19}}), (Ranges{{1, 12}}));
  EXPECT_EQ(normalise({{5, 6}, {1, 3}}), (Ranges{{1, 3}, {5, 6}}));
  EXPECT_EQ(normalise({}), Ranges{});
}

TEST(Ranges, ComplementStaysWithinItsBounds) {
  EXPECT_EQ(complement({{-20, -6}}, -20, 19), (Ranges{{-5, 19}}));
  EXPECT_EQ(complement({{0, 0}}, -20, 19), (Ranges{{-20, -1}, {1, 19}}));
  EXPECT_EQ(complement({{-20, 19}}, -20, 19), Ranges{});
  EXPECT_EQ(complement({}, 0, 7), (Ranges{{0, 7}}));
}

TEST(Ranges, OperationsAgreeWithMembership) {
  EXPECT_TRUE(rc::check([] {
    const Ranges raw_a = arbitrary();
    const Ranges a = normalise(raw_a);
    const Ranges b = normalise(arbitrary());
    const Ranges both = intersect(a, b);
    const Ranges any = unite(a, b);
    const Ranges inverse = complement(a, -30, 30);
    RC_ASSERT(is_normal(a) && is_normal(both) && is_normal(any) && is_normal(inverse));
    for (int64_t v = -30; v <= 30; ++v) {
      RC_ASSERT(holds(raw_a, v) == holds(a, v));
      RC_ASSERT(holds(both, v) == (holds(a, v) && holds(b, v)));
      RC_ASSERT(holds(any, v) == (holds(a, v) || holds(b, v)));
      RC_ASSERT(holds(inverse, v) == !holds(a, v));
    }
  }));
}

}  // namespace
}  // namespace scx::model
