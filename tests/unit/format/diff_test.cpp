// Unified diffs: their form, and that they lead from one text to the other.
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "compiler/format/unified_diff.h"

namespace scx::format {
namespace {

TEST(UnifiedDiff, IsEmptyForEqualTexts) {
  EXPECT_EQ(unified_diff("a\nb\n", "a\nb\n", "x", "y"), "");
  EXPECT_EQ(unified_diff("", "", "x", "y"), "");
}

TEST(UnifiedDiff, HasThreeLinesAroundAChange) {
  EXPECT_EQ(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n", "a", "b"),
            "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(UnifiedDiff, CountsFromNothing) {
  EXPECT_EQ(unified_diff("", "a\n", "x", "y"), "--- x\n+++ y\n@@ -0,0 +1 @@\n+a\n");
  EXPECT_EQ(unified_diff("a\n", "", "x", "y"), "--- x\n+++ y\n@@ -1 +0,0 @@\n-a\n");
}

TEST(UnifiedDiff, TellsALineWithoutAnEnd) {
  EXPECT_EQ(unified_diff("a", "a\n", "x", "y"),
            "--- x\n+++ y\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
}

// What `patch` makes of the text. Lines are short and end with a line end.
std::string patched(const std::string& before, const std::string& diff) {
  std::istringstream old_lines(before);
  std::istringstream lines(diff);
  std::string out;
  std::string line;
  std::string old_line;
  size_t taken = 0;
  while (std::getline(lines, line)) {
    if (line.starts_with("---") || line.starts_with("+++")) continue;
    if (line.starts_with("@@")) {
      const size_t count_at = line.find(',');
      const size_t plus = line.find('+');
      const size_t begin = std::stoul(line.substr(4));
      const bool is_empty = count_at < plus && std::stoul(line.substr(count_at + 1)) == 0;
      for (const size_t until = is_empty ? begin : begin - 1; taken < until; ++taken) {
        std::getline(old_lines, old_line);
        out += old_line + "\n";
      }
    } else if (line[0] == '+') {
      out += line.substr(1) + "\n";
    } else {
      std::getline(old_lines, old_line);
      ++taken;
      EXPECT_EQ(old_line, line.substr(1));
      if (line[0] == ' ') out += old_line + "\n";
    }
  }
  while (std::getline(old_lines, old_line)) out += old_line + "\n";
  return out;
}

TEST(UnifiedDiff, LeadsFromOneTextToTheOther) {
  std::mt19937 random(1);
  const auto below = [&](size_t bound) { return static_cast<size_t>(random()) % bound; };
  for (int round = 0; round < 500; ++round) {
    std::string before;
    std::string after;
    for (size_t i = 0, size = below(40); i < size; ++i) {
      const std::string line = std::string(1, static_cast<char>('a' + below(4))) + "\n";
      if (below(6) != 0) before += line;
      if (below(6) != 0) after += line;
    }
    ASSERT_EQ(patched(before, unified_diff(before, after, "x", "y")), after) << before << "---\n" << after;
  }
}

// Texts without a common line are told without looking for one for long.
TEST(UnifiedDiff, OfTwoDifferentTextsIsQuick) {
  std::string before;
  std::string after;
  for (int i = 0; i < 20000; ++i) {
    before += "a" + std::to_string(i) + "\n";
    after += "b" + std::to_string(i) + "\n";
  }
  EXPECT_EQ(patched(before, unified_diff(before, after, "x", "y")), after);
}

}  // namespace
}  // namespace scx::format
