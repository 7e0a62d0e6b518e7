#include "runtime/load/feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scx::load {
namespace {

using testing::ElementsAre;

topology::Topology machine(const char* text) { return *topology::synthetic(text); }

TEST(Feed, CpusAndHoles) {
  topology::Topology t = machine("2s1c2t");
  t.cpus[3].id = 70;  // ids may have holes
  EXPECT_EQ(plan_words(t), 2U);
  const std::vector<CpuEntry> entries = cpu_entries(t);
  ASSERT_EQ(entries.size(), 71U);
  EXPECT_EQ(entries[70].llc, 1U);
  EXPECT_EQ(entries[70].node, 1U);
  EXPECT_EQ(entries[50].llc, 0U);
}

TEST(Feed, NodesAreTheKernelsNumbers) {
  topology::Topology t = machine("2s1c1t");
  t.node_ids = {0, 8};  // as on machines whose memory-only nodes stand between
  EXPECT_EQ(cpu_entries(t)[1].node, 8U);
}

TEST(Feed, NearestCachesFirst) {
  // Two nodes of two caches: own cache, then the node's other, then the rest.
  const std::vector<uint32_t> near = near_entries(machine("2n1s2l1c"));
  ASSERT_EQ(near.size(), 16U);
  EXPECT_THAT(std::vector(near.begin(), near.begin() + 4), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(std::vector(near.begin() + 4, near.begin() + 8), ElementsAre(1, 0, 2, 3));
  EXPECT_THAT(std::vector(near.begin() + 12, near.end()), ElementsAre(3, 2, 0, 1));
}

TEST(Feed, PlanWords) {
  topology::Topology t = machine("66c");
  plan::Plan plan;
  plan.domains.resize(2);
  plan.domains[0].home = {0, 63, 64};
  plan.domains[1].domain = 1;
  plan.domains[1].home = {65};
  EXPECT_THAT(plan_entries(t, plan), ElementsAre(0x8000000000000001ULL, 1ULL, 0ULL, 2ULL));
}

TEST(Feed, PlacesAreWhatIsOutside) {
  using Kind = abi::Place::Kind;
  topology::Topology t = machine("2n2l2c");
  t.node_ids = {0, 8};
  t.cpus[1].online = false;
  const std::vector<abi::Place> places = {
      {Kind::kNode, 0}, {Kind::kNode, 1}, {Kind::kNode, 8}, {Kind::kLlc, 3}, {Kind::kOnline, 0}};
  // There is no node 1: nobody is within it.
  EXPECT_THAT(place_entries(t, places), ElementsAre(0xf0, 0xfd, 0x0d, 0x3d, 0xfd));
}

}  // namespace
}  // namespace scx::load
