#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/syntax/parsed.h"

namespace scx::syntax {

using testing::IsEmpty;

const std::string kExample = R"scx(language 1;

# A web host with a GPU and tenants.
policy edge {
    slice     20ms;
    watchdog  30s;
    kernel    >= 6.16;                        # drops compatibility code below this
    irq       keep-off protected;
}

let gpu_ttl = 5m;

match web     = cgroup under "/web.slice" and comm "nginx*";
match numa_0  = affinity within node 0;        # every CPU the task may use is on node 0
match gpu_app = gpu process for gpu_ttl;       # some thread of it opened a GPU device

layer gpu grouped {
    match gpu_app and not comm "Xorg";
    cpus   2..25%;                             # floor..ceiling, of the cell's CPUs
    util   40%..80%;                           # shrink below, grow above
    place  near gpu;
    preempt;
    resume-latency 20us;
}
layer web confined {
    match  web or (numa_0 and nice < -5);
    cpus   4..;
    protected;
    weight 200;
}
layer rest open { match *; }

cells tenants for cgroup under "/tenants/*" except under "/tenants/system" {
    max      64;
    cpus     from cpuset else weight 100;
    min      1 core;
    align    llc;
    borrow   idle return within 2ms;
    rebalance { threshold 20%; every 5s; smoothing 0.3; }
    layer latency confined { match nice < 0; cpus 1..50%; slice 2ms; }
    layer bulk    open     { match *; }
    cleanup {
        on cgroup exit  { drain tasks to root; return cpus to donors; }
        on cpuset clear { return cpus to root; }
    }
}

cell db {
    cgroup under "/db.slice";
    cpus   8..16;
    nodes  1;
}

root cell { cpus 8..; }

cleanup { on unload { restore irq; restore idle; } }

test "nginx in web.slice" {
    task { comm "nginx: worker"; cgroup "/web.slice/nginx.service"; }
    expect layer web in root;
}
)scx";

