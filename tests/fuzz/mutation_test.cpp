// scxc survives what people and accidents do to policies: faults that must be
// refused are, with a code and a place, and no text at all makes it crash,
// hang or show its insides. The seed is fixed, so a failure comes again.
#include <algorithm>
#include <filesystem>
#include <regex>

#include <gmock/gmock.h>

#include "runtime/base/file.h"
#include "tests/fuzz/mutate.h"
#include "tests/support/process.h"

namespace scx::fuzz {
namespace {

namespace fs = std::filesystem;
const std::string kScxc = std::string(SCX_BIN_DIR) + "/scxc";
constexpr int kFaulty = 200;
constexpr int kBlind = 2000;

std::vector<std::string> examples() {
  std::vector<fs::path> paths;
  for (const auto& file : fs::directory_iterator(fs::path(SCX_SOURCE_DIR) / "examples")) {
    if (file.path().extension() == ".scx") paths.push_back(file.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> texts;
  for (const fs::path& path : paths) texts.push_back(*read_file(path.string()));
  return texts;
}

// A folder of its own with what the examples include.
class Mutation : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / fmt::format("scx-mutation-{}", ::getpid());
    fs::create_directories(folder_);
    fs::copy(fs::path(SCX_SOURCE_DIR) / "examples/shared", folder_ / "shared", fs::copy_options::recursive);
  }
  void TearDown() override { fs::remove_all(folder_); }

  scx::testing::Outcome check(const Mutant& mutant) {
    EXPECT_TRUE(write_file_atomically((folder_ / "mutant.scx").string(), mutant.text).ok());
    auto outcome = scx::testing::run({kScxc, "check", "mutant.scx"}, folder_.string());
    const std::string said = outcome.out + outcome.error;
    const auto context = [&] {
      return fmt::format("{}\n--- policy\n{}\n--- said\n{}", mutant.what, mutant.text, said);
    };
    EXPECT_TRUE(outcome.exit_code == 0 || outcome.exit_code == 1) << outcome.exit_code << ": " << context();
    EXPECT_LT(outcome.cpu_seconds, SCX_FUZZ_SECONDS) << context();
    static const std::regex insides(
        "terminate called|what\\(\\)|std::|antlr|basic_string|bad_alloc|out_of_range|Assertion|runtime "
        "error:|"
        "internal error|Sanitizer");
    std::smatch found;
    EXPECT_FALSE(std::regex_search(said, found, insides) &&
                 mutant.text.find(found.str()) == std::string::npos)
        << context();
    static const std::regex told(R"(error\[E\d{4}\][^\n]*\n *--> [^\n]*\.scx:\d+:\d+)");
    EXPECT_EQ(outcome.exit_code == 1, std::regex_search(said, told)) << context();
    return outcome;
  }

 private:
  fs::path folder_;
};

TEST_F(Mutation, FaultsAreRefused) {
  std::vector<Mutant> mutants;
  for (const std::string& example : examples()) {
    const auto own = faulty_mutants(example);
    mutants.insert(mutants.end(), own.begin(), own.end());
  }
  ASSERT_GE(mutants.size(), static_cast<size_t>(kFaulty));
  std::mt19937 random(2);
  std::shuffle(mutants.begin(), mutants.end(), random);
  mutants.resize(kFaulty);
  for (const Mutant& mutant : mutants) {
    EXPECT_EQ(check(mutant).exit_code, 1) << mutant.what << "\n--- policy\n" << mutant.text;
    if (::testing::Test::HasFailure()) return;
  }
}

TEST_F(Mutation, NoTextBreaksTheCompiler) {
  const auto policies = examples();
  ASSERT_FALSE(policies.empty());
  std::mt19937 random(3);
  int refused = 0;
  for (int i = 0; i < kBlind; ++i) {
    const Mutant mutant = blind_mutant(policies[static_cast<size_t>(i) % policies.size()], policies, random);
    refused += check(mutant).exit_code;
    ASSERT_FALSE(::testing::Test::HasFailure()) << "mutant " << i;
  }
  // Both kinds of mutants occur, or the mutations are too weak or too strong.
  EXPECT_GT(refused, kBlind / 4);
  EXPECT_LT(refused, kBlind);
}

}  // namespace
}  // namespace scx::fuzz
