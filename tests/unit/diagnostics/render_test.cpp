#include "compiler/diagnostics/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "compiler/diagnostics/display_text.h"

namespace scx::diag {
namespace {

using testing::HasSubstr;
using testing::Not;

class Render : public testing::Test {
 protected:
  // The place of `text` in the file; its occurrence number `nth`.
  Span at(FileId file, std::string_view text, int nth = 0) {
    size_t where = sources_.text(file).find(text);
    while (nth-- > 0) where = sources_.text(file).find(text, where + 1);
    EXPECT_NE(where, std::string_view::npos);
    return {file, static_cast<uint32_t>(where), static_cast<uint32_t>(where + text.size())};
  }
  std::string terminal() { return render_terminal(diagnostics_, sources_, false); }

  Sources sources_;
  Diagnostics diagnostics_;
};

TEST_F(Render, OnePlaceWithLabelNoteAndHelp) {
  const FileId file = sources_.add("p.scx", "p.scx", "policy p { slice 20; }\n");
  diagnostics_.report(Kind::kWrongUnit, at(file, "20"), "the number `{}` has no unit", 20)
      .at("without a unit")
      .note("a note")
      .help("write `20ms`");
  EXPECT_EQ(terminal(), R"(error[E0204]: the number `20` has no unit
 --> p.scx:1:18
  |
1 | policy p { slice 20; }
  |                  ^^ without a unit
  = note: a note
  = help: write `20ms`

)");
}

TEST_F(Render, SeveralPlacesOfALine) {
  const FileId file = sources_.add("p.scx", "p.scx", "let a = b; let b = a;\n");
  diagnostics_.report(Kind::kCyclicDefinition, at(file, "a", 1), "cycle")
      .at("here")
      .label(at(file, "a"), "one")
      .label(at(file, "b", 1), "two");
  EXPECT_EQ(terminal(), R"(error[E0109]: cycle
 --> p.scx:1:20
  |
1 | let a = b; let b = a;
  |     -          -   ^ here
  |     |          |
  |     |          two
  |     one

)");
}

TEST_F(Render, OtherLinesAndOtherFiles) {
  const FileId file =
      sources_.add("p.scx", "p.scx", "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n");
  const FileId other = sources_.add("dir/o.scx", "o.scx", "first\nsecond\n");
  diagnostics_.report(Kind::kDuplicateName, at(file, "ten"), "message")
      .label(at(file, "eight"), "near")
      .label(at(file, "two"), "far")
      .label(at(other, "second"), "elsewhere");
  EXPECT_EQ(terminal(), R"(error[E0107]: message
  --> p.scx:10:1
   |
 2 | two
   | --- far
...
 8 | eight
   | ----- near
 9 | nine
10 | ten
   | ^^^
  ::: dir/o.scx:2:1
   |
 2 | second
   | ------ elsewhere

)");
}

TEST_F(Render, TabsAndWideCharactersKeepCaretsInPlace) {
  const FileId file = sources_.add("p.scx", "p.scx", "\tmatch comm \"日本\" or x;\n");
  diagnostics_.report(Kind::kUnknownAttribute, at(file, "x"), "unknown");
  EXPECT_THAT(terminal(), HasSubstr("1 |     match comm \"日本\" or x;\n"
                                    "  |                          ^\n"));
}

TEST_F(Render, ControlCharactersAndInvalidBytesAreEscaped) {
  const FileId file = sources_.add("p\x1b[2J.scx", "p.scx", "a\x1b[31m\xff\u202e\x7f x\n");
  diagnostics_.add(Kind::kUnknownAttribute, at(file, "x"), "about \x1b]0;t\x07")
      .label(at(file, "a"), "\x1b[1m");
  const std::string text = terminal();
  EXPECT_THAT(text, HasSubstr("a\\x1b[31m\\xff\\u{202e}\\x7f x"));
  EXPECT_THAT(text, HasSubstr("p\\x1b[2J.scx:1:"));
  for (const char c : text) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  const std::string compact = render_compact(diagnostics_, sources_);
  EXPECT_THAT(compact, Not(HasSubstr("\x1b")));
}

TEST_F(Render, ASpanOverLinesIsMarkedOnItsFirst) {
  const FileId file = sources_.add("p.scx", "p.scx", "layer x {\n  match *;\n}\n");
  diagnostics_.report(Kind::kMissingMatch, {file, 8, 22}, "m");
  EXPECT_THAT(terminal(), HasSubstr("1 | layer x {\n  |         ^\n\n"));
}

TEST_F(Render, AnEmptyPlaceAtTheEndHasACaret) {
  const FileId file = sources_.add("p.scx", "p.scx", "a\n");
  diagnostics_.report(Kind::kMissingPolicy, {file, 2, 2}, "m");
  EXPECT_THAT(terminal(), HasSubstr("p.scx:2:1\n  |\n2 |\n  | ^\n"));
  const FileId empty = sources_.add("e.scx", "e.scx", "");
  Diagnostics more;
  more.report(Kind::kMissingPolicy, {empty, 0, 0}, "m");
  EXPECT_THAT(render_terminal(more, sources_, false), HasSubstr("e.scx:1:1\n  |\n1 |\n  | ^\n"));
}

TEST_F(Render, LongLinesAreShownInPart) {
  const std::string padding(100'000, 'a');
  const FileId file = sources_.add("p.scx", "p.scx", padding + "X" + padding + "\n");
  diagnostics_.report(Kind::kUnknownAttribute, at(file, "X"), "m");
  const std::string text = terminal();
  EXPECT_LT(text.size(), 1000u);
  EXPECT_THAT(text, HasSubstr("p.scx:1:100001"));
  // The caret stands under the X.
  const size_t line = text.find("1 | ...");
  ASSERT_NE(line, std::string::npos);
  const size_t marked = text.find('X', line) - line;
  const size_t carets = text.find('\n', line) + 1;
  EXPECT_EQ(text.find('^', carets) - carets, marked);
}

TEST_F(Render, OverlappingPlacesShowThePrimaryOnTop) {
  const FileId file = sources_.add("p.scx", "p.scx", "a and b\n");
  diagnostics_.report(Kind::kContradiction, at(file, "and"), "m").at("p").label(at(file, "a and b"), "whole");
  EXPECT_THAT(terminal(), HasSubstr("1 | a and b\n  | --^^^--\n"));
}

TEST_F(Render, ColorIsOnRequestOnly) {
  const FileId file = sources_.add("p.scx", "p.scx", "x\n");
  diagnostics_.report(Kind::kUnusedMatcher, at(file, "x"), "m").at("here");
  EXPECT_THAT(terminal(), Not(HasSubstr("\033")));
  EXPECT_THAT(render_terminal(diagnostics_, sources_, true), HasSubstr("\033[1;33mwarning[W0501]\033[0m"));
}

TEST_F(Render, CompactIsOneLineEach) {
  const FileId file = sources_.add("p.scx", "p.scx", "a\nb\n");
  diagnostics_.report(Kind::kUnusedMatcher, at(file, "b"), "two\nlines").help("h");
  diagnostics_.report(Kind::kUnknownProperty, at(file, "a"), "one");
  EXPECT_EQ(render_compact(diagnostics_, sources_),
            "p.scx:1:1: error[E0102]: one\np.scx:2:1: warning[W0501]: two\\x0alines\n");
}

TEST_F(Render, JsonIsOneObjectALine) {
  const FileId file = sources_.add("p.scx", "p.scx", "policy p {\n  slce 5;\n}\n");
  diagnostics_.report(Kind::kUnknownProperty, at(file, "slce"), "unknown \xff")
      .at("here")
      .label(at(file, "p"), "inside")
      .note("n")
      .help("h")
      .fix(at(file, "slce"), "slice");
  const std::string text = render_json(diagnostics_, sources_);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["code"], "E0102");
  EXPECT_EQ(json["severity"], "error");
  EXPECT_EQ(json["file"], "p.scx");
  EXPECT_EQ(json["line"], 2);
  EXPECT_EQ(json["column"], 3);
  EXPECT_EQ(json["end_line"], 2);
  EXPECT_EQ(json["end_column"], 7);
  EXPECT_EQ(json["label"], "here");
  EXPECT_EQ(json["labels"][0]["text"], "inside");
  EXPECT_EQ(json["labels"][0]["line"], 1);
  EXPECT_EQ(json["notes"][0], "n");
  EXPECT_EQ(json["help"], "h");
  EXPECT_EQ(json["fixes"][0]["replacement"], "slice");
  EXPECT_EQ(json["fixes"][0]["end_column"], 7);
}

TEST(Display, ColumnsFollowWhatIsShown) {
  const DisplayText text = display(
      "\ta\xe4\xb8\x80"
      "b\x01\xc3");
  EXPECT_EQ(text.text,
            "    a\xe4\xb8\x80"
            "b\\x01\\xc3");
  EXPECT_EQ(text.columns, (std::vector<uint32_t>{0, 4, 5, 5, 5, 7, 8, 12, 16}));
}

TEST(Display, OverlongAndSurrogateSequencesAreInvalid) {
  EXPECT_EQ(display("\xc0\xaf").text, "\\xc0\\xaf");
  EXPECT_EQ(display("\xed\xa0\x80").text, "\\xed\\xa0\\x80");
  EXPECT_EQ(display("\xf4\x90\x80\x80").text, "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(display("\xe4\xb8").text, "\\xe4\\xb8");
}

}  // namespace
}  // namespace scx::diag
