// Every kind of diagnostic has a page, and what the page shows as wrong and
// right is.
#include "compiler/diagnostics/explain.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "compiler/analysis/cleanup.h"
#include "compiler/analysis/lint/rules.h"
#include "compiler/analysis/reachability.h"
#include "compiler/automata/build.h"
#include "compiler/findings/allowances.h"
#include "compiler/findings/settings.h"
#include "compiler/syntax/syntax.h"
#include "tests/unit/sema/compile.h"

namespace scx::test {
namespace {

// Pages without examples, and why.
const std::map<std::string_view, std::string_view>& without_examples() {
  static const std::map<std::string_view, std::string_view> codes = {
      {"E0010", "the page cannot hold the byte; tests/unit/syntax has the case"},
      {"E0015", "the page shortens 200 levels; tests/unit/syntax has the case"},
      {"E0016", "needs a file of a MiB; tests/unit/syntax has the case"},
      {"E0017", "needs 100 errors; tests/unit/syntax has the case"},
      {"E0018", "needs files; tests/unit/syntax has the case"},
      {"E0019", "needs files; tests/unit/syntax has the case"},
      {"E0020", "needs files; tests/unit/syntax has the case"},
      {"E0021", "needs files; tests/unit/syntax has the case"},
      {"E0405", "found when automata are built, behind sema; tests/unit/automata has the case"},
      {"E0408", "the page shortens a thousand patterns; tests/golden has the case"},
      {"E0409", "the command line names the machine; tests/golden has the case"},
      {"E0410", "the command line names the machine; tests/golden has the case"},
  };
  return codes;
}

// The text of the page's fenced block of this language; empty if there is none.
std::string block(std::string_view page, std::string_view language) {
  const std::string fence = "```" + std::string(language) + "\n";
  const size_t begin = page.find(fence);
  if (begin == std::string_view::npos) return "";
  const size_t text = begin + fence.size();
  return std::string(page.substr(text, page.find("```", text) - text));
}

// Examples leave out what does not matter.
Compiled compile_example(std::string text) {
  if (text.find("policy") == std::string::npos) text += "\npolicy example { }\n";
  Compiled out = text.starts_with("# file: ") ? compile_files(text) : compile(std::move(text));
  if (!out.policy) return out;
  analysis::check_cleanup(*out.policy, out.diagnostics);
  const abi::Classifier classifier = automata::build_classifier(*out.policy, out.sources, out.diagnostics);
  if (out.diagnostics.has_errors()) return out;
  analysis::check_reachability(*out.policy, classifier, out.diagnostics);
  analysis::lint::run_rules(*out.policy, classifier, out.diagnostics);
  const ast::File& file = out.program.files.front();
  const auto allowances = findings::read_allowances(file, file.comments, out.sources, out.diagnostics);
  out.diagnostics = findings::heed(out.diagnostics, allowances, true).told;
  return out;
}

// The diagnostics of a `.scxlint`.
diag::Diagnostics read_settings(std::string text) {
  Sources sources;
  diag::Diagnostics out;
  const FileId id = sources.add(".scxlint", ".scxlint", std::move(text));
  findings::read_settings(syntax::parse(id, sources, out), out);
  return out;
}

TEST(Explain, EveryKindHasAPageThatBeginsWithItsCodeAndTitle) {
  for (const diag::KindInfo& kind : diag::all_kinds()) {
    const auto page = diag::explain(kind.code);
    ASSERT_TRUE(page.has_value()) << kind.code << " " << kind.name;
    const std::string title = "# " + std::string(kind.code) + ": " + std::string(kind.title) + "\n";
    EXPECT_TRUE(page->starts_with(title)) << kind.code << ": expected " << title;
  }
}

TEST(Explain, UnknownCodesHaveNoPage) {
  EXPECT_FALSE(diag::explain("E9999"));
  EXPECT_FALSE(diag::explain(""));
  EXPECT_FALSE(diag::explain("../README"));
}

TEST(Explain, WrongExamplesGetTheDiagnosticAndRightOnesDoNot) {
  for (const diag::KindInfo& kind : diag::all_kinds()) {
    if (without_examples().contains(kind.code)) continue;
    SCOPED_TRACE(std::string(kind.code) + " " + std::string(kind.name));
    const std::string_view page = diag::explanation(kind);
    if (const std::string wrong = block(page, "scxlint-wrong"); !wrong.empty()) {
      const diag::Diagnostics bad = read_settings(wrong);
      EXPECT_TRUE(std::any_of(bad.all().begin(), bad.all().end(),
                              [&](const auto& one) { return info(one.kind).code == kind.code; }));
      EXPECT_TRUE(read_settings(block(page, "scxlint")).all().empty());
      continue;
    }
    const std::string wrong = block(page, "scx-wrong");
    const std::string right = block(page, "scx");
    ASSERT_FALSE(wrong.empty());
    ASSERT_FALSE(right.empty());
    const Compiled bad = compile_example(wrong);
    EXPECT_TRUE(bad.has(kind.code)) << bad.rendered();
    const Compiled good = compile_example(right);
    EXPECT_FALSE(good.has(kind.code)) << good.rendered();
    EXPECT_TRUE(good.policy.has_value()) << "the right example does not compile\n" << good.rendered();
  }
}

TEST(Explain, ExceptionsAreKinds) {
  std::set<std::string_view> codes;
  for (const diag::KindInfo& kind : diag::all_kinds()) codes.insert(kind.code);
  for (const auto& [code, reason] : without_examples()) {
    EXPECT_TRUE(codes.contains(code)) << code;
    EXPECT_FALSE(reason.empty());
  }
}

}  // namespace
}  // namespace scx::test
