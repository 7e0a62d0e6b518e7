// Every error is told once, at its place, and the rest of the file is read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/syntax/parsed.h"

namespace scx::syntax {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> errors_of(std::string text) { return Parsed(std::move(text)).errors(); }

// One mistake a line: each is reported, at its line, and no other.
TEST(Errors, AllOfAFileInOneRun) {
  const Parsed parsed(R"scx(language 1;
policy edge {
    slice 20 ms;
    watchdog  30s
    kernel    >= 6.16;
}
let = 5m;
let b == 6;
match web cgroup under "/web.slice";
match x = a or;
match z = (a or b;
match q = a or b);
match v = nice = 5;
match t = comm "a" && comm "b";
layer gpu {
    match gpu_app;
    cpus  2...25%;
    util: 40%..80%;
};
layer rest open { match * }
layer web confined { match foo = comm "x"; weight 3; }
layer web2 confined { weight = 3; slice 2ms; }
test nginx { task { comm "nginx"; } }
root { cpus 8..; }
include foo;
// comment
weight 5, 6;
match bad = comm "foo\qbar";
match bad2 = comm "foo;
let c = ..;
layer a- open { match *; }
policy and { }
}
let last = 5;
)scx");
  EXPECT_THAT(
      parsed.errors(),
      ElementsAre(
          "3:11 E0011 space between the number `20` and its unit `ms`", "4:18 E0002 missing `;` after `30s`",
          "7:5 E0013 `let` without a name", "8:7 E0001 unexpected `==` in `let`",
          "9:11 E0001 unexpected `cgroup` after the matcher's name", "10:13 E0012 no condition after `or`",
          "11:18 E0005 missing `)` before `;`", "12:17 E0005 `)` without its `(`",
          "13:16 E0014 comparison written with `=`", "14:20 E0014 operator `&&`",
          "15:7 E0022 layer `gpu` without a kind", "17:12 E0014 range with three dots `...`",
          "18:9 E0009 unknown character `:`", "19:2 E0001 `;` without a statement",
          "20:26 E0002 missing `;` after `*`", "21:32 E0001 unexpected `=` in a condition",
          "22:30 E0001 unexpected `=` in `weight`", "23:6 E0013 `test` without its name in quotes",
          "24:6 E0001 unexpected `{` after `root`", "25:9 E0001 unexpected `foo` in `include`",
          "26:1 E0014 comment `// comment`", "27:9 E0001 unexpected `,` in `weight`",
          "28:22 E0007 unknown escape `\\q` in a string", "29:19 E0006 unterminated string",
          "30:9 E0001 range without a number", "31:8 E0009 unknown character `-`",
          "32:8 E0013 `and` cannot be a name", "33:1 E0004 `}` without its `{`"));
  EXPECT_THAT(parsed.dump(), HasSubstr("let last = 5 @34:1")) << "the rest of the file is read";
  EXPECT_THAT(parsed.dump(), HasSubstr("slice 2[ms] @22:35")) << "and the rest of a line";
  EXPECT_THAT(parsed.dump(), HasSubstr("comm \"foo\" @29:14")) << "the `;` is given back by the open string";
}

TEST(Errors, ForgottenSemicolonIsFoundWhereTheStatementEnds) {
  EXPECT_THAT(errors_of("layer web confined {\n    cpus 4..8\n    util 40%..80%\n    match web\n}\n"),
              ElementsAre("2:14 E0002 missing `;` after `4..8`", "3:18 E0002 missing `;` after `40%..80%`",
                          "4:14 E0002 missing `;` after `web`"));
  EXPECT_THAT(errors_of("let a = 5\nmatch b = comm \"x\"\nlayer c open { match b }"),
              ElementsAre("1:10 E0002 missing `;` after `5`", "2:19 E0002 missing `;` after `\"x\"`",
                          "3:23 E0002 missing `;` after `b`"));
}

