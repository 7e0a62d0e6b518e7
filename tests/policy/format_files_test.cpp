// `scxc fmt` and files: what is written, what is not, and what it says.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "runtime/base/file.h"
#include "tests/support/process.h"

namespace scx {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kMessy = "policy p{slice 5ms;}\n";
constexpr const char* kClean = "policy p { slice 5ms; }\n";
constexpr const char* kWrong = "policy p{slice = 5ms;}\n";

class FormatFiles : public ::testing::Test {
 protected:
  FormatFiles() : folder_(std::move(TemporaryFolder::make("scx-fmt")).value()) {}

  void write(const std::string& name, const std::string& text) { std::ofstream(folder_.file(name)) << text; }
  std::string read(const std::string& name) { return read_file(folder_.file(name)).value(); }
  testing::Outcome run(std::vector<std::string> words) {
    words.insert(words.begin(), {std::string(SCX_BIN_DIR) + "/scxc", "fmt"});
    return testing::run(words, folder_.path());
  }
  struct stat status(const std::string& name) {
    struct stat out{};
    EXPECT_EQ(::stat(folder_.file(name).c_str(), &out), 0);
    return out;
  }

  TemporaryFolder folder_;
};

TEST_F(FormatFiles, RewritesWhatChangesAndKeepsItsMode) {
  write("messy.scx", kMessy);
  write("clean.scx", kClean);
  ASSERT_EQ(::chmod(folder_.file("messy.scx").c_str(), 0640), 0);
  const struct stat before = status("clean.scx");
  const testing::Outcome outcome = run({"messy.scx", "clean.scx"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.error, "formatted messy.scx\n");
  EXPECT_EQ(read("messy.scx"), kClean);
  EXPECT_EQ(status("messy.scx").st_mode & 07777U, 0640U);
  // Not even written anew.
  EXPECT_EQ(status("clean.scx").st_ino, before.st_ino);
  EXPECT_EQ(run({"messy.scx", "clean.scx"}).error, "");
}

TEST_F(FormatFiles, FoldersStandForAllPoliciesInThem) {
  fs::create_directories(folder_.file("a/b"));
  write("a/b/one.scx", kMessy);
  write("a/two.scx", kMessy);
  write("a/three.txt", kMessy);
  EXPECT_EQ(run({"a", "--check"}).out, "a/b/one.scx\na/two.scx\n");
  EXPECT_EQ(run({"a"}).exit_code, 0);
  EXPECT_EQ(read("a/b/one.scx"), kClean);
  EXPECT_EQ(read("a/two.scx"), kClean);
  EXPECT_EQ(read("a/three.txt"), kMessy);
}

TEST_F(FormatFiles, CheckAndDiffWriteNothing) {
  write("messy.scx", kMessy);
  EXPECT_EQ(run({"--check", "messy.scx"}).exit_code, 1);
  const testing::Outcome outcome = run({"--diff", "messy.scx"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("-policy p{slice 5ms;}\n+policy p { slice 5ms; }\n"));
  EXPECT_EQ(read("messy.scx"), kMessy);
}

TEST_F(FormatFiles, AFileWithMistakesIsLeftAndTheOthersAreNot) {
  write("wrong.scx", kWrong);
  write("messy.scx", kMessy);
  const testing::Outcome outcome = run({"wrong.scx", "messy.scx"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, HasSubstr("error[E0001]"));
  EXPECT_EQ(read("wrong.scx"), kWrong);
  EXPECT_EQ(read("messy.scx"), kClean);
}

// What a policy means is not looked at, nor is what it includes.
TEST_F(FormatFiles, WhatIsCorrectAtItsWordIsFormatted) {
  write("p.scx", read_file(SCX_SOURCE_DIR "/tests/policy/named_like_words.scx").value());
  const testing::Outcome outcome = run({"p.scx"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_THAT(read("p.scx"), HasSubstr("gpu devices \"/dev/null\" share;"));
  EXPECT_EQ(run({"--check", "p.scx"}).exit_code, 0);
}

TEST_F(FormatFiles, OnlyTheTextCounts) {
  write("part.scx", "include  \"absent.scx\";\nmatch a=b;\n");
  EXPECT_EQ(run({"part.scx"}).exit_code, 0);
  EXPECT_EQ(read("part.scx"), "include \"absent.scx\";\nmatch a = b;\n");
}

TEST_F(FormatFiles, StandardInputGoesToStandardOutput) {
  write("messy.scx", kMessy);
  const std::string scxc = std::string(SCX_BIN_DIR) + "/scxc";
  const testing::Outcome outcome = testing::run(
      {"sh", "-c", scxc + " fmt - <messy.scx && ! echo 'policy {' | " + scxc + " fmt -"}, folder_.path());
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, kClean);
  EXPECT_THAT(outcome.error, HasSubstr("<stdin>:1"));
}

TEST_F(FormatFiles, ALinkStaysALink) {
  write("target.scx", kMessy);
  fs::create_symlink("target.scx", folder_.file("link.scx"));
  EXPECT_EQ(run({"link.scx"}).exit_code, 0);
  EXPECT_TRUE(fs::is_symlink(folder_.file("link.scx")));
  EXPECT_EQ(read("target.scx"), kClean);
}

TEST_F(FormatFiles, SaysWhatItCannotRead) {
  EXPECT_EQ(run({"absent.scx"}).exit_code, 3);
  fs::create_directory(folder_.file("empty"));
  const testing::Outcome outcome = run({"empty"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.error, HasSubstr("no policy (`*.scx`) in the folder \"empty\""));
}

// A text that only fits into a policy's limit unformatted would not be read again.
TEST_F(FormatFiles, ATextThatBecomesTooLargeIsLeft) {
  std::string text;
  for (int i = 0; i < 150; ++i) text += "a{";
  while (text.size() < 60000) text += "b;";
  text += std::string(150, '}');
  write("large.scx", text);
  const testing::Outcome outcome = run({"large.scx"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, HasSubstr("more than 262144"));
  EXPECT_EQ(read("large.scx"), text);
}

TEST_F(FormatFiles, NamesAreShownWithoutWhatATerminalObeys) {
  const std::string name = "a\x1b[31m.scx";
  write(name, kMessy);
  const testing::Outcome outcome = run({name});
  EXPECT_EQ(outcome.error.find('\x1b'), std::string::npos);
  EXPECT_EQ(read(name), kClean);
}

}  // namespace
}  // namespace scx
