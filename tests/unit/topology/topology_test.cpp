#include "runtime/topology/topology.h"

#include <cstdio>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <unistd.h>

namespace scx::topology {
namespace {

TEST(Synthetic, CompactForm) {
  auto topology = synthetic("2s2c2t");
  ASSERT_TRUE(topology.ok()) << topology.error().message;
  EXPECT_EQ(topology->cpus.size(), 8U);
  EXPECT_EQ(topology->core_count, 4U);
  EXPECT_EQ(topology->llc_count, 2U);
  EXPECT_EQ(topology->node_count, 2U);
  EXPECT_EQ(topology->node_ids, (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(topology->find(0)->core, topology->find(1)->core);
  EXPECT_NE(topology->find(1)->core, topology->find(2)->core);
  EXPECT_EQ(topology->find(3)->llc, 0U);
  EXPECT_EQ(topology->find(4)->llc, 1U);
  EXPECT_EQ(topology->find(4)->node, 1U);
  EXPECT_EQ(topology->find(8), nullptr);
  EXPECT_EQ(topology->distance(0, 0), 10U);
  EXPECT_GT(topology->distance(0, 1), 10U);
  EXPECT_EQ(summary(*topology), "8 CPUs (8 online), 4 cores, 2 last-level caches, 2 nodes");
}

TEST(Synthetic, NodesAndCachesCanBeNamed) {
  auto topology = synthetic("2n1s4l8c2t");
  ASSERT_TRUE(topology.ok()) << topology.error().message;
  EXPECT_EQ(topology->cpus.size(), 128U);
  EXPECT_EQ(topology->llc_count, 8U);
  EXPECT_EQ(topology->node_count, 2U);
  auto plain = synthetic("6c");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->cpus.size(), 6U);
  EXPECT_EQ(plain->llc_count, 1U);
  EXPECT_EQ(plain->core_count, 6U);
}

TEST(Synthetic, HugeOnesAreRefused) {
  EXPECT_TRUE(synthetic("64s32c2t").ok());
  EXPECT_TRUE(synthetic("[numa] pack:2 l3:2 core:8 pu:2(indexes=2*32:1*2)").ok());
  for (const char* text : {"64s33c2t", "999999s999999c999999t", "pack:4096 2",
                           "numa:100 pack:100 core:100 pu:100", "pack:99999999999999999999999"}) {
    const auto topology = synthetic(text);
    ASSERT_FALSE(topology.ok()) << text;
    EXPECT_NE(topology.error().message.find("more than 4096 CPUs"), std::string::npos)
        << topology.error().message;
  }
}

TEST(Synthetic, HwlocForm) {
  auto topology = synthetic("pack:2 l3:2 core:4 pu:1");
  ASSERT_TRUE(topology.ok());
  EXPECT_EQ(topology->cpus.size(), 16U);
  EXPECT_EQ(topology->llc_count, 4U);
  EXPECT_EQ(topology->node_count, 1U);
}

TEST(Synthetic, ManyCpus) {
  auto topology = synthetic("8n2s8l16c2t");
  ASSERT_TRUE(topology.ok());
  EXPECT_EQ(topology->cpus.size(), 4096U);
  EXPECT_EQ(topology->llc_count, 128U);
}

TEST(Synthetic, MistakesAreNamed) {
  for (const char* text : {"", "2x", "0s2c", "2t2s", "2s2s", "s", "live!"}) {
    auto topology = synthetic(text);
    ASSERT_FALSE(topology.ok()) << text;
    EXPECT_NE(topology.error().message.find("is not a topology"), std::string::npos);
    EXPECT_FALSE(topology.error().help.empty());
  }
}

TEST(Live, ThisMachine) {
  auto topology = live();
  ASSERT_TRUE(topology.ok()) << topology.error().message;
  EXPECT_EQ(topology->online_count(), static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_ONLN)));
  std::set<uint32_t> llcs;
  for (const Cpu& cpu : topology->cpus) {
    EXPECT_LT(cpu.core, topology->core_count);
    EXPECT_LT(cpu.llc, topology->llc_count);
    EXPECT_LT(cpu.node, topology->node_count);
    llcs.insert(cpu.llc);
  }
  EXPECT_EQ(llcs.size(), topology->llc_count);
  EXPECT_GE(topology->id_limit(), topology->cpus.size());
}

TEST(Xml, ReadsASnapshotAndRejectsOthers) {
  const std::string path = testing::TempDir() + "/scx-topology-test.xml";
  {
    std::ofstream file(path);
    file << R"(<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE topology SYSTEM "hwloc2.dtd">
<topology version="2.0">
  <object type="Machine" os_index="0" cpuset="0x00000035" complete_cpuset="0x00000035" allowed_cpuset="0x00000035" nodeset="0x00000001" complete_nodeset="0x00000001" allowed_nodeset="0x00000001" gp_index="1">
    <object type="NUMANode" os_index="0" cpuset="0x00000035" complete_cpuset="0x00000035" nodeset="0x00000001" complete_nodeset="0x00000001" gp_index="2" local_memory="1073741824"/>
    <object type="Core" os_index="0" cpuset="0x00000005" complete_cpuset="0x00000005" nodeset="0x00000001" complete_nodeset="0x00000001" gp_index="3">
      <object type="PU" os_index="0" cpuset="0x00000001" complete_cpuset="0x00000001" nodeset="0x00000001" complete_nodeset="0x00000001" gp_index="4"/>
      <object type="PU" os_index="2" cpuset="0x00000004" complete_cpuset="0x00000004" nodeset="0x00000001" complete_nodeset="0x00000001" gp_index="5"/>
    </object>
    <object type="Core" os_index="1" cpuset="0x00000030" complete_cpuset="0x00000030" nodeset="0x00000001" complete_nodeset="0x00000001" gp_index="6">
      <object type="PU" os_index="4" cpuset="0x00000010" complete_cpuset="0x00000010" nodeset="0x00000001" complete_nodeset="0x00000001" gp_index="7"/>
      <object type="PU" os_index="5" cpuset="0x00000020" complete_cpuset="0x00000020" nodeset="0x00000001" complete_nodeset="0x00000001" gp_index="8"/>
    </object>
  </object>
</topology>
)";
  }
  auto topology = from_source(path);
  ASSERT_TRUE(topology.ok()) << topology.error().message;
  EXPECT_EQ(topology->cpus.size(), 4U);
  EXPECT_EQ(topology->id_limit(), 6U);  // ids 1 and 3 are holes
  EXPECT_EQ(topology->find(0)->core, topology->find(2)->core);
  EXPECT_EQ(topology->find(1), nullptr);
  std::ofstream(path) << "not xml";
  EXPECT_FALSE(from_source(path).ok());
  std::remove(path.c_str());
  auto absent = from_source("/nonexistent/x.xml");
  ASSERT_FALSE(absent.ok());
  EXPECT_NE(absent.error().message.find("/nonexistent/x.xml"), std::string::npos);
}

