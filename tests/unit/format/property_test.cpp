// Whatever a policy looked like before: formatting it once is enough, loses no
// token and no comment, and leaves its meaning alone. Over generated policies
// and the repository's own, with white space and comments thrown in between any
// two tokens. SCX_FORMAT_CASES sets the number of policies.
#include <cstdlib>
#include <filesystem>
#include <random>

#include <gtest/gtest.h>

#include "compiler/model/model.h"
#include "compiler/syntax/lexemes.h"
#include "runtime/base/file.h"
#include "tests/support/policy_maker.h"
#include "tests/unit/format/formatted.h"
#include "tests/unit/sema/compile.h"

namespace scx::format {
namespace {

namespace fs = std::filesystem;

uint32_t cases() {
  const char* asked = std::getenv("SCX_FORMAT_CASES");
  return asked == nullptr ? 200 : static_cast<uint32_t>(std::strtoul(asked, nullptr, 10));
}

// Puts anything that means nothing between the tokens of a policy.
class Scrambler {
 public:
  explicit Scrambler(uint32_t seed) : random_(seed) {}

  std::string scramble(const std::string& text) {
    Sources sources;
    const FileId file = sources.add("p.scx", "p.scx", text);
    rarity_ = 2 + below(20);
    std::string out;
    uint32_t end = 0;
    for (const syntax::Lexeme& lexeme : syntax::lexemes(file, sources)) {
      std::string space = text.substr(end, lexeme.span.begin - end);
      end = lexeme.span.end;
      // `2..5` and `;` need no space before them, and may have one.
      if (below(3) == 0) space = some_space(space.empty());
      if (after_comment_ && space.find_first_of("\r\n") == std::string::npos) space += "\n";
      after_comment_ = lexeme.kind == syntax::Lexeme::Kind::kComment;
      out += space;
      if (!after_comment_ && below(rarity_) == 0) out += some_comment();
      out += sources.text(lexeme.span);
    }
    return out + text.substr(end) + std::string(below(3), '\n');
  }

 private:
  size_t below(size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random_); }
  std::string some_space(bool may_be_none) {
    static const std::vector<std::string> kSpaces = {" ",    "  ",       "\t",     "\n",     "\n\n",
                                                     "\r\n", "\n \n\n ", "\n    ", "\n\t\t", " \r "};
    return may_be_none && below(3) == 0 ? "" : kSpaces[below(kSpaces.size())];
  }
  std::string some_comment() {
    static const std::vector<std::string> kComments = {
        "#",      "# why",         "  # behind",       "\n# alone\n",      "\n\n    # apart",
        "#tight", " # spaces  \t", "\n# one\n# two\n", "# äöü 漢字 \"; }", "\n        # deep"};
    return " " + kComments[below(kComments.size())] + (below(4) == 0 ? "\r\n" : "\n");
  }

  std::mt19937 random_;
  size_t rarity_ = 2;
  bool after_comment_ = false;
};

// What two texts have in common that mean the same: all of the model but the places in the text. Empty for
// one with errors, which a few of the generated ones have.
std::string meaning(const std::string& text) {
  const test::Compiled compiled = test::compile(text);
  return compiled.policy ? model::fingerprint(*compiled.policy) : "";
}

TEST(FormatProperty, GeneratedPoliciesKeepTheirMeaning) {
  uint32_t sound = 0;
  for (uint32_t seed = 0; seed < cases() && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const std::string policy = testing::PolicyMaker(seed, seed % 2 == 1)
                                   .make(1 + static_cast<int>(seed % 5), static_cast<int>(seed % 3));
    const std::string scrambled = Scrambler(seed).scramble(policy);
    const std::string out = formatted(scrambled);
    const std::string meant = meaning(policy);
    EXPECT_EQ(meaning(out), meant) << scrambled;
    // Nothing seems to be forgotten in a correct text, however it is laid out.
    EXPECT_EQ(meaning(scrambled), meant) << scrambled;
    sound += meant.empty() ? 0 : 1;
  }
  EXPECT_GE(sound, cases() * 9 / 10);
}

// What is generated has few forms; what people wrote has all of them.
TEST(FormatProperty, ScrambledFilesOfTheRepository) {
  std::vector<std::string> texts;
  for (const char* folder :
       {"examples", "tests/unit/sema", "tests/vm/policies", "tests/policy", "tests/golden/model"})
    for (const auto& file : fs::recursive_directory_iterator(fs::path(SCX_SOURCE_DIR) / folder))
      if (file.path().extension() == ".scx" && !file.path().filename().string().starts_with("fail_") &&
          file.path().parent_path().filename() != "broken")
        texts.push_back(read_file(file.path().string()).value());
  ASSERT_GE(texts.size(), 20U);
  for (uint32_t seed = 0; seed < cases() && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    formatted(Scrambler(seed).scramble(texts[seed % texts.size()]));
  }
}

}  // namespace
}  // namespace scx::format
