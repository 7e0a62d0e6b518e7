#include "runtime/cells/hierarchy.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"

namespace scx::cells {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A folder tree in place of the mount.
class Tree : public testing::Test {
 protected:
  void make(const std::string& path) { std::filesystem::create_directories(root() + path); }
  void write(const std::string& path, const std::string& text) { std::ofstream(root() + path) << text; }
  uint64_t id(const std::string& path) const {
    struct stat found{};
    EXPECT_EQ(::stat((root() + path).c_str(), &found), 0);
    return found.st_ino;
  }
  std::string root() const { return folder_.path(); }
  Hierarchy hierarchy() const { return Hierarchy(root()); }

 private:
  TemporaryFolder folder_ = *TemporaryFolder::make("scx-cells-test");
};

std::optional<uint32_t> children_of_tenants(std::string_view path) {
  constexpr std::string_view kAbove = "/tenants/";
  if (!path.starts_with(kAbove) || path.substr(kAbove.size()).find('/') != path.npos) return std::nullopt;
  return 2;
}

TEST_F(Tree, ACensusFindsWhatIsClaimed) {
  make("/tenants/a/deeper");
  make("/tenants/b");
  make("/elsewhere/b");
  write("/tenants/c", "no folder");
  write("/tenants/a/cpuset.cpus", "2-3\n");
  write("/tenants/cpuset.cpus.effective", "0-3\n");
  const Census census = hierarchy().census(children_of_tenants);
  ASSERT_EQ(census.found.size(), 2U);
  EXPECT_EQ(census.found[0].path, "/tenants/a");
  EXPECT_EQ(census.found[0].id, id("/tenants/a"));
  EXPECT_EQ(census.found[0].first_slot, 2U);
  EXPECT_THAT(*census.found[0].cpuset.own, ElementsAre(2, 3));
  EXPECT_THAT(*census.found[0].cpuset.effective, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(census.found[1].cpuset.own, std::nullopt);
  EXPECT_THAT(census.unread, IsEmpty());
}

// scx_mitosis reads only what the cgroup itself asks for; limits of the ones above are invisible to it.
TEST_F(Tree, TheEffectiveCpusetIsTheNearestCgroupsThatHasTheController) {
  make("/a/b/c");
  EXPECT_EQ(hierarchy().cpuset("/a/b/c").effective, std::nullopt);
  write("/cpuset.cpus.effective", "0-7\n");
  EXPECT_EQ(hierarchy().cpuset("/a/b/c").effective->size(), 8U);
  write("/a/cpuset.cpus.effective", "0-1\n");
  EXPECT_THAT(*hierarchy().cpuset("/a/b/c").effective, ElementsAre(0, 1));
  write("/a/b/cpuset.cpus.effective", "\n");  // a partition that gave all away
  EXPECT_THAT(*hierarchy().cpuset("/a/b/c").effective, ElementsAre(0, 1));
  write("/a/b/c/cpuset.cpus.effective", "nonsense");
  EXPECT_THAT(*hierarchy().cpuset("/a/b/c").effective, ElementsAre(0, 1));
}

TEST_F(Tree, WhatHasGoneOrLiesOutsideIsNotFound) {
  write("/cpuset.cpus", "3\n");
  make("/b/c");
  EXPECT_EQ(hierarchy().cpuset("/b/..").own, std::nullopt);
  EXPECT_EQ(Hierarchy(root() + "/no-such").census(children_of_tenants).found.size(), 0U);
}

TEST_F(Tree, AFolderThatCannotBeReadIsReported) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  make("/tenants/a");
  ::chmod((root() + "/tenants").c_str(), 0);
  const Census census = hierarchy().census(children_of_tenants);
  ::chmod((root() + "/tenants").c_str(), 0755);
  EXPECT_THAT(census.unread, ElementsAre("/tenants/"));
}

TEST_F(Tree, NamesAreTakenAsTheyAre) {
  const std::string hostile = "/tenants/%s%n \x1b[2J\n";
  make(hostile);
  const Census census = hierarchy().census(children_of_tenants);
  ASSERT_EQ(census.found.size(), 1U);
  EXPECT_EQ(census.found[0].path, hostile);
}

TEST(Claims, AreThoseOfTheClassifier) {
  abi::Classifier classifier;  // no cells: nothing is claimed
  const std::vector<abi::Cell> cells;
  EXPECT_EQ(claims_of(classifier, cells)("/tenants/a"), std::nullopt);
}

}  // namespace
}  // namespace scx::cells