TEST(Refreshed, KeepsNumberingAndFollowsOnline) {
  Topology before = *synthetic("2s2c2t");
  Topology now = before;
  now.cpus[5].online = false;
  // The fresh reading may number differently: what was known stays.
  for (Cpu& cpu : now.cpus) cpu.llc = 1 - cpu.llc;
  const Topology merged = refreshed(before, now);
  EXPECT_FALSE(merged.find(5)->online);
  EXPECT_EQ(merged.find(4)->llc, before.find(4)->llc);
  EXPECT_EQ(merged.online_count(), 7U);
}

TEST(Refreshed, LocatesACpuThatComesOnline) {
  Topology now = *synthetic("2s2c2t");
  Topology before = now;
  before.cpus[7] = Cpu{7, 4, 0, 0, false, false};
  before.core_count = 5;
  const Topology merged = refreshed(before, now);
  EXPECT_TRUE(merged.find(7)->online);
  EXPECT_EQ(merged.find(7)->llc, 1U);
  EXPECT_EQ(merged.find(7)->node, 1U);
  EXPECT_EQ(merged.find(7)->core, merged.find(6)->core);
}

TEST(CpuList, RoundTrip) {
  EXPECT_EQ(cpu_list({0, 1, 2, 3, 8}), "0-3,8");
  EXPECT_EQ(cpu_list({}), "");
  auto ids = parse_cpu_list("8,0-3\n");
  ASSERT_TRUE(ids.ok());
  EXPECT_EQ(*ids, (std::vector<uint32_t>{0, 1, 2, 3, 8}));
  EXPECT_TRUE(parse_cpu_list("").ok());
  for (const char* bad : {"a", "3-1", "1-", "1,,2", "0-99999999", "1 2"})
    EXPECT_FALSE(parse_cpu_list(bad).ok()) << bad;
}

