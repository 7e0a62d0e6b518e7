#include "runtime/load/feed.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scx::load {
namespace {

using testing::ElementsAre;

topology::Topology machine(const char* text) { return *topology::synthetic(text); }

// Appends a cell of `max` slots with the layers.
void add_cell(abi::Manifest& manifest, const std::string& name, uint32_t max, uint32_t layers) {
  abi::Cell cell;
  cell.name = name;
  cell.kind = manifest.cells.empty() ? abi::CellKind::kRoot : abi::CellKind::kFamily;
  cell.max = max;
  cell.first_slot = abi::slot_count(manifest.cells);
  cell.first_domain = static_cast<uint32_t>(manifest.domains.size());
  cell.layer_count = layers;
  for (uint32_t k = 0; k < max * layers; ++k) {
    abi::Domain domain;
    domain.cell = name;
    domain.slot = cell.first_slot + k / layers;
    manifest.domains.push_back(domain);
  }
  manifest.cells.push_back(cell);
}

abi::Manifest root_of(uint32_t layers) {
  abi::Manifest manifest;
  add_cell(manifest, "root", 1, layers);
  return manifest;
}

plan::DomainPlan domain_plan(uint32_t domain, uint32_t slot, abi::LayerKind kind,
                             std::vector<uint32_t> home) {
  plan::DomainPlan out;
  out.domain = domain;
  out.cell_id = slot;
  out.kind = kind;
  out.home = std::move(home);
  return out;
}

plan::CellPlan cell_plan(uint32_t slot, uint32_t runs_in) {
  plan::CellPlan out;
  out.id = slot;
  out.runs_in = runs_in;
  return out;
}

// One cell: its open layer is at home everywhere.
plan::Plan of_root(const topology::Topology& topology) {
  plan::Plan plan;
  for (const topology::Cpu& cpu : topology.cpus) plan.online.push_back(cpu.id);
  plan.cell.assign(topology.id_limit(), plan::kNoCell);
  for (const uint32_t id : plan.online) plan.cell[id] = plan::kRootCell;
  plan.cells = {cell_plan(0, 0)};
  plan.domains = {domain_plan(0, 0, abi::LayerKind::kOpen, plan.online)};
  return plan;
}

scx_cpu head(const std::vector<uint64_t>& entry) {
  scx_cpu out;
  std::memcpy(&out, entry.data(), sizeof out);
  return out;
}
// The two sets of domains behind the head.
std::vector<uint64_t> sets(const std::vector<uint64_t>& entry) {
  return {entry.begin() + sizeof(scx_cpu) / sizeof(uint64_t), entry.end()};
}

TEST(Feed, CpusAndHoles) {
  topology::Topology t = machine("2s1c2t");
  t.cpus[3].id = 70;  // ids may have holes
  EXPECT_EQ(row_words(t), 2U);
  const std::vector<std::vector<uint64_t>> cpus = make_feed(t, root_of(1), of_root(t)).cpus;
  ASSERT_EQ(cpus.size(), 71U);
  EXPECT_EQ(head(cpus[70]).llc, 1U);
  EXPECT_EQ(head(cpus[70]).node, 1U);
  EXPECT_EQ(head(cpus[50]).llc, 0U);
  EXPECT_THAT(sets(cpus[70]), ElementsAre(1, 0));
  EXPECT_THAT(sets(cpus[50]), ElementsAre(0, 0));
}

TEST(Feed, NodesAreTheKernelsNumbers) {
  topology::Topology t = machine("2s1c1t");
  t.node_ids = {0, 8};  // as on machines whose memory-only nodes stand between
  EXPECT_EQ(head(make_feed(t, root_of(1), of_root(t)).cpus[1]).node, 8U);
  EXPECT_EQ(near_entries(t)[1].node, 8);
}

TEST(Feed, NearestCachesFirst) {
  // Two nodes of two caches: own cache, then the node's other, then the rest.
  std::vector<uint32_t> near;
  std::vector<int32_t> nodes;
  for (const scx_near& entry : near_entries(machine("2n1s2l1c"))) {
    near.push_back(entry.llc);
    nodes.push_back(entry.node);
  }
  ASSERT_EQ(near.size(), 16U);
  EXPECT_THAT(std::vector(near.begin(), near.begin() + 4), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(std::vector(near.begin() + 4, near.begin() + 8), ElementsAre(1, 0, 2, 3));
  EXPECT_THAT(std::vector(near.begin() + 12, near.end()), ElementsAre(3, 2, 0, 1));
  EXPECT_THAT(std::vector(nodes.begin() + 12, nodes.end()), ElementsAre(1, 1, 0, 0));
}

TEST(Feed, RowsOfDomains) {
  const topology::Topology t = machine("66c");
  plan::Plan plan = of_root(t);
  plan.domains = {domain_plan(0, 0, abi::LayerKind::kConfined, {0, 63, 64}),
                  domain_plan(1, 0, abi::LayerKind::kOpen, {65})};
  const abi::Manifest manifest = root_of(2);
  EXPECT_EQ(row_count(manifest), 2U);
  EXPECT_THAT(make_feed(t, manifest, plan).rows,
              ElementsAre(ElementsAre(0x8000000000000001ULL, 1ULL), ElementsAre(0ULL, 2ULL)));
}

TEST(Feed, GuestsAreTheOtherLayersThatRoam) {
  const topology::Topology t = machine("4c");
  plan::Plan plan = of_root(t);
  plan.domains = {domain_plan(0, 0, abi::LayerKind::kConfined, {0}),
                  domain_plan(1, 0, abi::LayerKind::kGrouped, {1}),
                  domain_plan(2, 0, abi::LayerKind::kOpen, {2, 3})};
  plan.protected_ = {1};
  abi::Manifest manifest = root_of(3);
  manifest.rows.cells = 1;
  const Feed feed = make_feed(t, manifest, plan);
  EXPECT_THAT(sets(feed.cpus[0]), ElementsAre(0b001, 0b110));
  EXPECT_THAT(sets(feed.cpus[1]), ElementsAre(0b010, 0)) << "protected";
  EXPECT_THAT(sets(feed.cpus[2]), ElementsAre(0b100, 0b010)) << "a guest is not at home";
  ASSERT_EQ(feed.rows.size(), 4U);
  EXPECT_THAT(feed.rows[3], ElementsAre(0b1101));
}

// Root, a family of two slots of which one runs, and one more cell that shares with it.
TEST(Feed, CellsKeepTheirCpusAndLendThem) {
  const topology::Topology t = machine("4c");
  abi::Manifest manifest = root_of(1);
  add_cell(manifest, "tenants", 2, 2);
  add_cell(manifest, "sharer", 1, 1);
  manifest.cells[0].lends = false;
  manifest.cells[1].borrow.emplace();
  manifest.cells[2].borrow.emplace();
  manifest.rows = {4, 1};
  plan::Plan plan = of_root(t);
  plan.cell = {0, 1, 1, 1};
  plan.cells = {cell_plan(0, 0), cell_plan(1, 1), cell_plan(3, 1)};
  plan.domains = {
      domain_plan(0, 0, abi::LayerKind::kOpen, {0}), domain_plan(1, 1, abi::LayerKind::kConfined, {1}),
      domain_plan(2, 1, abi::LayerKind::kOpen, {2, 3}), domain_plan(5, 3, abi::LayerKind::kGrouped, {2, 3})};
  const Feed feed = make_feed(t, manifest, plan);
  ASSERT_EQ(feed.rows.size(), 6U + 4 + 1);
  EXPECT_THAT(feed.rows[3], ElementsAre(0)) << "no cell runs in slot 2";
  EXPECT_THAT(feed.rows[6], ElementsAre(0b0001));
  EXPECT_THAT(feed.rows[7], ElementsAre(0b1110));
  EXPECT_THAT(feed.rows[8], ElementsAre(0));
  EXPECT_THAT(feed.rows[9], ElementsAre(0b1110)) << "it runs in slot 1";
  EXPECT_THAT(feed.rows[10], ElementsAre(0b1110)) << "root does not lend";
  EXPECT_EQ(head(feed.cpus[0]).slot, 0U);
  EXPECT_EQ(head(feed.cpus[3]).slot, 1U);
  EXPECT_THAT(sets(feed.cpus[0]), ElementsAre(0b000001, 0));
  EXPECT_THAT(sets(feed.cpus[1]), ElementsAre(0b000010, 0b100100));
  EXPECT_THAT(sets(feed.cpus[2]), ElementsAre(0b100100, 0));
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