TEST(Errors, ForgottenSemicolonInsideALine) {
  EXPECT_THAT(
      errors_of("layer web confined { match comm \"x\" weight 3; cpus 2..4 slice 5ms; preempt weight 3; }"),
      ElementsAre("1:36 E0002 missing `;` after `\"x\"`", "1:56 E0002 missing `;` after `2..4`",
                  "1:75 E0002 missing `;` after `preempt`"));
  EXPECT_THAT(errors_of("match a = comm \"x\" match b = *; let c = 5 let d = 6;"),
              ElementsAre("1:19 E0002 missing `;` after `\"x\"`", "1:42 E0002 missing `;` after `5`"));
  EXPECT_THAT(errors_of("test \"t\" { task { comm \"x\" nice 5 kthread; } expect match a expect match b; }"),
              ElementsAre("1:27 E0002 missing `;` after `\"x\"`", "1:34 E0002 missing `;` after `5`",
                          "1:60 E0002 missing `;` after `a`"));
  // A name that is spelt like a property ends nothing.
  for (const char* text :
       {"match a = affinity within node order;", "cell c { share with weight by weight; x match; }",
        "layer a open { match gpu thread device slice; place near node max; }",
        "test \"t\" { task { leader comm \"x\"; } }", "layer a open { match system util > 5%; }"})
    EXPECT_THAT(errors_of(text), IsEmpty()) << text;
}

TEST(Errors, ForgottenBraceIsFoundWhereTheHeadEnds) {
  for (const auto& [text, error] : std::vector<std::pair<std::string, std::string>>{
           {"policy p slice 5ms; }", "1:9 E0025 missing `{` after `p`"},
           {"layer slice open match *; }", "1:17 E0025 missing `{` after `open`"},
           {"cell db cgroup under \"/a\"; layer a open { match *; } }", "1:8 E0025 missing `{` after `db`"},
           {"cells t for cgroup under \"/a/*\" except under \"/a/b\" max 5; }",
            "1:52 E0025 missing `{` after `\"/a/b\"`"},
           {"root cell cpus 2..; }", "1:10 E0025 missing `{` after `cell`"},
           {"test \"t\" host \"2c\"; task { nice 5; } }", "1:9 E0025 missing `{` after `\"t\"`"},
           {"test \"t\" { task nice 5; } expect match a; }", "1:16 E0025 missing `{` after `task`"},
           {"cell c { rebalance every 5s; } cpus 2..; }", "1:19 E0025 missing `{` after `rebalance`"},
           {"cleanup on stall { exit; } }", "1:8 E0025 missing `{` after `cleanup`"},
           {"cleanup { on task exit forget; } }", "1:23 E0025 missing `{` after `exit`"},
           // Both braces: the `}` is not told of on top.
           {"layer a open match *;\nlayer b open { match *; }", "1:13 E0025 missing `{` after `open`"},
       }) {
    const Parsed parsed(text);
    EXPECT_THAT(parsed.errors(), ElementsAre(error)) << text;
    if (text.find('\n') == std::string::npos) {
      EXPECT_THAT(errors_of(parsed.fixed()), IsEmpty()) << text;
    }
  }
  for (const char* text :
       {"policy slice { }", "layer match open { match *; }", "cells c for cgroup under max { min 1; }",
        "cell cleanup { cleanup { on cell end { drain tasks to root; } } }"})
    EXPECT_THAT(errors_of(text), IsEmpty()) << text;
}

TEST(Errors, TextWithoutQuotesIsToldOnce) {
  for (const auto& [wrong, right] : std::vector<std::pair<std::string, std::string>>{
           {"comm kworker/0:1", "comm \"kworker/0:1\""},
           {"comm nginx* and nice 5", "comm \"nginx*\" and nice 5"},
           {"(comm [ab]*)", "(comm \"[ab]*\")"},
           {"comm nginx: worker", "comm \"nginx: worker\""},
           {"comm == a.b or comm c", "comm == \"a.b\" or comm c"},
           {"comm matches ^(a|b)\\.[0-9]+$", "comm matches \"^(a|b)\\\\.[0-9]+$\""},
           {"cgroup under web.slice", "cgroup under \"/web.slice\""},
           {"cgroup under /a/[bc]/*", "cgroup under \"/a/[bc]/*\""},
           {"cgroup suffix .service", "cgroup suffix \".service\""},
       }) {
    const Parsed parsed("match a = " + wrong + ";");
    EXPECT_THAT(parsed.errors(), ElementsAre(HasSubstr("E0014"))) << wrong;
    EXPECT_EQ(parsed.fixed(), "match a = " + right + ";");
  }
  EXPECT_THAT(
      errors_of("layer a open { util: 5%; comm: \"a\"; }"),
      ElementsAre(HasSubstr("E0009 unknown character `:`"), HasSubstr("E0009 unknown character `:`")));
}