// As hwloc writes it: two packages with a cache each, a display controller on a bus of the second one.
constexpr const char* kWithGpu = R"(<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE topology SYSTEM "hwloc2.dtd">
<topology version="2.0">
  <object type="Machine" os_index="0" cpuset="0x0000000f" complete_cpuset="0x0000000f" allowed_cpuset="0x0000000f" nodeset="0x00000003" complete_nodeset="0x00000003" allowed_nodeset="0x00000003" gp_index="1">
    <object type="Package" os_index="0" cpuset="0x00000003" complete_cpuset="0x00000003" nodeset="0x00000001" complete_nodeset="0x00000001" gp_index="2">
      <object type="NUMANode" os_index="0" cpuset="0x00000003" complete_cpuset="0x00000003" nodeset="0x00000001" complete_nodeset="0x00000001" gp_index="3" local_memory="1073741824"/>
      <object type="L3Cache" cpuset="0x00000003" complete_cpuset="0x00000003" nodeset="0x00000001" complete_nodeset="0x00000001" gp_index="4" cache_size="16777216" depth="3" cache_linesize="64" cache_associativity="16" cache_type="0">
        <object type="Core" os_index="0" cpuset="0x00000001" complete_cpuset="0x00000001" nodeset="0x00000001" complete_nodeset="0x00000001" gp_index="5">
          <object type="PU" os_index="0" cpuset="0x00000001" complete_cpuset="0x00000001" nodeset="0x00000001" complete_nodeset="0x00000001" gp_index="6"/>
        </object>
        <object type="Core" os_index="1" cpuset="0x00000002" complete_cpuset="0x00000002" nodeset="0x00000001" complete_nodeset="0x00000001" gp_index="7">
          <object type="PU" os_index="1" cpuset="0x00000002" complete_cpuset="0x00000002" nodeset="0x00000001" complete_nodeset="0x00000001" gp_index="8"/>
        </object>
      </object>
    </object>
    <object type="Package" os_index="1" cpuset="0x0000000c" complete_cpuset="0x0000000c" nodeset="0x00000002" complete_nodeset="0x00000002" gp_index="9">
      <object type="NUMANode" os_index="1" cpuset="0x0000000c" complete_cpuset="0x0000000c" nodeset="0x00000002" complete_nodeset="0x00000002" gp_index="10" local_memory="1073741824"/>
      <object type="L3Cache" cpuset="0x0000000c" complete_cpuset="0x0000000c" nodeset="0x00000002" complete_nodeset="0x00000002" gp_index="11" cache_size="16777216" depth="3" cache_linesize="64" cache_associativity="16" cache_type="0">
        <object type="Core" os_index="2" cpuset="0x00000004" complete_cpuset="0x00000004" nodeset="0x00000002" complete_nodeset="0x00000002" gp_index="12">
          <object type="PU" os_index="2" cpuset="0x00000004" complete_cpuset="0x00000004" nodeset="0x00000002" complete_nodeset="0x00000002" gp_index="13"/>
        </object>
        <object type="Core" os_index="3" cpuset="0x00000008" complete_cpuset="0x00000008" nodeset="0x00000002" complete_nodeset="0x00000002" gp_index="14">
          <object type="PU" os_index="3" cpuset="0x00000008" complete_cpuset="0x00000008" nodeset="0x00000002" complete_nodeset="0x00000002" gp_index="15"/>
        </object>
      </object>
      <object type="Bridge" gp_index="16" bridge_type="0-1" depth="0" bridge_pci="0000:[40-41]">
        <object type="PCIDev" gp_index="17" pci_busid="0000:40:01.0" pci_type="CLASS [1af4:1050] [1af4:1100] 01" pci_link_speed="0.000000"/>
      </object>
    </object>
  </object>
</topology>
)";

std::vector<uint32_t> gpu_llcs_of_class(const std::string& pci_class, const std::string& vendor = "1af4") {
  std::string xml = kWithGpu;
  xml.replace(xml.find("CLASS"), 5, pci_class);
  xml.replace(xml.find("1af4"), 4, vendor);
  const std::string path = ::testing::TempDir() + "/gpu-" + pci_class + ".xml";
  std::ofstream(path) << xml;
  const auto topology = from_xml(path);
  EXPECT_TRUE(topology.ok()) << topology.error().message;
  return topology.ok() ? topology->gpu_llcs : std::vector<uint32_t>{};
}

TEST(Gpus, AreNearTheCachesOfTheirBus) {
  EXPECT_EQ(gpu_llcs_of_class("0380"), std::vector<uint32_t>{1});  // a display controller
  EXPECT_EQ(gpu_llcs_of_class("1200"), std::vector<uint32_t>{1});  // a processing accelerator
  EXPECT_EQ(gpu_llcs_of_class("0300"), std::vector<uint32_t>{1});  // one that a screen hangs on
  EXPECT_TRUE(gpu_llcs_of_class("0200").empty());                  // a network card
  EXPECT_TRUE(gpu_llcs_of_class("0300", "1a03").empty());          // the console of a management controller
}

}  // namespace
}  // namespace scx::topology
