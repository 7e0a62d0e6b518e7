// Ways back in the manifest's JSON: what is written is read back, defaults of cells are not written, and
// names of cells that do not exist get nowhere.
#include "runtime/abi/cleanup.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "runtime/abi/manifest.h"

namespace scx::abi {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// A root cell and two others, one layer each.
Manifest sample() {
  Manifest out;
  out.compiler = "scxc";
  out.policy = "p";
  out.min_kernel = "6.16";
  uint32_t slot = 0;
  for (const char* name : {"root", "db", "shards"}) {
    Cell cell;
    cell.name = name;
    cell.kind = slot == 0 ? CellKind::kRoot : CellKind::kStatic;
    cell.first_slot = cell.first_domain = slot;
    cell.layer_count = 1;
    out.cells.push_back(cell);
    Domain domain;
    domain.cell = name;
    domain.slot = slot++;
    domain.layer = "rest";
    domain.slice_ns = 20'000'000;
    out.domains.push_back(domain);
    out.classifier.cells.emplace_back();
  }
  return out;
}

Manifest with_ways_back() {
  Manifest out = sample();
  out.cleanup = {EndAction::kRestart, EndAction::kExit};
  CellCleanup& cell = out.cells[2].cleanup;
  cell.cpus[static_cast<size_t>(CellEvent::kCgroupExit)] = {CpuReturn::To::kDonors, 0};
  cell.cpus[static_cast<size_t>(CellEvent::kCpuOffline)] = {CpuReturn::To::kCell, 1};
  cell.keep_stats_ns = 5'000'000'000;
  out.domains[2].cleanup.on_cell_end = {TaskDrain::To::kCell, 1};
  out.domains[2].cleanup.on_cgroup_exit = {TaskDrain::To::kRoot, 0};
  out.domains[1].cleanup.keep_stats_ns = kMaxKeepStatsNs;
  return out;
}

TEST(CleanupInManifest, RoundTrip) {
  const Manifest manifest = with_ways_back();
  const auto back = manifest_from_json(to_json(manifest));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(*back, manifest);
}

TEST(CleanupInManifest, DefaultsAreNotWritten) {
  const json written = json::parse(to_json(sample()));
  for (const json& cell : written.at("cells")) {
    EXPECT_FALSE(cell.contains("cleanup"));
    EXPECT_FALSE(cell["layers"][0].contains("cleanup"));
  }
  const auto back = manifest_from_json(to_json(sample()));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(*back, sample());
}

TEST(CleanupInManifest, CellsStandByName) {
  EXPECT_THAT(to_json(with_ways_back()), HasSubstr(R"("cpu offline": {"cell":"db","to":"cell"})"));
}

struct Hostile {
  const char* path;
  json value;
  const char* error;
};
class HostileCleanup : public testing::TestWithParam<Hostile> {};

TEST_P(HostileCleanup, IsRefusedWithItsPath) {
  json document = json::parse(to_json(with_ways_back()));
  document[json::json_pointer(GetParam().path)] = GetParam().value;
  const auto back = manifest_from_json(document.dump());
  ASSERT_FALSE(back.ok());
  EXPECT_THAT(back.error().message, HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    , HostileCleanup,
    testing::Values(
        Hostile{"/cells/2/cleanup/cpus/cpu offline/cell", "no", "no cell is called \"no\""},
        Hostile{"/cells/2/cleanup/cpus/cpu offline/cell", 7, "$.cells[2].cleanup.cpus.cpu offline.cell"},
        Hostile{"/cells/2/cleanup/cpus/cgroup exit/to", "cell", "member `cell` is missing"},
        Hostile{"/cells/2/cleanup/cpus/cgroup exit/to", "parent", "unknown word"},
        Hostile{"/cells/2/cleanup/cpus/cgroup exit", "root", "not an object"},
        Hostile{"/cells/2/cleanup", json::array({1}), "not an object"},
        Hostile{"/cells/2/cleanup/keep_stats_ns", 0, "outside 1..86400000000000"},
        Hostile{"/cells/1/layers/0/cleanup/keep_stats_ns", 86'400'000'000'001, "outside 1..86400000000000"},
        Hostile{"/cells/2/layers/0/cleanup/tasks/cell end/to", "donors", "unknown word"},
        Hostile{"/cleanup/stall", "halt", "unknown word"},
        Hostile{"/cleanup", json::object(), "`stall` is missing"}));

}  // namespace
}  // namespace scx::abi
