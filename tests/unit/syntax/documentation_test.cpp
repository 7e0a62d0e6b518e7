// What the documents say is so: the language reference's snippets compile,
// and the editors' files know the language's words.
#include <filesystem>
#include <regex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/analysis/cleanup.h"
#include "compiler/sema/analyse.h"
#include "runtime/base/file.h"
#include "tests/unit/syntax/parsed.h"

namespace scx::syntax {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// The blocks of a Markdown text whose fence is exactly `fence`.
std::vector<std::string> snippets(std::string_view text, std::string_view fence) {
  std::vector<std::string> out;
  const std::string open = fmt::format("```{}\n", fence);
  for (size_t at = text.find(open); at != std::string_view::npos; at = text.find(open, at)) {
    at += open.size();
    const size_t end = text.find("```", at);
    out.emplace_back(text.substr(at, end - at));
    at = end + 3;
  }
  return out;
}

TEST(Documentation, ChecksThatTheListOfKnownFaultsNamesExist) {
  const auto list = read_file(SCX_SOURCE_DIR "/tests/known-faults.md");
  ASSERT_TRUE(list.ok());
  std::string sources;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SCX_SOURCE_DIR "/tests"))
    if (entry.path().extension() == ".cpp") sources += read_file(entry.path().string()).value();
  const std::regex name("`([A-Z]\\w*)\\.([A-Z]\\w*)`");
  size_t names = 0;
  for (std::sregex_iterator it(list->begin(), list->end(), name), end; it != end; ++it) {
    if ((*it)[1] == "Suite") continue;
    EXPECT_THAT(sources, HasSubstr(fmt::format("({}, {}", (*it)[1].str(), (*it)[2].str())));
    ++names;
  }
  EXPECT_GE(names, 60U);
}

TEST(Documentation, SnippetsOfTheReferenceCompile) {
  const auto text = read_file(SCX_SOURCE_DIR "/grammar/README.md");
  ASSERT_TRUE(text.ok());
  const auto whole = snippets(*text, "scx");
  EXPECT_GE(whole.size(), 6U);
  for (const std::string& snippet : whole) {
    Parsed parsed(snippet);
    ast::Program program;
    program.files.push_back(std::move(parsed.tree));
    const auto policy = sema::analyse(program, parsed.sources, parsed.diagnostics);
    EXPECT_TRUE(policy.has_value()) << snippet;
    if (policy) analysis::check_cleanup(*policy, parsed.diagnostics);
    EXPECT_THAT(parsed.errors(), IsEmpty()) << "warnings count, too, in\n" << snippet;
  }
}

std::string read(const std::string& path) {
  auto text = read_file(path);
  EXPECT_TRUE(text.ok()) << path;
  return text.ok() ? *text : std::string();
}

TEST(Documentation, EditorsKnowEveryKeyword) {
  const std::string lexer = read(SCX_SOURCE_DIR "/grammar/ScxLexer.g4");
  const std::string vim = read(SCX_SOURCE_DIR "/grammar/editors/vim/syntax/scx.vim");
  const std::string textmate = read(SCX_SOURCE_DIR "/grammar/editors/scx.tmLanguage.json");
  const std::regex keyword("\n[A-Z]+ +: '([a-z]+)';");
  size_t count = 0;
  for (std::sregex_iterator it(lexer.begin(), lexer.end(), keyword), end; it != end; ++it, ++count) {
    const std::regex word("\\b" + (*it)[1].str() + "\\b");
    EXPECT_TRUE(std::regex_search(vim, word)) << (*it)[1];
    EXPECT_TRUE(std::regex_search(textmate, word)) << (*it)[1];
  }
  EXPECT_EQ(count, 18U);
}

// Adaptive prediction costs milliseconds at the first use of each decision.
TEST(Grammar, EveryDecisionNeedsOneToken) {
  const std::string parser = read(SCX_GENERATED_PARSER);
  EXPECT_THAT(parser, HasSubstr("ScxParser::file()"));
  EXPECT_THAT(parser, testing::Not(HasSubstr("adaptivePredict")));
}

}  // namespace
}  // namespace scx::syntax
