// What is wrong in a policy, and where: each case is a policy with one mistake,
// the code and the marked text.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sema/compile.h"
#include "tests/unit/sema/wrong.h"

namespace scx::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string everything(const diag::Diagnostic& d) {
  std::string text = d.message + "\n" + d.label + "\n" + d.help;
  for (const std::string& note : d.notes) text += "\n" + note;
  for (const diag::Label& label : d.labels) text += "\n" + label.text;
  return text;
}

TEST_P(Wrong, IsReportedAtItsPlace) {
  const Case& c = GetParam();
  const Compiled result =
      c.text.find("policy") == std::string_view::npos ? compile_body(c.text) : compile(std::string(c.text));
  // Notes of completeness apart, there is one mistake and one report.
  std::vector<std::string> reported;
  for (const std::string& line : result.summary())
    if (!line.starts_with("N0601") && !line.starts_with("W0501") && !line.starts_with("W0502"))
      reported.push_back(line);
  EXPECT_THAT(reported, ElementsAre(std::string(c.expected))) << result.rendered();
  if (!reported.empty())
    EXPECT_THAT(everything(result.find(c.expected.substr(0, 5))), HasSubstr(std::string(c.message)));
  EXPECT_EQ(result.policy.has_value(), c.expected.starts_with("W"));
}