TEST(Errors, FixesMendTheText) {
  for (const auto& [wrong, right] : std::vector<std::pair<std::string, std::string>>{
           {"layer a open {\n  match *\n  slice 20 ms\n}\n",
            "layer a open {\n  match *;\n  slice 20ms;\n}\n"},
           {"match a = comm 'x';", "match a = comm \"x\";"},
           {"match a = cgroup under /web.slice/a;", "match a = cgroup under \"/web.slice/a\";"},
           {"match a = pid 4-8;", "match a = pid 4..8;"},
           {"match a = pid 4...8;", "match a = pid 4..8;"},
           {"match a = nice = 5;", "match a = nice == 5;"},
           {"match a = comm \"a\tb\";", "match a = comm \"a\\tb\";"},
           {"match a = comm \"a\\.b\";", "match a = comm \"a\\\\.b\";"},
           {"layer a open { match *; };", "layer a open { match *; }"},
           {"match a = pid {1 2};", "match a = pid {1, 2};"},
           {"let bw = 5 GiB/s;", "let bw = 5GiB/s;"},
           {"let p = 5 %;", "let p = 5%;"},
           {"// c\nlet p = 5;", "# c\nlet p = 5;"},
       }) {
    const Parsed parsed(wrong);
    EXPECT_FALSE(parsed.errors().empty()) << wrong;
    const std::string fixed = parsed.fixed();
    EXPECT_THAT(errors_of(fixed), IsEmpty()) << fixed;
    if (wrong.find(" 2}") == std::string::npos) {
      EXPECT_EQ(fixed, right);
    }
  }
}

TEST(Errors, UnclosedBraceIsTiedToItsOpening) {
  const auto opened_at = [](std::string text) {
    const Parsed parsed(std::move(text));
    std::vector<std::string> out;
    for (const diag::Diagnostic* d : parsed.diagnostics.sorted()) {
      const LineColumn at = parsed.sources.position(d->span.file, d->span.begin);
      const Span opening = d->labels.empty() ? Span{} : d->labels.front().span;
      const LineColumn open = parsed.sources.position(parsed.file, opening.begin);
      out.push_back(fmt::format("{} {}:{} opened {}:{}", diag::info(d->kind).code, at.line, at.column,
                                open.line, open.column));
    }
    return out;
  };
  EXPECT_THAT(opened_at("layer a open {\n  match *;\n"), ElementsAre("E0003 2:11 opened 1:14"));
  EXPECT_THAT(opened_at("layer a open {\n  match *;\n\nlayer b open { match *; }\n"),
              ElementsAre("E0003 4:1 opened 1:14"));
  EXPECT_THAT(opened_at("cell a {\n  rebalance { every 5s;\n  min 1;\n}\nlet a = 5;\n"),
              ElementsAre("E0003 4:1 opened 2:13"));
}

TEST(Errors, StrayAndAnonymousBlocks) {
  EXPECT_THAT(errors_of("}\nlet a = 5;"), ElementsAre("1:1 E0004 `}` without its `{`"));
  EXPECT_THAT(errors_of("{ cpus 4 }\nlet a 5;"),
              ElementsAre("1:1 E0001 block without a declaration before it",
                          "1:9 E0002 missing `;` after `4`", "2:7 E0001 unexpected `5` in `let`"));
}

TEST(Errors, OtherFormatsAreToldOnce) {
  for (const auto& [text, name] : std::vector<std::pair<std::string, std::string>>{
           {"{\"a\": 1, \"b\": [2, 3]}\n", "JSON"},
           {"\xEF\xBB\xBF [ {\"a\": 1} ]", "JSON"},
           {"[]", "JSON"},
           {"[{\"matches\": [[]], \"kind\": {\"Open\": {}}}]", "a configuration of scx_layered"},
           {"# a comment\n---\nlayers:\n", "YAML"},
           {"layers:\n  - name: a\n", "YAML"},
           {"- name: a\n", "YAML"},
           {"# a comment\n[layers]\nname = 1\n", "TOML or INI"},
           {"<?xml version=\"1.0\"?>", "XML or HTML"},
           {std::string("\x7f") + "ELF\x02\x01", "an object file"},
       })
    EXPECT_THAT(errors_of(text),
                ElementsAre(testing::HasSubstr("E0024 this is no policy: it looks like " + name)))
        << text;
  // Slips in a policy.
  for (const char* text : {"policy: p { slice: 5ms; }", "{ cpus 4 }\nlet a = 5;", "- 5;", "", "#", "{", "[a"})
    EXPECT_THAT(errors_of(text), testing::Not(testing::Contains(testing::HasSubstr("E0024")))) << text;
}