namespace {

TEST(Parse, TheExampleOfTheDesign) {
  const Parsed parsed(kExample);
  EXPECT_THAT(parsed.errors(), IsEmpty());
  EXPECT_EQ(parsed.dump(), R"(language 1 @1:1
policy edge @4:1
  slice 20[ms] @5:5
  watchdog 30[s] @6:5
  kernel >= 6.16 @7:5
  irq keep-off protected @8:5
let gpu_ttl = 5[m] @11:1
match web = @13:1
  and @13:17
    predicate cgroup under "/web.slice" @13:17
    predicate comm "nginx*" @13:47
match numa_0 = @14:1
  predicate affinity within node 0 @14:17
match gpu_app = @15:1
  predicate gpu process for gpu_ttl @15:17
layer gpu grouped @17:1
  match @18:5
    and @18:11
      predicate gpu_app @18:11
      not @18:23
        predicate comm "Xorg" @18:27
  cpus 2..25[%] @19:5
  util 40[%]..80[%] @20:5
  place near gpu @21:5
  preempt @22:5
  resume-latency 20[us] @23:5
layer web confined @25:1
  match @26:5
    or @26:12
      predicate web @26:12
      parentheses @26:19
        and @26:20
          predicate numa_0 @26:20
          predicate nice < -5 @26:31
  cpus 4.. @27:5
  protected @28:5
  weight 200 @29:5
layer rest open @31:1
  match @31:19
    * @31:25
cells tenants for cgroup under "/tenants/*" except under "/tenants/system" @33:1
  max 64 @34:5
  cpus from cpuset else weight 100 @35:5
  min 1[core] @36:5
  align llc @37:5
  borrow idle return within 2[ms] @38:5
  rebalance {...} @39:5
    threshold 20[%] @39:17
    every 5[s] @39:32
    smoothing 0.3 @39:42
  layer latency confined @40:5
    match @40:30
      predicate nice < 0 @40:36
    cpus 1..50[%] @40:46
    slice 2[ms] @40:59
  layer bulk open @41:5
    match @41:30
      * @41:36
  cleanup {...} @42:5
    on cgroup exit {...} @43:9
      drain tasks to root @43:27
      return cpus to donors @43:48
    on cpuset clear {...} @44:9
      return cpus to root @44:27
cell db @48:1
  cgroup under "/db.slice" @49:5
  cpus 8..16 @50:5
  nodes 1 @51:5
root cell root @54:1
  cpus 8.. @54:13
cleanup @56:1
  on unload {...} @56:11
    restore irq @56:23
    restore idle @56:36
test "nginx in web.slice" @58:1
  task {...} @59:5
    comm "nginx: worker" @59:12
    cgroup "/web.slice/nginx.service" @59:34
  expect layer web in root @60:5
)");
}

// Every property and attribute of the design's tables, in the forms that they show.
TEST(Parse, EveryPropertyOfTheDesign) {
  const Parsed parsed(R"scx(
policy all {
  slice 20ms; watchdog 30s; kernel >= 6.16; irq near; irq spread; irq keep-off protected;
  memory local; memory node 0; memory leave; gpu devices "/dev/nvidia*" "/dev/dri/renderD*";
  hints "NAME" { owner root; mode 0600; } partial; cgroup-limits refuse;
  cleanup { on unload { restore perf; restart; } on stall { exit; } }
}
layer l grouped {
  cpus 1..; cpus ..4; cpus 2..25%; cpus 8 core; cpus 2 core..4 core; util 50%..80%; weight 100; slice 2ms;
  order vtime; min-run 500us; yield 0.5; yield give-up; preempt; preempt first; exclusive; protected;
  idle-confined; count-open-time; placement sticky; grow node-spread; nodes {0, 1};
  no-open-after 40ms; no-preempt-after 80ms; migrate-after 0ms; cross-node 60%..70% 20%..30%;
}
layer m open {
  nodes 1; llcs 2..3; prefer nodes 1; place near gpu; place near node 1; prefer idle-core; skip-remote-node;
  memory-bandwidth 10GiB/s; memory-bandwidth 1.5GiB/s; perf 512; resume-latency 20us; peak-hold 5s;
  member-for 1m; irq near; histogram wait; cleanup { on cell end { keep stats 5m; } }
}
layers fam confined for cgroup under "/x/*" except under "/x/y" { max 8; match *; }
cells c for cgroup "/a/*" {
  cgroup under "/a" "/b"; cpus list "0-3,8"; cpus from cpuset else weight 5; weight 5; nodes 1; llcs 2..3;
  align core; min 2 core; borrow none; lend all; rebalance { cooldown 5s; every 1s; }
  affinity allow; share with db by weight; overflow root;
}
test "t" { task { nice 0; } host "topology.xml"; expect match web; expect cpus within 2..4; }
)scx");
  EXPECT_THAT(parsed.errors(), IsEmpty());
}

TEST(Parse, EveryAttributeOfTheDesign) {
  const Parsed parsed(R"scx(
match a = cgroup == "/p" or cgroup under "/p/*" or cgroup "/p/**" or cgroup prefix "/a" or cgroup matches "^/web[.]slice/";
match b = comm "glob" and leader comm == "x" and comm suffix "y" and comm contains "z";
match c = pid {1, 2} or tgid 5..9 or ppid == 1 or pid 7 in pidns 4026531836 or pid {1, 5..9, 20..};
match d = uid 1000 or gid {"adm", 4} or uid "root" or uid root;
match e = nice != 0 and nice <= -5 and nice -20..19 and nice >= 5 and nice > 1 and nice < 3;
match f = sched batch or kthread or leader or pidns of "/proc/1/ns/pid" or pidns 4026531836;
match g = affinity within node 1 or affinity within llc 0 or affinity full or affinity pinned;
match h = gpu thread device 1 for 5m or gpu process for ttl or joined "name" or child of b and nice < 0;
match i = runtime < 2ms and hint >= 512 and system util > 80% and direct dispatch ratio < 5.5%;
match j = not not child of not (a or not b);
match k = *;
)scx");
  EXPECT_THAT(parsed.errors(), IsEmpty());
}

std::string expression_of(std::string_view text) {
  const Parsed parsed(fmt::format("match x = {};", text));
  EXPECT_THAT(parsed.errors(), IsEmpty()) << text;
  const auto* matcher = std::get_if<ast::Matcher>(&parsed.tree.items.at(0));
  return matcher == nullptr ? "" : ast::dump(matcher->expression, parsed.sources);
}

TEST(Parse, PrecedenceOfTheOperators) {
  EXPECT_EQ(expression_of("a or not b and c"),
            "or @1:11\n  predicate a @1:11\n  and @1:16\n    not @1:16\n      predicate b @1:20\n"
            "    predicate c @1:26\n");
  EXPECT_EQ(expression_of("child of b and nice < 0"),
            "and @1:11\n  child of @1:11\n    predicate b @1:20\n  predicate nice < 0 @1:26\n");
  EXPECT_EQ(expression_of("(a or b) and c"),
            "and @1:11\n  parentheses @1:11\n    or @1:12\n      predicate a @1:12\n      predicate b @1:17\n"
            "  predicate c @1:24\n");
}

std::string value_of(std::string_view text) {
  const Parsed parsed(fmt::format("let x = {};", text));
  EXPECT_THAT(parsed.errors(), IsEmpty()) << text;
  return parsed.dump();
}

TEST(Parse, NumbersAndRanges) {
  EXPECT_EQ(value_of("20ms"), "let x = 20[ms] @1:1\n");
  EXPECT_EQ(value_of("2..25%"), "let x = 2..25[%] @1:1\n");
  EXPECT_EQ(value_of("2 .. 25%"), "let x = 2..25[%] @1:1\n");
  EXPECT_EQ(value_of("-20..-5"), "let x = -20..-5 @1:1\n");
  EXPECT_EQ(value_of("..4"), "let x = ..4 @1:1\n");
  EXPECT_EQ(value_of("4.."), "let x = 4.. @1:1\n");
  EXPECT_EQ(value_of("0.3"), "let x = 0.3 @1:1\n");
  EXPECT_EQ(value_of("6.16..6.18"), "let x = 6.16..6.18 @1:1\n");
  EXPECT_EQ(value_of("6.16.3"), "let x = 6.16.3 @1:1\n");
  EXPECT_EQ(value_of("8 core"), "let x = 8[core] @1:1\n");
  EXPECT_EQ(value_of("8core..9 core"), "let x = 8[core]..9[core] @1:1\n");
  EXPECT_EQ(value_of("1.5GiB/s"), "let x = 1.5[GiB/s] @1:1\n");
  EXPECT_EQ(value_of("5parsecs"), "let x = 5[parsecs] @1:1\n") << "which units there are is sema's";
  EXPECT_EQ(value_of("{1, 2..3, \"x\"}"), "let x = {1, 2..3, \"x\"} @1:1\n");
  EXPECT_EQ(value_of("{}"), "let x = {} @1:1\n");
}

TEST(Parse, StringsAndEscapes) {
  const Parsed parsed(R"(let x = "a\"b\\c\n\t\r\x41\xff";)");
  EXPECT_THAT(parsed.errors(), IsEmpty());
  const auto& let = std::get<ast::Let>(parsed.tree.items.at(0));
  EXPECT_EQ(std::get<ast::String>(let.value.at(0)).value, "a\"b\\c\n\t\rA\xff");
}

TEST(Parse, KeywordsAreNames) {
  for (const char* word : {"language", "include", "policy", "let", "match", "layer", "layers", "cell",
                           "cells", "root", "cleanup", "test", "child", "of", "core", "no-de", "a_b-9"}) {
    const Parsed parsed(
        fmt::format("policy {0} {{ }} let {0} = 5; match {0} = *; layer {0} {0} {{ match *; }} "
                    "cell {0} {{ {1} {0}; }}",
                    word, std::string_view(word) == "match" ? "x" : "slice"));
    EXPECT_THAT(parsed.errors(), IsEmpty()) << word;
  }
}

TEST(Parse, UnknownWordsReachSema) {
  const Parsed parsed("lair web confined { match *; }\nlayer web confined { wieght 5; foo { bar; } }\n");
  EXPECT_THAT(parsed.errors(), IsEmpty());
  EXPECT_EQ(parsed.dump(),
            "unknown @1:1\n  lair web confined {...} @1:1\n    match @1:21\n      * @1:27\n"
            "layer web confined @2:1\n  wieght 5 @2:22\n  foo {...} @2:32\n    bar @2:38\n");
}

TEST(Parse, LineEndsAndByteOrderMark) {
  const Parsed parsed("\xEF\xBB\xBFlanguage 1;\r\n# c\r\nlet a = 5;\r\nlet b = 6; # no newline");
  EXPECT_THAT(parsed.errors(), IsEmpty());
  EXPECT_EQ(parsed.dump(), "language 1 @1:4\nlet a = 5 @3:1\nlet b = 6 @4:1\n");
}

TEST(Parse, EmptyFilesAreEmpty) {
  for (const char* text : {"", "\n", "# only a comment", "\xEF\xBB\xBF"}) {
    const Parsed parsed(text);
    EXPECT_THAT(parsed.errors(), IsEmpty());
    EXPECT_THAT(parsed.tree.items, IsEmpty());
  }
}

// Where a statement is indented is the author's business while it has its `;`.
TEST(Parse, IndentationIsFree) {
  const Parsed parsed(
      "layer\nweb\nconfined\n{\nmatch\nweb\nor\nweb2\n;\ncpus\n4\n..\n5\n;\n}\n"
      "test \"x\" {\nexpect\nlayer\nweb in\nroot;\n}\n");
  EXPECT_THAT(parsed.errors(), IsEmpty());
}

// A word that begins statements elsewhere may stand first on a line inside of one.
TEST(Parse, LineEndsInsideStatementsAreFree) {
  for (const char* text :
       {"layer web open {\nmatch\ncgroup\nunder\n\"/w\" and comm\nslice;\nslice\nmax;\n}\n",
        "cell c {\nborrow idle\nreturn within 2ms;\n}\n", "root\ncell {\ncpus\nmax;\n}\n",
        "cleanup {\non\ncgroup exit {\nreturn\ncpus to root;\nrestore\nirq;\n}\n}\n",
        "layer\nslice open {\nprefer\nnodes 1;\nmatch uid\nmax;\n}\n",
        "let\nweight = 5;\nmatch\nslice = *;\n", "policy p {\nirq keep-off\nprotected;\n}\n",
        "test \"t\" {\nexpect layer\nweight in\nroot;\n}\n"})
    EXPECT_THAT(Parsed(text).errors(), IsEmpty()) << text;
}

TEST(Tokens, Dump) {
  Sources sources;
  const FileId file = sources.add("t", "t", "let a = {1, 2}; # c\nlayer x open { slice 5ms }\n");
  EXPECT_EQ(
      dump_tokens(file, sources),
      "1:1 LET let\n1:5 WORD a\n1:7 ASSIGN =\n1:9 SET_OPEN {\n1:10 NUMBER 1\n1:11 COMMA ,\n1:13 NUMBER 2\n"
      "1:14 SET_CLOSE }\n1:15 SEMI ;\n2:1 LAYER layer\n2:7 WORD x\n2:9 WORD open\n2:14 LBRACE {\n"
      "2:16 WORD slice\n2:22 NUMBER 5ms\n2:26 RBRACE }\n3:1 END\n");
}

}  // namespace
}  // namespace scx::syntax