INSTANTIATE_TEST_SUITE_P(
    Names, Wrong,
    testing::Values(
        Case{"Declaration", "leyer x open { match *; }", "E0101 `leyer`", "did you mean `layer`?"},
        Case{"PropertyOutside", "slice 5ms;", "E0302 `slice`", "the policy block"},
        Case{"Property", "layer x open { match *; wieght 5; }", "E0102 `wieght`", "did you mean `weight`?"},
        Case{"PropertyOfAnother", "policy p { wieght 5; }", "E0102 `wieght`", "belongs in a layer"},
        Case{"PropertyOfLater", "layer x open { match *; exclusiv; }", "E0102 `exclusiv`",
             "`exclusive`, which is not implemented yet"},
        Case{"Attribute", "layer x open { match cgruop under \"/a\"; }", "E0103 `cgruop`",
             "did you mean `cgroup`?"},
        Case{"Matcher", "match web = nice 0; layer x open { match wbe; }", "E0103 `wbe`",
             "did you mean `web`?"},
        Case{"AttributeOfLater", "layer x open { match pidms 4; }", "E0103 `pidms`", "not implemented yet"},
        Case{"FirstWordOfAttributes", "layer x open { match afinity full; }", "E0103 `afinity`",
             "did you mean `affinity`?"},
        Case{"Operator", "layer x open { match comm prefx \"a\"; }", "E0104 `prefx`",
             "did you mean `prefix`?"},
        Case{"OperatorsOfText", "layer x open { match comm like \"a\"; }", "E0104 `like`", "`==`, `!=`"},
        Case{"And", "match a = nice 0; layer x open { match a AND a; }", "E0202 `AND`",
             "did you mean `and`?"},
        Case{"Constant", "layer x open { match nice < hgih; } let high = 5;", "E0105 `hgih`",
             "did you mean `high`?"},
        Case{"Unquoted", "layer x open { match comm nginx; }", "E0105 `nginx`", "`comm \"nginx\"`"},
        Case{"ConstantInConstant", "let a = bb; layer x open { match nice a; }", "E0105 `bb`",
             "double quotes"},
        Case{"DuplicateMatcher", "match a = nice 0; match a = nice 1; layer x open { match a; }", "E0107 `a`",
             "first defined here"},
        Case{"LetAndMatchShare", "let a = 1; match a = nice 1; layer x open { match nice a; }", "E0107 `a`",
             "share one namespace"},
        Case{"DuplicateLayer", "layer x open { match nice 0; } layer x open { match nice 1; }", "E0107 `x`",
             "the first one"},
        Case{"DuplicateTest",
             "layer x open { match *; } test \"a\" { task { } expect layer x in root; } "
             "test \"a\" { task { } expect layer x in root; }",
             "E0107 `\"a\"`", "the first one"},
        Case{"Reserved", "match nice = comm \"a\"; layer x open { match *; }", "E0108 `nice`",
             "name of an attribute"},
        Case{"ReservedOfLater", "let gpu = 5; layer x open { match *; }", "E0108 `gpu`",
             "name of an attribute"},
        Case{"Cycle", "match a = b; match b = not a; layer x open { match a; }", "E0109 `a`",
             "`b` is defined here"},
        Case{"OwnCycle", "match a = a; layer x open { match a; }", "E0109 `a`", "`a` is defined here"},
        Case{"ConstantCycle", "let a = b; let b = a; layer x open { match nice a; }", "E0109 `a`",
             "`b` is defined here"},
        Case{"ConstantAsMatcher", "let a = 1; layer x open { match a; }", "E0110 `a`", "is a constant"},
        Case{"MatcherAsConstant", "match a = nice 0; let b = a; layer x open { match nice b or a; }",
             "E0110 `a`", "is a matcher"},
        Case{"Kind", "layer x opne { match *; }", "E0111 `opne`", "did you mean `open`?"},
        Case{"Sched", "layer x open { match sched bach; }", "E0112 `bach`", "did you mean `batch`?"},
        Case{"Order", "layer x open { match *; order fio; }", "E0112 `fio`", "did you mean `fifo`?"},
        Case{"TestLayer", "layer x open { match *; } test \"t\" { task { } expect layer y in root; }",
             "E0106 `y`", "layers: `x`"},
        Case{"TestCell", "layer x open { match *; } test \"t\" { task { } expect layer x in web; }",
             "E0106 `web`", "`root`"},
        Case{"TestMatcher", "layer x open { match *; } test \"t\" { task { } expect match y; }", "E0106 `y`",
             "match NAME"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    NotImplemented, Wrong,
    testing::Values(
        Case{"Irq", "policy p { irq near; }", "E0113 `irq`", "`irq` is not implemented yet"},
        Case{"Hints", "policy p { hints \"x\" { owner root; } }", "E0113 `hints`", "not implemented yet"},
        Case{"GrowOfThisVersion", "layer x grouped { match *; grow topology; }", "E0112 `topology`",
             "`topo` and `node-spread`"},
        Case{"Grow", "layer x grouped { match *; grow random; }", "E0113 `random`", "`grow random`"},
        Case{"PreemptFirst", "layer x open { match *; preempt first; }", "E0113 `preempt first`",
             "`preempt first`"},
        Case{"ChildOf", "layer x open { match child of nice 0; }", "E0113 `child of nice 0`",
             "not implemented yet"},
        Case{"Pidns", "layer x open { match pid 5 in pidns 7; }", "E0113 `in`", "not implemented yet"},
        Case{"SystemUtil", "layer x open { match system util < 50%; }", "E0113 `system util`",
             "not implemented yet"},
        Case{"Family",
             "layer x open { match *; } layers y open for cgroup under \"/t/*\" { max 4; match *; }",
             "E0113 `layers`", "not implemented yet"},
        Case{"TaskAttribute",
             "layer x open { match *; } test \"t\" { task { hint 5; } expect layer x in root; }",
             "E0113 `hint`", "not implemented yet"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Affinity, Wrong,
    testing::Values(
        Case{"Alone", "layer x open { match affinity; }", "E0201 `affinity`", "`affinity full`"},
        Case{"WithinWhat", "layer x open { match affinity within; }", "E0201 `affinity within`",
             "`affinity within node 0`"},
        Case{"WithinAWord", "layer x open { match affinity within core 0; }", "E0112 `core`",
             "`affinity within llc {0, 1}`"},
        Case{"Number", "layer x open { match affinity 0; }", "E0202 `0`", "`affinity pinned`"},
        Case{"Compared", "layer x open { match affinity within node != 0; }", "E0212 `!=`",
             "`not affinity within node 0`"},
        Case{"NodeNegative", "layer x open { match affinity within node -1; }", "E0205 `-1`",
             "the range is 0 to 1023"},
        Case{"TooMany", "layer x open { match affinity within llc 0..63; }",
             "E0420 `affinity within llc 0..63`", "64 places"},
        Case{"TooManyInAll",
             "layer x open { match affinity within llc 0..40; } layer y open { match affinity within node "
             "0..40; }",
             "E0420 `affinity within node 0..40`", "82 places"},
        Case{"TwoNodes", "layer x open { match affinity within node 0 and affinity within node 1; }",
             "E0306 `affinity within node 1`", "both"},
        Case{"TaskWithoutHost",
             "layer x open { match *; } test \"t\" { task { affinity \"0\"; } expect layer x in root; }",
             "E0320 `affinity \"0\";`", "`host \"2n4c2t\";`"},
        Case{"HostOfNumbers",
             "layer x open { match *; } test \"t\" { task { } host 4; expect layer x in root; }", "E0203 `4`",
             "a string"},
        Case{"HostUnknown",
             "layer x open { match *; } test \"t\" { task { } host \"big\"; expect layer x in root; }",
             "E0321 `host \"big\";`", "`host \"2n4c2t\"`"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Gpu, Wrong,
    testing::Values(
        Case{"Alone", "layer x open { match gpu; }", "E0201 `gpu`", "`gpu thread`"},
        Case{"Word", "layer x open { match gpu core; }", "E0112 `core`", "`gpu process device 1 for 5m`"},
        Case{"DeviceOfWhat", "layer x open { match gpu thread device; }", "E0201 `device`", "device 0"},
        Case{"DeviceOutOfRange", "layer x open { match gpu thread device 1048576; }", "E0205 `1048576`",
             "MINORBITS"},
        Case{"ForWhat", "layer x open { match gpu thread for; }", "E0201 `for`", "for 5m"},
        Case{"ForBytes", "layer x open { match gpu thread for 5MiB; }", "E0204 `5MiB`", "`ms`"},
        Case{"ForALongTime", "layer x open { match gpu thread for 8761h; }", "E0205 `8761h`", "until exit"},
        Case{"Contradiction", "layer x open { match gpu thread device 1 and not gpu thread device 1; }",
             "E0306 `gpu thread device 1`", "both"},
        Case{"DevicesOfNumbers", "policy p { gpu devices 5; } layer x open { match gpu thread; }",
             "E0203 `5`", "paths in quotes"},
        Case{"DevicesUnused", "policy p { gpu devices \"/dev/a\"; } layer x open { match nice 0; }",
             "W0520 `gpu devices \"/dev/a\";`", "no layer"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Values, Wrong,
    testing::Values(
        Case{"MissingOperand", "layer x open { match nice <; }", "E0201 `nice <`", "compared with nothing"},
        Case{"MissingText", "layer x open { match comm prefix; }", "E0201 `prefix`",
             "`prefix` has no operand"},
        Case{"MissingValue", "policy p { slice; }", "E0201 `slice`", "slice 20ms"},
        Case{"FlagOperand", "layer x open { match kthread 1; }", "E0202 `1`", "`not kthread`"},
        Case{"TwoOperands", "layer x open { match *; weight 5 6; }", "E0202 `6`", "one operand"},
        Case{"BehindTest", "layer x open { match nice 5 6; }", "E0202 `6`", "`and` and `or`"},
        Case{"MatcherOperand", "match a = nice 0; layer x open { match a 5; }", "E0202 `5`",
             "takes no operand"},
        Case{"PropertyBlock", "layer x open { match *; weight { } }", "E0202 `{ }`", "takes no block"},
        Case{"TextForNumber", "layer x open { match nice \"a\"; }", "E0203 `\"a\"`", "not a string"},
        Case{"NumberForText", "layer x open { match comm 5; }", "E0203 `5`", "takes a string"},
        Case{"Decimal", "layer x open { match nice 1.5; }", "E0203 `1.5`", "whole number"},
        Case{"WrongConstant", "let a = \"x\"; layer x open { match nice a; }", "E0203 `a`",
             "the constant `a`"},
        Case{"NoUnit", "policy p { slice 20; }", "E0204 `20`",
             "units that fit: `ns`, `us`, `ms`, `s`, `m` and `h`"},
        Case{"UnknownUnit", "policy p { slice 20mz; }", "E0204 `20mz`", "did you mean `ms`?"},
        Case{"WrongUnit", "policy p { slice 20%; }", "E0204 `20%`", "takes a duration"},
        Case{"UnitOfInteger", "layer x open { match nice 5ms; }", "E0204 `5ms`", "without a unit"},
        Case{"UnitOfCpus", "layer x confined { match *; cpus 2GiB..; }", "E0204 `2GiB`",
             "units that fit: `%` and `core`"},
        Case{"NiceRange", "layer x open { match nice < -30; }", "E0205 `-30`", "-20 to 19"},
        Case{"PidRange", "layer x open { match pid 0; }", "E0205 `0`", "PID_MAX_LIMIT"},
        Case{"UidRange", "layer x open { match uid 4294967295; }", "E0205 `4294967295`", "32 bits"},
        Case{"HugeNumber", "layer x open { match pid 99999999999999999999999; }",
             "E0205 `99999999999999999999999`", "1 to 4194304"},
        Case{"SliceShort", "policy p { slice 99us; }", "E0205 `99us`", "100us to 1s"},
        Case{"SliceLong", "layer x open { match *; slice 2s; }", "E0205 `2s`", "SCX_SLICE_DFL"},
        Case{"Watchdog", "policy p { watchdog 31s; }", "E0205 `31s`", "SCX_WATCHDOG_MAX_TIMEOUT"},
        Case{"HugeDuration", "policy p { watchdog 99999999999999999999h; }", "E0205 `99999999999999999999h`",
             "1s to 30s"},
        Case{"Weight", "layer x open { match nice 0; weight 0; }", "E0205 `0`", "1 to 10000"},
        Case{"Percent", "layer x confined { match *; cpus 5..101%; }", "E0205 `101%`", "0 to 100%"},
        Case{"CeilingZero", "layer x confined { match *; cpus ..0; }", "E0205 `..0`", "at least 1"},
        Case{"FloorAboveCeiling", "layer x confined { match *; cpus 4..2; }", "E0206 `4..2`", "`2..4`"},
        Case{"BackwardsRange", "layer x open { match uid 5..3; }", "E0206 `5..3`", "`3..5`"},
        Case{"EmptySet", "layer x open { match pid {}; }", "E0207 `{}`", "empty set"},
        Case{"EmptyString", "layer x open { match comm \"\"; }", "E0208 `\"\"`", "empty string"},
        Case{"LongComm", "layer x open { match comm == \"sixteen-bytes-xx\"; }",
             "E0209 `\"sixteen-bytes-xx\"`", "TASK_COMM_LEN"},
        Case{"LongGlob", "layer x open { match leader comm \"sixteen-?ytes-xx*\"; }",
             "E0209 `\"sixteen-?ytes-xx*\"`", "never matches"},
        Case{"LongRegex", "match a = comm matches \"^sixteen-byt[ef]s-xx\"; layer x open { match a; }",
             "E0209 `\"^sixteen-byt[ef]s-xx\"`", "never matches"},
        Case{"SetOfPaths", "layer x open { match cgroup under {\"/a\", \"/b\"}; }",
             "E0203 `{\"/a\", \"/b\"}`", "`cgroup under \"...\" or cgroup under \"...\"`"},
        Case{"RelativePath", "layer x open { match cgroup under \"a\"; }", "E0210 `\"a\"`", "write \"/a\""},
        Case{"RelativePrefix", "layer x open { match cgroup prefix \"a\"; }", "E0210 `\"a\"`", "`contains`"},
        Case{"RelativeGlob", "layer x open { match cgroup \"a*\"; }", "E0210 `\"a*\"`", "/**/a*"},
        Case{"RelativeRegex", "layer x open { match cgroup matches \"^a\"; }", "E0210 `\"^a\"`",
             "write \"^/a\""},
        Case{"TrailingSlash", "layer x open { match cgroup == \"/a/\"; }", "E0210 `\"/a/\"`", "write \"/a\""},
        Case{"EmptyComponent", "layer x open { match cgroup under \"/a//b\"; }", "E0210 `\"/a//b\"`",
             "empty component"},
        Case{"FilePath", "layer x open { match cgroup under \"/sys/fs/cgroup/a\"; }",
             "E0210 `\"/sys/fs/cgroup/a\"`", "leave the mount point out: \"/a\""},
        Case{"Regex", "layer x open { match comm matches \"a(b\"; }", "E0211 `(`", "without `)`"},
        Case{"TextOrder", "layer x open { match comm < \"a\"; }", "E0212 `<`", "text has no order"},
        Case{"TextOperator", "layer x open { match nice under 5; }", "E0212 `under`", "compares text"},
        Case{"PathOperator", "layer x open { match comm under \"a\"; }", "E0212 `under`",
             "operators that fit"},
        Case{"SchedSetOfNumbers", "layer x open { match sched {idle, 3}; }", "E0203 `3`", "{idle, batch}"},
        Case{"SchedNumber", "layer x open { match sched 5; }", "E0203 `5`", "`batch`"},
        Case{"SchedEmptySet", "layer x open { match sched {}; }", "E0207 `{}`", ""},
        Case{"WordInASet", "layer x open { match uid {root, 5}; }", "E0203 `root`", "`\"root\"`"},
        Case{"ConstantInASet", "let a = 5;\nlayer x open { match nice {a}; }", "E0203 `a`", "stands alone"},
        Case{"SetOfCpus", "layer x confined { match nice 0; cpus {0, 1}; }", "E0203 `{0, 1}`", "never ids"},
        Case{"ListOfCpus", "layer x confined { match nice 0; cpus \"0-3\"; }", "E0203 `\"0-3\"`",
             "never ids"},
        Case{"SetOrder", "layer x open { match nice < {1, 2}; }", "E0212 `{1, 2}`", "one number"},
        Case{"SchedOrder", "layer x open { match sched < batch; }", "E0212 `<`", "equal or it is not"},
        Case{"KernelOperator", "policy p { kernel == 6.16; }", "E0212 `==`", "`>=` only"},
        Case{"OldKernel", "policy p { kernel >= 6.12; }", "E0213 `6.12`", "`kernel >= 6.16`"},
        Case{"NoSuchKernel", "policy p { kernel >= 6.20; }", "E0213 `6.20`", "6.16 to"},
        Case{"KernelShape", "policy p { kernel >= 6; }", "E0213 `6`", "two numbers"},
        Case{"Language", "language 2;\npolicy p { }", "E0214 `2`", "`language 1;`"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Meaning, Wrong,
    testing::Values(
        Case{"Repeated", "layer x open { match *; slice 5ms; slice 6ms; }", "E0301 `slice`", "first here"},
        Case{"TwoMatches", "layer x open { match nice 0; match nice 1; }", "E0301 `match`", "`or`"},
        Case{"RepeatedAttribute",
             "layer x open { match *; } test \"t\" { task { nice 1; nice 2; } expect layer x in root; }",
             "E0301 `nice 2;`", "first here"},
        Case{"CpusList", "layer x confined { match *; cpus list \"0-3\"; }", "E0302 `cpus list`", "a cell"},
        Case{"OutOfPlace", "layer x open { match *; watchdog 5s; }", "E0302 `watchdog`", "the policy block"},
        Case{"DeclarationInBlock", "policy p { include \"a\"; }", "E0302 `include`", "top level"},
        Case{"CpusOfOpen", "layer x open { match *; cpus 2; }", "E0303 `cpus`", "`confined` or `grouped`"},
        Case{"AfterCatchAll", "layer x open { match *; } layer y open { match nice 0; }",
             "E0304 `layer y open`", "move `x` to the end"},
        Case{"AfterNamedCatchAll",
             "match all = *; layer x open { match nice 0 or all; } layer y open { match nice 0; }",
             "E0304 `layer y open`", "takes every task"},
        Case{"AfterCatchAll2",
             "layer x open { match *; } layer y open { match nice 0; } layer z open { match *; }",
             "E0304 `layer y open`", "one layer matches `*`, the last one"},
        Case{"BelowNice", "layer x open { match nice < -20; }", "E0305 `nice < -20`", "never true"},
        Case{"NotAll", "layer x open { match not *; }", "E0305 `not *`", "never true"},
        Case{"Contradiction", "layer x open { match nice < -5 and nice > 5; }", "E0306 `nice > 5`",
             "this test"},
        Case{"ContradictionOfThree",
             "layer x open { match pid 1..10 and comm \"a*\" and pid 5..20 and pid {1, 2, 15}; }",
             "E0306 `pid {1, 2, 15}`", "this test"},
        Case{"ContradictionBehindNames",
             "match a = not (nice 1 or nice 2); layer x open { match a and nice 2; }", "E0306 `nice 2`",
             "`not nice 2`"},
        Case{"OwnOpposite", "layer x open { match comm \"a*\" and not comm \"a*\"; }", "E0306 `comm \"a*\"`",
             "not comm"},
        Case{"TwoNames", "layer x open { match comm == \"a\" and comm == \"b\"; }", "E0306 `comm == \"b\"`",
             "this test"},
        Case{"TwoSubtrees", "layer x open { match cgroup under \"/a\" and cgroup under \"/ab\"; }",
             "E0306 `cgroup under \"/ab\"`", "this test"},
        Case{"TwoPolicies", "layer x open { match sched batch and sched idle; }", "E0306 `sched idle`",
             "this test"},
        Case{"NoMatch", "layer x open { weight 5; }", "E0307 `x`", "`match *;`"},
        Case{"NoPolicy", "layer x open { match *; } # without: policy", "E0308 ``", "name the scheduler"},
        Case{"TwoPolicyBlocks", "policy p { } policy q { }", "E0309 `q`", "the first one"},
        Case{"TwoLanguages", "language 1; language 1; policy p { }", "E0309 `language 1;`", "the first one"},
        Case{"LateLanguage", "policy p { } language 1;", "E0311 `language 1;`", "first line"},
        Case{"ImpossibleLeader",
             "layer x open { match *; } test \"t\" { task { leader; pid 5; tgid 6; } expect layer x in root; "
             "}",
             "E0312 `leader;`", "against this"},
        Case{"ImpossibleThread",
             "layer x open { match *; } test \"t\" { task { not leader; pid 5; tgid 5; } expect layer x in "
             "root; }",
             "E0312 `not leader;`", "equal"},
        Case{"NoExpectation", "layer x open { match *; } test \"t\" { task { } }", "E0313 `\"t\"`",
             "no `expect`"},
        Case{"NoTask", "layer x open { match *; } test \"t\" { expect layer x in root; }", "E0313 `\"t\"`",
             "no `task`"},
        Case{"LongTaskComm",
             "layer x open { match *; } test \"t\" { task { comm \"sixteen-bytes-xx\"; } expect layer x in "
             "root; }",
             "E0209 `\"sixteen-bytes-xx\"`", "16 bytes"},
        Case{"ExpectShape", "layer x open { match *; } test \"t\" { task { } expect x; }", "E0202 `x`",
             "forms:"},
        Case{"ExpectWithoutCell", "layer x open { match *; } test \"t\" { task { } expect layer x; }",
             "E0201 `expect layer x;`", "in CELL"},
        Case{"Floors",
             "layer x confined { match nice 0; cpus 60%..; } layer y grouped { match *; cpus 50%..; }",
             "E0402 `cpus 50%..;`", "`x` asks for 60%"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Warnings, Wrong,
    testing::Values(
        Case{"WeightAlone", "layer x open { match *; weight 200; }", "W0503 `weight 200;`", "only layer"},
        Case{"AllNice", "layer x open { match nice <= 19; }", "W0504 `nice <= 19`", "always true"},
        Case{"Tautology", "layer x open { match nice < 5 or nice > 3; }", "W0504 `nice > 3`", "this test"},
        Case{"FlagTautology", "layer x open { match kthread or not kthread; }", "W0504 `kthread`",
             "every task"}),
    name_of);

TEST(Reports, UnusedNamesAreWarnedAboutThroughOthers) {
  const Compiled result = compile_body(
      "let used = 5; let unused = 6; match a = nice used; match b = nice unused; match c = b;\n"
      "layer x open { match a; } layer rest open { match *; }");
  EXPECT_THAT(result.summary(), ElementsAre("W0502 `unused`", "W0501 `b`", "W0501 `c`"));
  EXPECT_TRUE(result.policy.has_value());
}

TEST(Reports, AMatcherThatOnlyATestNamesIsUsed) {
  const Compiled result =
      compile_body("match a = nice 0; layer x open { match *; } test \"t\" { task { } expect match a; }");
  EXPECT_THAT(result.summary(), IsEmpty());
}

TEST(Reports, IncludedFilesGiveMatchersAndConstantsOnly) {
  const Compiled good = compile_files(
      "# file: main.scx\npolicy p { }\ninclude \"parts.scx\";\nlayer x open { match web; }\nlayer r open { "
      "match *; }\n"
      "# file: parts.scx\nlanguage 1;\nlet high = 5;\nmatch web = nice high;\nmatch unused = nice 3;\n");
  EXPECT_THAT(good.summary(), IsEmpty()) << good.rendered();
  EXPECT_TRUE(good.policy.has_value());
  const Compiled bad = compile_files(
      "# file: main.scx\npolicy p { }\ninclude \"parts.scx\";\nlayer r open { match *; }\n"
      "# file: parts.scx\nlayer x open { match *; }\ntest \"t\" { }\ncell c { }\nmatch r = nice 3;\n");
  EXPECT_THAT(bad.summary(), ElementsAre("E0310 `layer`"));
}

TEST(Reports, NamesOfIncludedFilesClashWithTheMainFiles) {
  const Compiled result = compile_files(
      "# file: main.scx\npolicy p { }\ninclude \"parts.scx\";\nmatch web = nice 1;\nlayer r open { match "
      "web; }\n"
      "# file: parts.scx\nmatch web = nice 3;\n");
  ASSERT_TRUE(result.has("E0107")) << result.rendered();
  const diag::Diagnostic& d = result.find("E0107");
  ASSERT_EQ(d.labels.size(), 1u);
  EXPECT_NE(d.labels[0].span.file, d.span.file);
}

TEST(Reports, ALayerTooMany) {
  std::string text;
  for (int i = 1; i <= 256; ++i) text += fmt::format("layer l{} open {{ match pid {}; }}\n", i, i);
  // The implicit default layer is the 257th.
  EXPECT_TRUE(compile_body(text).has("E0401"));
  const Compiled fits = compile_body(text.substr(0, text.rfind("layer")) + "layer rest open { match *; }");
  EXPECT_TRUE(fits.policy.has_value()) << fits.rendered();
  EXPECT_EQ(fits.policy->domains.size(), 256u);
}

TEST(Reports, AllMistakesOfAFileInOneRun) {
  const Compiled result = compile(
      "policy p { slice 5; }\nmatch a = nice < -30;\nlayer x opne { match a; weight 0; }\n"
      "layer y open { match comm nginx and b; cpus 3; }\ntest \"t\" { task { nice 50; } expect layer z in "
      "root; }");
  EXPECT_THAT(result.summary(),
              ElementsAre("E0204 `5`", "E0205 `-30`", "E0111 `opne`", "E0205 `0`", "E0105 `nginx`",
                          "E0103 `b`", "E0303 `cpus`", "E0205 `50`", "E0106 `z`"));
}

TEST(Reports, UsesOfABrokenDefinitionAreSilent) {
  const Compiled result = compile_body(
      "let a = missing; match m = comm a; layer x open { match m; } layer y open { match not m; slice a; }");
  EXPECT_THAT(result.summary(), ElementsAre("E0105 `missing`"));
}

TEST(Reports, UsesOfARefusedNameAreSilent) {
  const Compiled result = compile_body(
      "match nice = sched batch; let uid = 5; let a = uid; layer x grouped { match nice and uid a; cpus uid; "
      "} "
      "layer y open { match *; } test \"t\" { task { nice 0; } expect match nice; }");
  EXPECT_THAT(result.summary(), ElementsAre("E0108 `nice`", "E0108 `uid`"));
}

TEST(Reports, AConstantIsWrongOnce) {
  const Compiled result = compile_body(
      "let a = \"web.slice\"; layer x open { match cgroup under a; } layer y open { match not cgroup a; }");
  ASSERT_THAT(result.diagnostics.sorted(), testing::Not(IsEmpty()));
  EXPECT_THAT(result.summary(), testing::Contains("E0210 `\"web.slice\"`").Times(1));
  EXPECT_EQ(result.diagnostics.sorted()[0]->labels[0].text, "`a` is used here");
}

TEST(Reports, FixesAreWhatWasMeant) {
  struct Mistake {
    std::string_view text;
    std::string_view code;
    std::string_view replacement;
  };
  for (const Mistake& mistake : {
           Mistake{"policy p { kernel > 6.18; }", "E0212", ">= 6.18"},
           Mistake{"policy p { kernel 6.18; }", "E0203", ">= 6.18"},
           Mistake{"policy p { kernel >= \"6.18\"; }", "E0203", ">= 6.18"},
           Mistake{"policy p { } layer x open { match comm == nginx; }", "E0105", "\"nginx\""},
           Mistake{"policy p { } match a = comm \"a\"; match b = a AND NOT a;", "E0202", "and"},
           Mistake{"policy p { } match a = comm \"a\" OR comm \"b\";", "E0202", "or"},
           Mistake{"policy p { } match a = NOT comm \"a\";", "E0103", "not"},
           Mistake{"policy p { } cleanup { on cell end { drain tasks root; } }", "E0702",
                   "drain tasks to root"},
       }) {
    const Compiled result = compile(std::string(mistake.text));
    const std::vector<diag::Fix>& fixes = result.find(mistake.code).fixes;
    ASSERT_EQ(fixes.size(), 1U) << mistake.text;
    EXPECT_EQ(fixes[0].replacement, mistake.replacement) << mistake.text;
  }
}

TEST(Reports, LongChainsOfNamesAreRefusedNotFollowed) {
  std::string text = "layer x open { match m0; }\n";
  for (int i = 0; i < 9000; ++i) text += fmt::format("match m{} = m{};\n", i, i + 1);
  text += "match m9000 = nice 0;\n";
  EXPECT_TRUE(compile_body(text).has("E0403"));
  std::string constants = "layer x open { match nice c0; }\n";
  for (int i = 0; i < 9000; ++i) constants += fmt::format("let c{} = c{};\n", i, i + 1);
  constants += "let c9000 = 0;\n";
  const Compiled chain = compile_body(constants);
  EXPECT_TRUE(chain.policy.has_value());
}

TEST(Reports, ExpansionIsBounded) {
  std::string text = "match m0 = nice 0 and uid 0;\n";
  for (int i = 0; i < 60; ++i)
    text += fmt::format("match m{} = (m{} and gid {}) or (m{} and pid {});\n", i + 1, i, i + 1, i, i + 1);
  text += "layer x open { match m60; }\n";
  const Compiled result = compile_body(text);
  EXPECT_TRUE(result.has("E0403"));
  EXPECT_FALSE(result.policy.has_value());
}

}  // namespace
}  // namespace scx::test
