// `scxc lint --fix` on real files: what it writes, what it leaves alone.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/process.h"

namespace scx {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class LintFix : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / fmt::format("scx-lint-fix-{}", ::getpid());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ostringstream out;
    out << std::ifstream(folder_ / name).rdbuf();
    return out.str();
  }
  [[nodiscard]] testing::Outcome lint(std::vector<std::string> words) const {
    words.insert(words.begin(), {SCX_BIN_DIR "/scxc", "lint"});
    return testing::run(words, folder_.string());
  }

  fs::path folder_;
};

constexpr const char* kTests =
    "test \"web\" { task { comm \"web\"; } expect layer web in root; }\n"
    "test \"rest\" { task { } expect layer rest in root; }\n";

TEST_F(LintFix, MendsRoundByRound) {
  // The sign of another language hides what sema would say; the term is seen once that is mended.
  write("p.scx", std::string("policy p { }\n"
                             "layer web open { match comm \"w*\" || comm \"we*\"; }\n"
                             "layer rest open { match *; }\n") +
                     kTests);
  const auto out = lint({"p.scx", "--fix"});
  EXPECT_EQ(out.exit_code, 0) << out.out << out.error;
  EXPECT_THAT(out.error, HasSubstr("0 errors, 0 warnings, 0 notes; 2 mended"));
  EXPECT_EQ(read("p.scx"), std::string("policy p { }\n"
                                       "layer web open { match comm \"w*\"; }\n"
                                       "layer rest open { match *; }\n") +
                               kTests);
}

// The reference shows one; it must do what it says.
TEST_F(LintFix, TheAllowanceOfTheReferenceAllows) {
  std::ostringstream reference;
  reference << std::ifstream(SCX_SOURCE_DIR "/grammar/README.md").rdbuf();
  const std::string text = reference.str();
  const size_t comment = text.find("\n# scxlint allow ");
  ASSERT_NE(comment, std::string::npos);
  const size_t begin = text.rfind("```scx\n", comment) + 7;
  write("p.scx", text.substr(begin, text.find("```", comment) - begin));
  const auto out = lint({"p.scx"});
  EXPECT_EQ(out.exit_code, 0) << out.out;
  EXPECT_THAT(out.error, HasSubstr("1 allowed"));
}

TEST_F(LintFix, LeavesGuessesAndTellsThem) {
  const std::string text = "policy p { slcie 5ms; }\nlayer rest open { match *; }\n";
  write("p.scx", text);
  EXPECT_EQ(lint({"p.scx", "--fix"}).exit_code, 1);
  EXPECT_EQ(read("p.scx"), text);
  EXPECT_EQ(lint({"p.scx", "--fix", "--fix-guesses"}).exit_code, 0);
  EXPECT_EQ(read("p.scx"), "policy p { slice 5ms; }\nlayer rest open { match *; }\n");
}

TEST_F(LintFix, TakesGuessesBackThatWouldBeWorse) {
  // What a matcher of an unknown attribute means is not known; with the likely one two layers are
  // contradictory.
  const std::string text =
      "policy p { }\nmatch a = nce 3;\nlayer x open { match a and nice 4; }\n"
      "layer y open { match a and nice 5; }\nlayer rest open { match *; }\n";
  write("p.scx", text);
  const auto before = lint({"p.scx"});
  const auto out = lint({"p.scx", "--fix", "--fix-guesses"});
  EXPECT_EQ(out.exit_code, 1);
  EXPECT_EQ(read("p.scx"), text);
  EXPECT_EQ(out.out, before.out);
  EXPECT_THAT(out.out, HasSubstr("did you mean `nice`?"));
}

// What is wrong may be what needs the statement.
TEST_F(LintFix, TakesNothingOutBesideAMistake) {
  for (const char* borrow :
       {"borrow idle retrun within 2ms;", "borow idle;", "borrow 2;", "borrow idle within 2ms;"}) {
    const std::string text =
        std::string("policy p { }\ncells tenants for cgroup under \"/t/*\" { max 4; ") + borrow +
        " }\ncell db { cgroup under \"/db\"; cpus 2; lend none; }\nlayer rest open { match *; }\n";
    write("p.scx", text);
    const auto out = lint({"p.scx", "--fix"});
    EXPECT_EQ(out.exit_code, 1) << borrow;
    EXPECT_EQ(read("p.scx"), text);
    (void)lint({"p.scx", "--fix", "--fix-guesses"});
    EXPECT_THAT(read("p.scx"), HasSubstr("lend none;")) << borrow;
  }
  const std::string layer =
      "policy p { }\ncell db { cgroup under \"/db\"; layr hot open { match nice < 0; weight 300; } "
      "layer rest open { match *; weight 50; } }\nlayer rest open { match *; }\n";
  write("p.scx", layer);
  (void)lint({"p.scx", "--fix"});
  EXPECT_EQ(read("p.scx"), layer);
}

