// What goes into a guest and what comes out of it, as archives.
#include <filesystem>
#include <map>
#include <memory>

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/file.h"
#include "runtime/vm/cache.h"
#include "runtime/vm/initramfs.h"
#include "runtime/vm/results.h"

namespace scx::vm {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;

struct Listed {
  unsigned mode = 0;
  std::string text;
  std::string link;
};

std::map<std::string, Listed> list(const std::string& path) {
  std::map<std::string, Listed> files;
  const std::unique_ptr<archive, int (*)(archive*)> in(archive_read_new(), archive_read_free);
  archive_read_support_format_cpio(in.get());
  EXPECT_EQ(archive_read_open_filename(in.get(), path.c_str(), 65536), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(in.get(), &entry) == ARCHIVE_OK) {
    Listed& file = files[archive_entry_pathname(entry)];
    file.mode = archive_entry_mode(entry);
    if (const char* link = archive_entry_symlink(entry)) file.link = link;
    if (!file.link.empty()) continue;
    file.text.resize(static_cast<size_t>(archive_entry_size(entry)));
    EXPECT_EQ(archive_read_data(in.get(), file.text.data(), file.text.size()),
              static_cast<la_ssize_t>(file.text.size()));
  }
  return files;
}

class TarWriter {
 public:
  explicit TarWriter(const std::string& path) : out_(archive_write_new(), archive_write_free) {
    archive_write_set_format_ustar(out_.get());
    archive_write_open_filename(out_.get(), path.c_str());
  }
  void add(const std::string& name, const std::string& text, const std::string& link = "") {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_mode(entry, link.empty() ? (S_IFREG | 0644) : (S_IFLNK | 0777));
    if (!link.empty()) archive_entry_set_symlink(entry, link.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
    archive_write_header(out_.get(), entry);
    archive_write_data(out_.get(), text.data(), text.size());
    archive_entry_free(entry);
  }

 private:
  std::unique_ptr<archive, int (*)(archive*)> out_;
};

class ArchiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ =
        testing::TempDir() + "scx-archive-" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  [[nodiscard]] std::string file(const std::string& name) const { return directory_ + "/" + name; }

 private:
  std::string directory_;
};

TEST_F(ArchiveTest, AProgramBringsItsLoaderAndLibraries) {
  ASSERT_TRUE(write_initramfs(file("out"), {{"/proc/self/exe", "/bin/me"}, {"/etc/os-release", "/a/b", 0600}},
                              "echo job\n")
                  .ok());
  const auto files = list(file("out"));
  EXPECT_EQ(files.at("bin").link, "usr/bin");
  EXPECT_EQ(files.at("usr/bin/me").mode, S_IFREG | 0755U);
  EXPECT_EQ(files.at("a/b").mode, S_IFREG | 0600U);
  EXPECT_EQ(files.at("a/b").text, *read_file("/etc/os-release"));
  EXPECT_EQ(files.at("scx/job").text, "echo job\n");
  EXPECT_THAT(files, Contains(Key("usr/bin/busybox")));
  EXPECT_THAT(files, Contains(Key("usr/lib64/ld-linux-x86-64.so.2")));
  EXPECT_THAT(files, Contains(Key(HasSubstr("/libc.so.6"))));
  EXPECT_THAT(files, Contains(Key(HasSubstr("/libarchive.so"))));
}

TEST_F(ArchiveTest, WhatIsNoProgramOfTheGuestsMachineBringsNothing) {
  // The program header of this test's own file, under another machine's number: nobody's loader is run.
  std::string object = *read_file("/proc/self/exe");
  object[18] = static_cast<char>(247);  // e_machine: EM_BPF
  object[19] = 0;
  ASSERT_TRUE(write_file_atomically(file("object"), object).ok());
  ASSERT_TRUE(
      write_initramfs(file("out"), {{file("object"), "/a", 0755}, {"/proc/self/exe", "/b", 0644}}, "").ok());
  EXPECT_THAT(list(file("out")), testing::Not(Contains(Key(HasSubstr("/libc.so.6")))));
}

TEST_F(ArchiveTest, TheSameInputMakesTheSameImage) {
  ASSERT_TRUE(write_initramfs(file("one"), {{"/etc/os-release", "/x"}}, "job").ok());
  ASSERT_TRUE(write_initramfs(file("two"), {{"/etc/os-release", "/x"}}, "job").ok());
  EXPECT_EQ(*read_file(file("one")), *read_file(file("two")));
}

TEST_F(ArchiveTest, FilesThatCannotBeTakenAreErrors) {
  EXPECT_EQ(write_initramfs(file("out"), {{"/absent", "/x"}}, "").error().reason, "bad-file");
  EXPECT_EQ(write_initramfs(file("out"), {{"/dev/null", "/x"}}, "").error().reason, "bad-file");
  EXPECT_EQ(write_initramfs(file("out"), {{"/etc/os-release", "x"}}, "").error().reason, "bad-file");
}

TEST_F(ArchiveTest, ResultsComeWithCodeAndLog) {
  {
    TarWriter tar(file("tar"));
    tar.add("results/a/b", "inside");
    tar.add("scx/exit-code", "42\n");
    tar.add("scx/dmesg", "log");
  }
  const auto results = unpack_results(file("tar"), file("out"));
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_EQ(results->exit_code, 42);
  EXPECT_EQ(results->dmesg, "log");
  EXPECT_EQ(*read_file(file("out/a/b")), "inside");
}

TEST_F(ArchiveTest, AGuestCannotWriteOutsideOfItsResults) {
  {
    TarWriter tar(file("up"));
    tar.add("results/../escaped", "x");
  }
  EXPECT_FALSE(unpack_results(file("up"), file("out")).ok());
  {
    TarWriter tar(file("link"));
    tar.add("results/door", "", "/tmp");
    tar.add("results/door/scx-escaped", "x");
  }
  // Either refused or the link is replaced by a directory; never followed.
  (void)unpack_results(file("link"), file("out2")).ok();
  EXPECT_FALSE(std::filesystem::exists(file("escaped")));
  EXPECT_FALSE(std::filesystem::exists("/tmp/scx-escaped"));
}

TEST_F(ArchiveTest, LinksStayInTheGuest) {
  {
    TarWriter tar(file("tar"));
    tar.add("results/link", "", "/etc/passwd");
    tar.add("results/file", "new");
  }
  std::filesystem::create_directories(file("out"));
  std::filesystem::create_symlink(file("victim"), file("out/file"));
  const auto results = unpack_results(file("tar"), file("out"));
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_FALSE(std::filesystem::is_symlink(file("out/link")));
  EXPECT_EQ(*read_file(file("out/file")), "new");
  EXPECT_FALSE(std::filesystem::exists(file("victim")));
}

TEST(FileLock, AWaitCanBeGivenUp) {
  const std::string path = testing::TempDir() + "scx-lock-test";
  const auto held = FileLock::take(path, [] {}, nullptr);
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(FileLock::take(path, [] {}, [] { return true; }).error().reason, "stopped");
  std::filesystem::remove(path);
}

TEST_F(ArchiveTest, AStreamThatStopsEarlyHasNoCode) {
  ASSERT_TRUE(write_file_atomically(file("empty"), "").ok());
  const auto results = unpack_results(file("empty"), file("out"));
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_FALSE(results->exit_code.has_value());
}

}  // namespace
}  // namespace scx::vm
