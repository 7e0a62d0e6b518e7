// The rules of layout, one by one: what was written, what comes out. Every
// case also holds still when it is formatted again.
#include "compiler/format/format.h"

#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/file.h"
#include "tests/unit/format/formatted.h"

namespace scx::format {
namespace {

namespace fs = std::filesystem;

// A text that is as the formatter wants it.
void expect_stable(const std::string& text) { EXPECT_EQ(formatted(text), text); }

TEST(Format, IndentsByFourAndPutsOneStatementOnALine) {
  EXPECT_EQ(formatted("policy p {slice 5ms;\n\twatchdog 9s;}layer a open{\nmatch *;}"),
            "policy p {\n    slice    5ms;\n    watchdog 9s;\n}\nlayer a open {\n    match *;\n}\n");
}

TEST(Format, PutsOneSpaceBetweenTokensAndNoneWhereNoneBelongs) {
  EXPECT_EQ(formatted("match a=uid{ 1 ,2 .. 3 , 4.. } and not(nice<-5   or\tnice  ==3) ;"),
            "match a = uid {1, 2..3, 4..} and not (nice < -5 or nice == 3);\n");
  EXPECT_EQ(formatted("layer a confined{\ncpus .. 4 core ;\nutil 5% .. 20%;\ncpus 2 core .. 9;\n}"),
            "layer a confined {\n    cpus ..4 core;\n    util 5%..20%;\n    cpus 2 core..9;\n}\n");
}

TEST(Format, EndsLinesInOneWay) {
  EXPECT_EQ(formatted("language 1;\r\n# a\r\n\r\n\r\nlet a = 1;"), "language 1;\n# a\n\nlet a = 1;\n");
  EXPECT_EQ(formatted("# alone, without a line end"), "# alone, without a line end\n");
  EXPECT_EQ(formatted("\xEF\xBB\xBFlet a = 1;\n"), "let a = 1;\n");
  EXPECT_EQ(formatted(""), "");
  EXPECT_EQ(formatted(" \n\n\t\n"), "");
}

TEST(Format, KeepsOneBlankLineAndNoneAtTheEdgesOfABlock) {
  EXPECT_EQ(
      formatted(
          "\n\npolicy p {\n\n\n  slice 5ms;\n\n\n\n  # why\n  watchdog 9s;\n\n}\n\n\n\nlet a = 1;\n\n\n"),
      "policy p {\n    slice 5ms;\n\n    # why\n    watchdog 9s;\n}\n\nlet a = 1;\n");
}

TEST(Format, KeepsABlockOnOneLineIfItIsShort) {
  expect_stable("policy p { }\n");
  expect_stable("layer rest open { match *; }\n");
  expect_stable("cleanup { on unload { restore idle; } }\n");
  EXPECT_EQ(formatted("policy p {\n}\n"), "policy p { }\n");
  // Written on several lines, it stays so.
  expect_stable("layer rest open {\n    match *;\n}\n");
  // Five statements, and two blocks in one, are too many; the attributes of a task are not.
  EXPECT_EQ(
      formatted("layer a open { match *; slice 2ms; preempt; weight 3; order fifo; }"),
      "layer a open {\n    match  *;\n    slice  2ms;\n    preempt;\n    weight 3;\n    order  fifo;\n}\n");
  EXPECT_EQ(
      formatted("test \"t\" { task { comm \"a\"; nice 1; uid 1; gid 1; pid 2; } expect layer a in root; }"),
      "test \"t\" {\n    task { comm \"a\"; nice 1; uid 1; gid 1; pid 2; }\n    expect layer a in "
      "root;\n}\n");
}

TEST(Format, OpensABlockThatIsTooLong) {
  const std::string words(80, 'a');
  EXPECT_EQ(formatted(fmt::format("layer {} open {{ match *; }}\n", words)),
            fmt::format("layer {} open {{\n    match *;\n}}\n", words));
  const std::string fits(100 - std::string("layer  open { match *; }").size(), 'a');
  expect_stable(fmt::format("layer {} open {{ match *; }}\n", fits));
}

TEST(Format, AlignsOperandsOfNeighbours) {
  EXPECT_EQ(
      formatted(
          "layer a confined {\nmatch *;\nprotected;\nweight 3;\n# a remark\ncpus 2..;\n\nslice 3ms;\n}"),
      "layer a confined {\n    match  *;\n    protected;\n    weight 3;\n    # a remark\n    cpus   2..;\n\n"
      "    slice 3ms;\n}\n");
  // A long word stands by itself, a block on one line beside its neighbours.
  EXPECT_EQ(formatted("cells t for cgroup \"/t/*\" {\nmax 4;\nrebalance { every 5s; }\n}\n"),
            "cells t for cgroup \"/t/*\" {\n    max       4;\n    rebalance { every 5s; }\n}\n");
  EXPECT_EQ(formatted("layer a confined {\nmatch *;\nresume-latency 3us;\nutil 5%..20%;\n}"),
            "layer a confined {\n    match *;\n    resume-latency 3us;\n    util 5%..20%;\n}\n");
  // Tests and actions are read, not looked up.
  expect_stable("test \"t\" {\n    host \"2n\";\n    task { nice 1; }\n    expect layer a in root;\n}\n");
}

TEST(Format, AlignsDeclarationsOfNeighbours) {
  EXPECT_EQ(
      formatted("match a = nice 1;\nmatch longer = nice 2;\nlet bb = 3;\nlet c = 4;\n\nmatch b = nice 3;\n"),
      "match a      = nice 1;\nmatch longer = nice 2;\nlet bb = 3;\nlet c  = 4;\n\nmatch b = nice 3;\n");
  EXPECT_EQ(formatted("layer latency confined { match nice < 0; }\nlayer bulk open { match *; }\n"),
            "layer latency confined { match nice < 0; }\nlayer bulk    open     { match *; }\n");
  EXPECT_EQ(formatted("cleanup {\n  on cgroup exit { drain tasks to root; }\n  on stall { exit; }\n}\n"),
            "cleanup {\n    on cgroup exit { drain tasks to root; }\n    on stall       { exit; }\n}\n");
}

TEST(Format, DoesNotAlignWhatWouldBecomeTooLong) {
  // 98 columns by itself; aligned it had 108.
  const std::string text =
      "layer short open { match comm \"aaaaaaaaaaaaaaaaaaaaaaaaaaa*\" or comm \"bbbbbbbbbbbbbbbbbbbb*\"; }\n"
      "layer much_longer_name open { match *; }\n";
  expect_stable(text);
}

TEST(Format, AlignsCommentsBehindNeighbours) {
  EXPECT_EQ(
      formatted("layer a confined {\nmatch *; # all\nweight 100; # a lot\nslice 3ms;\ncpus 2; # few\n}"),
      "layer a confined {\n    match  *;    # all\n    weight 100;  # a lot\n    slice  3ms;\n"
      "    cpus   2;  # few\n}\n");
  // A second line of a comment stays below the first.
  EXPECT_EQ(
      formatted("policy p {\n  slice 5ms;   # long\n               # enough\n  # alone\n  watchdog 9s;\n}\n"),
      "policy p {\n    slice    5ms;  # long\n                   # enough\n    # alone\n    watchdog "
      "9s;\n}\n");
}

TEST(Format, KeepsEachCommentWhereItIs) {
  expect_stable(
      "# head\n\n# of a\nlayer a open {  # opening\n    # first\n    match *;  # behind\n    # last\n}  # "
      "closed\n# end\n");
  // Where none can stay it goes to the nearest place.
  EXPECT_EQ(formatted("layer a # head\nopen # kind\n{ match * # all\n; weight # w\n20; }\n"),
            "layer a  # head\n    open {  # kind\n    match *;  # all\n    weight    # w\n        20;\n}\n");
  EXPECT_EQ(formatted("match a = nice 1 or # one\n# two\nnice 2;\n"),
            "match a = nice 1  # one\n    # two\n    or nice 2;\n");
}

TEST(Format, BreaksLongConditionsAtTheOutermostPlace) {
  const std::string a(30, 'a');
  EXPECT_EQ(formatted(fmt::format("match x = {0} or {0} or {0} or {0};", a)),
            fmt::format("match x = {0} or {0}\n    or {0} or {0};\n", a));
  EXPECT_EQ(formatted(fmt::format("match x = {0} and ({0} or {0} or {0});", a)),
            fmt::format("match x = {0}\n    and ({0} or {0}\n        or {0});\n", a));
  // An `and` below an `or` is further in.
  EXPECT_EQ(formatted(fmt::format("match x = {0} or\n{0} and\nnot {0};", a)),
            fmt::format("match x = {0}\n    or {0}\n        and not {0};\n", a));
}

TEST(Format, KeepsLineEndsBeforeConnectivesAndMembers) {
  EXPECT_EQ(formatted("match x = comm \"a\" or\n          comm \"b\";\nlet s = {1,\n2};\n"),
            "match x = comm \"a\"\n    or comm \"b\";\nlet s = {1,\n    2};\n");
  // Elsewhere a line end says nothing.
  EXPECT_EQ(formatted("match x =\n  comm\n  \"a\";\n"), "match x = comm \"a\";\n");
}

TEST(Format, BreaksLongSetsAndHeads) {
  std::string set;
  for (int i = 0; i < 40; ++i) set += fmt::format("{}{}", i == 0 ? "" : ", ", 1000 + i);
  const std::string out = formatted(fmt::format("match x = uid {{{}}};", set));
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U);
  EXPECT_THAT(out, ::testing::HasSubstr(",\n    1014, "));
  const std::string path(40, 'p');
  EXPECT_EQ(
      formatted(fmt::format("cells c for cgroup \"/{0}/*\" except \"/{0}/a\" except \"/{0}/b\" {{ max 3; }}",
                            path)),
      fmt::format(
          "cells c for cgroup \"/{0}/*\"\n    except \"/{0}/a\"\n    except \"/{0}/b\" {{\n    max 3;\n}}\n",
          path));
}

TEST(Format, CountsColumnsNotBytes) {
  EXPECT_EQ(formatted("policy p {\n gpu devices \"/dev/漢字\"; # a\n slice 5ms; # b\n}\n"),
            "policy p {\n    gpu   devices \"/dev/漢字\";  # a\n    slice 5ms;                  # b\n}\n");
}

// Text stays in bounds however deep it nests and however long its names are.
TEST(Format, StaysInBounds) {
  std::string deep;
  for (int i = 0; i < 190; ++i) deep += "a {\n";
  for (int i = 0; i < 2000; ++i) deep += "b;\n";
  for (int i = 0; i < 190; ++i) deep += "}\n";
  Sources sources;
  const FileId file = sources.add("p.scx", "p.scx", deep);
  EXPECT_LT(format(file, sources).size(), deep.size() * 20);
  std::string wide = fmt::format("match {} = nice 1;\n", std::string(50000, 'a'));
  for (int i = 0; i < 2000; ++i) wide += fmt::format("match a{} = nice 1;\n", i);
  EXPECT_LT(formatted(wide).size(), wide.size() * 2);
}

// What people read first, and what the language reference shows, is as the formatter wants it.
TEST(Format, TheRepositorysPoliciesAreFormatted) {
  size_t files = 0;
  for (const char* folder : {"examples", "tests/bench/policies"})
    for (const auto& file : fs::recursive_directory_iterator(fs::path(SCX_SOURCE_DIR) / folder))
      if (file.path().extension() == ".scx") {
        SCOPED_TRACE(file.path());
        expect_stable(read_file(file.path().string()).value());
        ++files;
      }
  EXPECT_GE(files, 10U);
}

TEST(Format, TheSnippetsOfTheDocumentsAreFormatted) {
  for (const char* name : {"grammar/README.md", "README.md"}) {
    const std::string text = read_file(fmt::format("{}/{}", SCX_SOURCE_DIR, name)).value();
    const std::string open = "```scx\n";
    for (size_t at = text.find(open); at != std::string::npos; at = text.find(open, at)) {
      at += open.size();
      const size_t end = text.find("```", at);
      expect_stable(text.substr(at, end - at));
      at = end + 3;
    }
  }
}

}  // namespace
}  // namespace scx::format
