// The journal's folder and file: ours alone, one owner at a time, whole lines.
#include "runtime/settings/store.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/settings/support.h"

namespace scx::settings {
namespace {

using std::chrono::milliseconds;
namespace fs = std::filesystem;

class StoreTest : public ::testing::Test {
 protected:
  std::string path() const { return folder_.file("run"); }
  std::string file() const { return path() + "/settings.journal"; }
  TemporaryFolder folder_ = folder_in_memory();
};

TEST_F(StoreTest, MakesAFolderAndAFileForItsOwnerOnly) {
  auto store = Store::open(path());
  ASSERT_TRUE(store.ok()) << store.error().message;
  struct stat facts{};
  ASSERT_EQ(::stat(path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0700);
  EXPECT_FALSE(store->read()->has_value());
  ASSERT_TRUE(store->replace("one\n").ok());
  ASSERT_TRUE(store->append("two\n").ok());
  ASSERT_EQ(::stat(file().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600);
  EXPECT_EQ(**store->read(), "one\ntwo\n");
  EXPECT_EQ(store->size(), 8);
  ASSERT_TRUE(store->replace("three\n").ok());
  ASSERT_TRUE(store->append("four\n").ok());
  EXPECT_EQ(**store->read(), "three\nfour\n");
  ASSERT_TRUE(store->remove().ok());
  EXPECT_TRUE(fs::is_empty(path()));
  EXPECT_TRUE(store->remove().ok());
}

TEST_F(StoreTest, WithoutAFolderThereIsNothing) {
  const auto store = Store::open_existing(path());
  ASSERT_TRUE(store.ok());
  EXPECT_FALSE(store->has_value());
  EXPECT_FALSE(fs::exists(path()));
  const auto nowhere = Store::open(path() + "/deep/er");
  ASSERT_FALSE(nowhere.ok());
  EXPECT_EQ(nowhere.error().reason, "no-journal");
}

TEST_F(StoreTest, AFolderOpenToOthersIsRefused) {
  for (const mode_t mode : {0755, 0770, 0701}) {
    fs::create_directory(path());
    ASSERT_EQ(::chmod(path().c_str(), mode), 0);
    const auto store = Store::open(path());
    ASSERT_FALSE(store.ok());
    EXPECT_EQ(store.error().reason, "unsafe-journal");
    fs::remove(path());
  }
}

TEST_F(StoreTest, ALinkOrAFileIsNoFolder) {
  fs::create_directory(folder_.file("elsewhere"));
  ASSERT_EQ(::chmod(folder_.file("elsewhere").c_str(), 0700), 0);
  fs::create_symlink(folder_.file("elsewhere"), path());
  EXPECT_EQ(Store::open(path()).error().reason, "no-journal");
  fs::remove(path());
  ASSERT_TRUE(write_file_atomically(path(), "").ok());
  EXPECT_EQ(Store::open(path()).error().reason, "no-journal");
}

TEST_F(StoreTest, AFileThatOthersMayWriteALinkOrAPipeIsRefused) {
  auto store = Store::open(path());
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(store->replace("x\n").ok());
  ASSERT_EQ(::chmod(file().c_str(), 0620), 0);
  EXPECT_EQ(store->read().error().reason, "unsafe-journal");
  fs::remove(file());
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  EXPECT_EQ(store->read().error().reason, "unsafe-journal");
  fs::remove(file());
  fs::create_symlink("/etc/passwd", file());
  EXPECT_FALSE(store->read().ok());
  // A new one takes its place; what the link led to stays.
  ASSERT_TRUE(store->replace("y\n").ok());
  EXPECT_FALSE(fs::is_symlink(file()));
  EXPECT_EQ(**store->read(), "y\n");
}

TEST_F(StoreTest, OtherFilesAreWholeAndHaveTheSameRules) {
  auto store = Store::open(path());
  ASSERT_TRUE(store.ok());
  EXPECT_FALSE(store->read("other")->has_value());
  ASSERT_TRUE(store->put("other", "one").ok());
  ASSERT_TRUE(store->replace("journal\n").ok());
  ASSERT_TRUE(store->put("other", "two").ok());
  EXPECT_EQ(**store->read("other"), "two");
  ASSERT_TRUE(store->append("goes on\n").ok());
  EXPECT_EQ(**store->read(), "journal\ngoes on\n");
  struct stat facts{};
  ASSERT_EQ(::stat((path() + "/other").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600);
  ASSERT_EQ(::chmod((path() + "/other").c_str(), 0640), 0);
  EXPECT_EQ(store->read("other").error().reason, "unsafe-journal");
  ASSERT_TRUE(store->drop("other").ok());
  EXPECT_TRUE(store->drop("other").ok());
  EXPECT_FALSE(store->read("other")->has_value());
}

TEST_F(StoreTest, OneAtATime) {
  auto first = Store::open(path());
  auto second = Store::open(path());
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_TRUE(first->lock(milliseconds(0)).value());
  EXPECT_FALSE(second->lock(milliseconds(50)).value());
  {
    const Store gone = std::move(*first);
  }
  EXPECT_TRUE(second->lock(milliseconds(0)).value());
}

}  // namespace
}  // namespace scx::settings
