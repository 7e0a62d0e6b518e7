#include "runtime/base/accounts.h"

#include <gtest/gtest.h>

namespace scx {
namespace {

TEST(Accounts, OfThisMachine) {
  EXPECT_EQ(user_id("root"), 0U);
  EXPECT_EQ(group_id("root"), 0U);
  EXPECT_EQ(user_id("nobody-has-this-name"), std::nullopt);
  EXPECT_EQ(group_id("nobody-has-this-name"), std::nullopt);
}

}  // namespace
}  // namespace scx