TEST_F(LintFix, GuessesTakeOutNoStatementThatSaysMore) {
  for (const std::string layer : {"match comm \"x*\"; match not uid 0;", "match comm \"x*\"; nice -5;",
                                  "match comm \"x*\"; weight 5; wight 6;"}) {
    write("p.scx",
          std::string("policy p { }\nlayer a open { ") + layer + " }\nlayer rest open { match *; }\n");
    (void)lint({"p.scx", "--fix", "--fix-guesses"});
    const std::string after = read("p.scx");
    EXPECT_EQ(std::count(after.begin(), after.end(), ';'), 1 + std::count(layer.begin(), layer.end(), ';'))
        << after;
  }
  // What stands there twice goes once.
  write("p.scx", "policy p { }\nlayer rest open { match *; match *; }\n");
  (void)lint({"p.scx", "--fix", "--fix-guesses"});
  EXPECT_EQ(read("p.scx"), "policy p { }\nlayer rest open { match *; }\n");
}

TEST_F(LintFix, MendsIncludedFilesOfTheFolderOnly) {
  write("own/parts/names.scx", "match web = comm \"w*\" or comm \"we*\";\n");
  write("other/names.scx", "match other = comm \"w*\" or comm \"we*\";\n");
  write("own/p.scx", std::string("policy p { }\ninclude \"parts/names.scx\";\ninclude \"names.scx\";\n"
                                 "layer web open { match web or other and nice 3; }\n"
                                 "layer rest open { match *; }\n") +
                         kTests);
  const auto out = lint({"own/p.scx", "-I", "other", "--fix"});
  EXPECT_EQ(read("own/parts/names.scx"), "match web = comm \"w*\";\n") << out.out << out.error;
  EXPECT_EQ(read("other/names.scx"), "match other = comm \"w*\" or comm \"we*\";\n");
}

TEST_F(LintFix, HeedsSettingsAndAllowances) {
  write(".scxlint", "level redundant-term off;\nexclude \"old/*\";\n");
  const std::string text = std::string(
                               "policy p { }\n"
                               "layer web open { match comm \"w*\" or comm \"we*\"; }\n"
                               "# scxlint allow no-effect: soon\n"
                               "layer rest open { match *; }\n") +
                           kTests;
  write("deep/p.scx", text);
  write("old/p.scx", text);
  const auto out = lint({".", "--fix"});
  EXPECT_THAT(out.error, HasSubstr("1 policy:"));
  EXPECT_EQ(read("old/p.scx"), text);
  // Only the comment that allows nothing goes.
  EXPECT_THAT(read("deep/p.scx"), HasSubstr("comm \"we*\""));
  EXPECT_THAT(read("deep/p.scx"), ::testing::Not(HasSubstr("scxlint")));
}

TEST_F(LintFix, KeepsLinksAndModes) {
  write("real.scx", "policy p { }\nlayer rest open { match *; weight 5; }\n");
  fs::permissions(folder_ / "real.scx", fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("real.scx", folder_ / "p.scx");
  EXPECT_EQ(lint({"p.scx", "--fix"}).exit_code, 0);
  EXPECT_TRUE(fs::is_symlink(folder_ / "p.scx"));
  EXPECT_EQ(read("real.scx"), "policy p { }\nlayer rest open { match *; }\n");
  EXPECT_EQ(fs::status(folder_ / "real.scx").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(LintFix, SaysWhatItCannotWrite) {
  const std::string text = "policy p { }\nlayer rest open { match *; weight 5; }\n";
  write("full/p.scx", text);
  const auto standard_input = lint({"-", "--fix"});
  EXPECT_EQ(standard_input.exit_code, 2);
  EXPECT_THAT(standard_input.error, HasSubstr("`--fix` writes files"));
  EXPECT_EQ(lint({"full/p.scx", "--fix-guesses"}).exit_code, 2);
}

}  // namespace
}  // namespace scx
