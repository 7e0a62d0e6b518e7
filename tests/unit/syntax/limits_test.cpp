// What no text may do: crash, run long, fill the screen.
#include <ctime>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/syntax/reporter.h"
#include "tests/unit/syntax/parsed.h"

namespace scx::syntax {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string repeat(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(Limits, Depth) {
  EXPECT_THAT(Parsed("match a = " + repeat("(", 190) + "b" + repeat(")", 190) + ";").errors(), IsEmpty());
  EXPECT_THAT(Parsed("match a = " + repeat("not ", 190) + "b;").errors(), IsEmpty());
  EXPECT_THAT(Parsed(repeat("a {", 190) + repeat("}", 190)).errors(), IsEmpty());
  for (const std::string& text :
       {"match a = " + repeat("(", 5000) + "b" + repeat(")", 5000) + ";", "match a = " + repeat("(", 50000),
        "match a = " + repeat("not ", 50000) + "b;", "match a = " + repeat("child of ", 20000) + "b;",
        repeat("a {", 20000) + repeat("}", 20000)}) {
    const std::vector<std::string> errors = Parsed(text).errors();
    ASSERT_FALSE(errors.empty());
    EXPECT_THAT(errors.back(), HasSubstr("E0015 nesting deeper than 200"));
  }
}

// Unclosed parentheses end with their statement and do not add up.
TEST(Limits, DepthIsPerStatement) {
  const Parsed parsed(repeat("match a = (b;\n", 90));
  EXPECT_THAT(parsed.errors(), SizeIs(90));
}

TEST(Limits, Size) {
  EXPECT_THAT(Parsed(repeat("#\n", kMaxFileSize / 2)).errors(), IsEmpty());
  const Parsed parsed(repeat("#\n", kMaxFileSize / 2) + "#");
  EXPECT_THAT(parsed.errors(), ElementsAre("1:1 E0016 file of 262145 bytes, more than 262144"));
}

TEST(Limits, Errors) {
  const Parsed parsed(repeat("let = 5;\n", 1000));
  EXPECT_THAT(parsed.errors(), SizeIs(kMaxErrors + 1));
  EXPECT_EQ(parsed.errors().back(), "101:5 E0017 more than 100 errors in this file");
}

// Seconds of this process, which a busy machine does not stretch.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

#if __has_feature(address_sanitizer)
constexpr double kMostSeconds = 10;
#else
constexpr double kMostSeconds = 1;
#endif

void expect_fast(const std::string& text, std::string_view what) {
  const double begin = cpu_seconds();
  const Parsed parsed(text);
  static_cast<void>(parsed.dump());
  EXPECT_LT(cpu_seconds() - begin, kMostSeconds) << what;
}

TEST(Limits, TheWorstTextsAreFast) {
  for (const char* unit : {"{",
                           "}",
                           "(",
                           ")",
                           ";",
                           "a ",
                           "\"",
                           "\"\n",
                           "=",
                           "1 ",
                           "..",
                           "not ",
                           "match a=(",
                           "a{",
                           "-",
                           "- ",
                           "/*",
                           "/*a",
                           "\"\\x\" ",
                           "let ",
                           "let\n",
                           "layer\n",
                           "a or ",
                           "cpus 1\n",
                           "1",
                           "a",
                           "a{};",
                           "a {1,2};",
                           "{}",
                           "\xFF",
                           "\xFF\n",
                           "\xFF;}\n",
                           "'",
                           "''",
                           "&&",
                           "%",
                           "a{\n}\nlayer x open {\n",
                           "match a=(((((((((((a;\n",
                           "{1",
                           "\\",
                           "\xC3\xA9"})
    expect_fast(repeat(unit, kMaxFileSize / std::string_view(unit).size()), unit);
  expect_fast(std::string(kMaxFileSize, '\0'), "zero bytes");
  expect_fast("let a = {" + repeat("1,", 100000) + "1};", "large set");
  expect_fast("match a = " + repeat("a and b or ", 20000) + "a;", "long expression");
}

// One edit of a policy: bytes or words dropped, doubled, swapped, put in.
std::string mutate(std::string text, std::mt19937& random) {
  const std::vector<std::string_view> pieces = {"{",      "}",
                                                "(",      ")",
                                                ";",      "\"",
                                                "'",      "..",
                                                "=",      "==",
                                                "and",    "or",
                                                "not",    "match",
                                                "layer",  "cell",
                                                "root",   "child of",
                                                "#",      "/*",
                                                "-",      "5",
                                                "20 ms",  "\n",
                                                "\\",     std::string_view("\0", 1),
                                                "\xFF",   "\xC3\xA9",
                                                "{1, 2}", "*",
                                                ",",      "%",
                                                "core",   "let x"};
  const auto below = [&](size_t n) { return n == 0 ? 0 : random() % n; };
  const size_t edits = 1 + below(4);
  for (size_t i = 0; i < edits; ++i) {
    const size_t at = below(text.size());
    const size_t length = 1 + below(random() % 4 == 0 ? 200 : 8);
    switch (below(5)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, pieces[below(pieces.size())]);
        break;
      case 2:
        text.insert(at, text.substr(below(text.size()), length));
        break;
      case 3:
        if (at < text.size()) text[at] = static_cast<char>(random());
        break;
      default:
        text.resize(at);
        break;
    }
    if (text.empty()) return text;
  }
  return text;
}

void check_spans(const Parsed& parsed) {
  const size_t size = parsed.sources.text(parsed.file).size();
  for (const ast::Item& item : parsed.tree.items) {
    EXPECT_LE(ast::span_of(item).begin, ast::span_of(item).end);
    EXPECT_LE(ast::span_of(item).end, size);
  }
  for (const diag::Diagnostic& d : parsed.diagnostics.all()) {
    EXPECT_LE(d.span.begin, d.span.end) << d.message;
    EXPECT_LE(d.span.end, size) << d.message;
    EXPECT_FALSE(d.message.empty());
    for (const char* foreign : {"mismatched", "extraneous", "viable", "token recognition", "expecting"})
      EXPECT_EQ(d.message.find(foreign), std::string::npos) << d.message;
  }
}

TEST(Limits, MutantsNeitherCrashNorHang) {
  std::mt19937 random(20260501);
  size_t wrong = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string text = mutate(kExample, random);
    const double begin = cpu_seconds();
    const Parsed parsed(text);
    static_cast<void>(parsed.dump());
    EXPECT_LT(cpu_seconds() - begin, kMostSeconds) << text;
    check_spans(parsed);
    if (!parsed.errors().empty()) ++wrong;
    if (HasFailure()) FAIL() << text;
  }
  EXPECT_GT(wrong, 1000U) << "most mutants are wrong, else the mutator does nothing";
}

// A mutant that lost one token gives few errors, not a cascade.
TEST(Limits, OneLostTokenGivesFewErrors) {
  size_t worst = 0;
  size_t total = 0;
  size_t count = 0;
  for (size_t i = 0; i < kExample.size(); ++i) {
    if (std::string_view("{}();\"=").find(kExample[i]) == std::string_view::npos) continue;
    if (kExample.rfind('#', i) != std::string::npos && kExample.rfind('#', i) > kExample.rfind('\n', i))
      continue;
    std::string text = kExample;
    text.erase(i, 1);
    const Parsed parsed(text);
    const size_t errors = parsed.errors().size();
    EXPECT_LE(errors, 4U) << "without the byte at " << i << ": " << testing::PrintToString(parsed.errors());
    worst = std::max(worst, errors);
    total += errors;
    ++count;
  }
  EXPECT_LT(static_cast<double>(total) / static_cast<double>(count), 1.3) << "worst " << worst;
}

}  // namespace
}  // namespace scx::syntax