TEST(Errors, NamesOfAttributesNamePoliciesToo) {
  EXPECT_THAT(errors_of("policy sched { }\nlayer nice { match *; }"),
              ElementsAre("2:7 E0022 layer `nice` without a kind"));
}

TEST(Errors, EmptyMatchExpressions) {
  EXPECT_THAT(errors_of("match a = ;"), ElementsAre("1:9 E0012 empty match expression"));
  EXPECT_THAT(errors_of("layer a open { match ; }"), ElementsAre("1:16 E0012 empty match expression"));
  EXPECT_THAT(errors_of("match a = ();"), ElementsAre("1:11 E0012 parentheses without a condition"));
  EXPECT_THAT(errors_of("match a = b and or c;"), ElementsAre("1:13 E0012 no condition after `and`"));
  EXPECT_THAT(errors_of("match a = not;"), ElementsAre("1:11 E0012 no condition after `not`"));
}

TEST(Errors, NamesOfDeclarations) {
  EXPECT_THAT(errors_of("policy { slice 2 ms; }"),
              ElementsAre("1:8 E0013 `policy` without a name",
                          "1:16 E0011 space between the number `2` and its unit `ms`"));
  EXPECT_THAT(errors_of("layer \"a\" open { match }"),
              ElementsAre("1:7 E0013 `layer` without a name", "1:18 E0012 empty match expression"));
  EXPECT_THAT(errors_of("layer = { match *; }"), ElementsAre("1:7 E0013 `layer` without a name"));
  EXPECT_THAT(errors_of("layer a open;\nlet = ;"),
              ElementsAre("1:9 E0023 `layer` without its block", "2:5 E0013 `let` without a name",
                          "2:7 E0001 unexpected `;` in `let`"));
  EXPECT_THAT(errors_of("layer a confined\nlayer b open { match *; }"),
              ElementsAre("1:9 E0023 `layer` without its block"));
  EXPECT_THAT(errors_of("cell a for cgroup under \"/x\" { }"),
              ElementsAre("1:8 E0001 unexpected `for` in the head of cell `a`"));
}

TEST(Errors, CharactersAreShown) {
  EXPECT_THAT(errors_of("let a = é 5;"), ElementsAre("1:9 E0009 unknown character `é` (0xC3 0xA9)"));
  EXPECT_THAT(errors_of(std::string("let a = 5;\0\0\0let b = 6;", 23)),
              ElementsAre("1:11 E0009 unknown control character 0x00"));
  EXPECT_THAT(errors_of("let a = \"\xE9\";\nlet b = \"\xE9\";"),
              ElementsAre("1:10 E0010 byte 0xE9 is not UTF-8"));
  EXPECT_THAT(errors_of("let a = \xFF 5;"), ElementsAre("1:9 E0010 byte 0xFF is not UTF-8"));
  EXPECT_THAT(errors_of(std::string("match a = comm \"x\0y\";", 21)),
              ElementsAre("1:18 E0008 control character 0x00 in a string"));
  EXPECT_THAT(errors_of("match a = comm \"x\\x00\";"),
              ElementsAre("1:18 E0007 unknown escape `\\x` in a string"));
}

TEST(Errors, UnterminatedStringSilencesItsLine) {
  EXPECT_THAT(errors_of("match a = cgroup under \"/a and comm \"b\";\nlet b 5;"),
              ElementsAre("1:39 E0006 unterminated string", "2:7 E0001 unexpected `5` in `let`"));
  EXPECT_THAT(errors_of("test \"x {\n  task { }\n}\n"), ElementsAre("1:6 E0006 unterminated string"));
  EXPECT_THAT(errors_of("let a = \"abc\\"), ElementsAre("1:9 E0006 unterminated string"));
  EXPECT_THAT(errors_of("layer a open { match comm \"x; }\nlet b 5;"),
              ElementsAre("1:27 E0006 unterminated string", "2:7 E0001 unexpected `5` in `let`"));
}

// No word of ANTLR and nothing on the terminal: a message is ours or a bug.
TEST(Errors, ParserIsSilent) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  errors_of("match a = @ \xFF ( ; } { \" ' \\ let");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

}  // namespace
}  // namespace scx::syntax
