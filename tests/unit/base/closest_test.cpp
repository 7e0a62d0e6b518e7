#include "runtime/base/closest.h"

#include <string>

#include <gtest/gtest.h>

namespace scx {
namespace {

TEST(Closest, FindsSlips) {
  const std::vector<std::string_view> words = {"weight", "slice", "preempt", "cpus", "order"};
  EXPECT_EQ(closest("wieght", words), "weight");
  EXPECT_EQ(closest("slices", words), "slice");
  EXPECT_EQ(closest("prempt", words), "preempt");
  EXPECT_EQ(closest("cpu", words), "cpus");
  EXPECT_EQ(closest("weight", words), "");
  EXPECT_EQ(closest("banana", words), "");
  EXPECT_EQ(closest("", words), "");
  EXPECT_EQ(closest("x", {"y"}), "");
  EXPECT_EQ(closest(std::string(100000, 'a'), words), "");
}

}  // namespace
}  // namespace scx
