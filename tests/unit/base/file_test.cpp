// Files as every library uses them: replaced whole, through links, and names
// made safe for a terminal.
#include "runtime/base/file.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace scx {
namespace {

TEST(TemporaryFolder, IsOursAloneAndGoesWithItsContent) {
  std::string path;
  {
    const Result<TemporaryFolder> folder = TemporaryFolder::make("scx-test");
    ASSERT_TRUE(folder.ok()) << folder.error().message;
    path = folder->path();
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
    ASSERT_TRUE(write_file_atomically(folder->file("inside"), "x").ok());
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(WriteFile, ReplacesWhatALinkLeadsTo) {
  const Result<TemporaryFolder> folder = TemporaryFolder::make("scx-test");
  ASSERT_TRUE(folder.ok());
  ASSERT_TRUE(write_file_atomically(folder->file("target"), "old").ok());
  std::filesystem::create_symlink("target", folder->file("link"));
  ASSERT_TRUE(write_file_atomically(folder->file("link"), "new").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(folder->file("link")));
  EXPECT_EQ(*read_file(folder->file("target")), "new");
}

TEST(WriteFile, KeepsTheModeOfWhatItReplaces) {
  const Result<TemporaryFolder> folder = TemporaryFolder::make("scx-test");
  ASSERT_TRUE(folder.ok());
  const std::string path = folder->file("private");
  ASSERT_TRUE(write_file_atomically(path, "old").ok());
  for (const mode_t mode : {0600U, 0755U}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    ASSERT_TRUE(write_file_atomically(path, "new").ok());
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, mode);
  }
}

TEST(WriteFile, AFailureLeavesNothing) {
  const Result<TemporaryFolder> folder = TemporaryFolder::make("scx-test");
  ASSERT_TRUE(folder.ok());
  EXPECT_FALSE(write_file_atomically(folder->file("absent/file"), "x").ok());
  EXPECT_FALSE(write_file_atomically(folder->path(), "x").ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder->path()));
}

TEST(ReadFile, NoMoreThanIsAskedFor) {
  const Result<TemporaryFolder> folder = TemporaryFolder::make("scx-test");
  ASSERT_TRUE(folder.ok());
  const std::string path = folder->file("file");
  constexpr uint64_t kMiB = uint64_t{1} << 20;
  ASSERT_TRUE(write_file_atomically(path, std::string(kMiB, 'x')).ok());
  EXPECT_EQ(read_file(path, kMiB)->size(), kMiB);
  ASSERT_TRUE(write_file_atomically(path, std::string(kMiB + 1, 'x')).ok());
  EXPECT_TRUE(read_file(path, kMiB).error().message.ends_with(": larger than 1 MiB"));
  // It has no size, and no end.
  EXPECT_EQ(read_file("/dev/zero", kMiB).error().message, "cannot read \"/dev/zero\": larger than 1 MiB");
}

TEST(Text, IsMadeSafeForATerminal) {
  EXPECT_EQ(quoted("a\"b\\\x1b[31m\n\xff"), R"("a\"b\\\x1b[31m\x0a\xff")");
  EXPECT_EQ(printable("two\nlines\tand \x1b[31m\x7f\r, …"), "two\nlines\tand ?[31m??, …");
}

}  // namespace
}  // namespace scx
