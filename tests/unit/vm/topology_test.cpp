#include "runtime/vm/topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scx::vm {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Topology, ReadsShapes) {
  const auto plain = parse_topology("2s4c2t");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->cpus(), 16U);
  EXPECT_EQ(plain->nodes, 2U);
  const auto dies = parse_topology("1s2d3c1t");
  ASSERT_TRUE(dies.ok());
  EXPECT_EQ(dies->cpus(), 6U);
  EXPECT_EQ(dies->nodes, 1U);
  const auto distances = parse_topology("3s1c1t:21,31,22");
  ASSERT_TRUE(distances.ok());
  EXPECT_THAT(distances->distances, ElementsAre(10, 21, 31, 21, 10, 22, 31, 22, 10));
}

TEST(Topology, WritesWhatItReads) {
  for (const char* text : {"2s2c2t", "1s1c1t", "1s2d4c2t", "2s2c2t1n", "1s4c1t2n", "3s1c1t:21,31,22"}) {
    const auto topology = parse_topology(text);
    ASSERT_TRUE(topology.ok()) << text;
    EXPECT_EQ(topology_text(*topology), text);
  }
}

TEST(Topology, RefusesWhatCannotBe) {
  const auto why = [](const char* text) {
    const auto topology = parse_topology(text);
    return topology.ok() ? "accepted" : topology.error().message;
  };
  EXPECT_THAT(why(""), HasSubstr("empty"));
  EXPECT_THAT(why("2x"), HasSubstr("unknown letter"));
  EXPECT_THAT(why("2s2s"), HasSubstr("twice"));
  EXPECT_THAT(why("0s2c"), HasSubstr("count"));
  EXPECT_THAT(why("2s2"), HasSubstr("without a letter"));
  EXPECT_THAT(why("2s2c4t"), HasSubstr("threads"));
  EXPECT_THAT(why("100s100c"), HasSubstr("CPUs"));
  EXPECT_THAT(why("4294967296s"), HasSubstr("count"));
  EXPECT_THAT(why("1s3c1t2n"), HasSubstr("shared equally"));
  EXPECT_THAT(why("2s1c1t:5"), HasSubstr("distances"));
  EXPECT_THAT(why("3s1c1t:21"), HasSubstr("3 distances"));
  EXPECT_THAT(why("2s1c1t:21,22"), HasSubstr("more distances"));
}

TEST(Topology, GivesEveryCpuAndAllMemoryToNodes) {
  const auto arguments = topology_arguments(*parse_topology("2s2c2t"), 1024);
  EXPECT_THAT(arguments, Contains("8,sockets=2,dies=1,cores=2,threads=2"));
  EXPECT_THAT(arguments, Contains("node,nodeid=0,cpus=0-3,memdev=m0"));
  EXPECT_THAT(arguments, Contains("node,nodeid=1,cpus=4-7,memdev=m1"));
  EXPECT_THAT(arguments, Contains("memory-backend-ram,id=m1,size=512M"));
  EXPECT_THAT(arguments, Contains("dist,src=0,dst=1,val=21"));
  EXPECT_THAT(topology_arguments(*parse_topology("1s2c1t"), 512), Not(Contains("-numa")));
}

}  // namespace
}  // namespace scx::vm
