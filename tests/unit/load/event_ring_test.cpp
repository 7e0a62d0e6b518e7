#include "runtime/load/event_ring.h"

#include <cstddef>
#include <cstring>

#include <gtest/gtest.h>

namespace scx::load {
namespace {

TEST(EventRing, ReadsBriefAndWholeEvents) {
  scx_event raw{};
  raw.cgroup = 77;
  raw.kind = SCX_EVENT_CGROUP_ENDED;
  raw.slot = 3;
  CgroupEvent event;
  ASSERT_TRUE(read_event(&raw, offsetof(scx_event, path), event));
  EXPECT_EQ(event.kind, SCX_EVENT_CGROUP_ENDED);
  EXPECT_EQ(event.cgroup, 77U);
  EXPECT_EQ(event.slot, 3U);
  EXPECT_EQ(event.path, "");
  raw.kind = SCX_EVENT_CGROUP_BEGAN;
  std::strcpy(raw.path, "/tenants/a");
  ASSERT_TRUE(read_event(&raw, sizeof raw, event));
  EXPECT_EQ(event.path, "/tenants/a");
}

TEST(EventRing, RefusesWhatIsNoEvent) {
  scx_event raw{};
  CgroupEvent event;
  EXPECT_FALSE(read_event(&raw, offsetof(scx_event, path) - 1, event));
  raw.kind = 99;
  EXPECT_FALSE(read_event(&raw, sizeof raw, event));
  // A path without an end is what is there.
  raw.kind = SCX_EVENT_CGROUP_BEGAN;
  std::memset(raw.path, 'x', sizeof raw.path);
  ASSERT_TRUE(read_event(&raw, sizeof raw, event));
  EXPECT_EQ(event.path.size(), sizeof raw.path);
}

}  // namespace
}  // namespace scx::load
