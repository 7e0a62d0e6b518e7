// What the parsers accept and refuse, and where they say the mistake is.
#include "compiler/automata/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compiler/automata/dfa.h"
#include "compiler/automata/words.h"

namespace scx::automata {
namespace {

using Op = model::StringTest::Op;
using abi::Attribute;
using testing::HasSubstr;

bool matches(Op op, const std::string& text, Attribute attribute, std::string_view value) {
  Parsed<Pattern> parsed = parse_test({op, text}, attribute);
  if (const auto* error = std::get_if<PatternError>(&parsed)) {
    ADD_FAILURE() << text << ": " << error->message;
    return false;
  }
  const auto dfa = language(std::get<Pattern>(parsed));
  return dfa && accepts(*dfa, value);
}
bool cgroup_glob(const std::string& glob, std::string_view path) {
  return matches(Op::kGlob, glob, Attribute::kCgroup, path);
}
bool under(const std::string& text, std::string_view path) {
  return matches(Op::kUnder, text, Attribute::kCgroup, path);
}
bool comm_glob(const std::string& glob, std::string_view comm) {
  return matches(Op::kGlob, glob, Attribute::kComm, comm);
}
bool regex(const std::string& text, std::string_view value) {
  return matches(Op::kRegex, text, Attribute::kComm, value);
}

TEST(Glob, StarsOfAPathStopAtSlashes) {
  EXPECT_TRUE(cgroup_glob("/web/*.service", "/web/nginx.service"));
  EXPECT_FALSE(cgroup_glob("/web/*.service", "/web/a/nginx.service"));
  EXPECT_TRUE(cgroup_glob("/web/**.service", "/web/a/nginx.service"));
  EXPECT_FALSE(cgroup_glob("/web?x", "/web/x"));
  EXPECT_FALSE(cgroup_glob("/web[!a]x", "/web/x"));
  EXPECT_TRUE(cgroup_glob("/a/**/b", "/a/b"));
  EXPECT_TRUE(cgroup_glob("/a/**/b", "/a/x/y/b"));
  EXPECT_FALSE(cgroup_glob("/a/**/b", "/a/xb"));
  EXPECT_FALSE(cgroup_glob("/*", "/")) << "a component is not empty";
  EXPECT_TRUE(cgroup_glob("/a*", "/a"));
  EXPECT_TRUE(cgroup_glob("/**", "/"));
  EXPECT_TRUE(cgroup_glob("**", "/any/where"));
}

TEST(Glob, CommsHaveNoSlashRule) {
  EXPECT_TRUE(comm_glob("kworker/*", "kworker/u8:1-ev"));
  EXPECT_TRUE(comm_glob("*worker*", "kworker/0:0H"));
  EXPECT_TRUE(comm_glob("nginx?", "nginx:"));
  EXPECT_FALSE(comm_glob("nginx?", "nginx"));
  EXPECT_TRUE(comm_glob("[a-c]\\*[!x]", "b*y"));
  EXPECT_TRUE(comm_glob("[]a]", "]"));
  EXPECT_TRUE(comm_glob("[a-]", "-"));
  EXPECT_TRUE(comm_glob("", ""));
  EXPECT_FALSE(comm_glob("", "a"));
}

TEST(Under, WholeComponents) {
  EXPECT_TRUE(under("/web.slice", "/web.slice"));
  EXPECT_TRUE(under("/web.slice", "/web.slice/nginx.service"));
  EXPECT_FALSE(under("/web.slice", "/web.slice2"));
  EXPECT_FALSE(under("/web.slice", "/x/web.slice"));
  EXPECT_TRUE(under("/web.slice/", "/web.slice"));
  EXPECT_TRUE(under("/", "/"));
  EXPECT_TRUE(under("/", "/a/b"));
  EXPECT_TRUE(under("/tenants/*", "/tenants/a"));
  EXPECT_TRUE(under("/tenants/*", "/tenants/a/b/c"));
  EXPECT_FALSE(under("/tenants/*", "/tenants"));
  EXPECT_FALSE(under("/t*s", "/tenants2/a"));
  EXPECT_TRUE(under("/t*s/**", "/tenants/a/b"));
}

TEST(Regex, Syntax) {
  EXPECT_TRUE(regex("^/web[.]slice/", "/web.slice/x"));
  EXPECT_FALSE(regex("^/web[.]slice/", "/a/web.slice/x"));
  EXPECT_TRUE(regex("wor(ker|m)s?$", "kworms"));
  EXPECT_TRUE(regex("(?i)nginx", "NgInX"));
  EXPECT_FALSE(regex("(?i:n)ginx", "NGINX"));
  EXPECT_TRUE(regex("(?i)[^a]", "b"));
  EXPECT_FALSE(regex("(?i)^[^a]$", "A"));
  EXPECT_TRUE(regex("^a.b$", "a-b"));
  EXPECT_FALSE(regex("^a.b$", "a\nb"));
  EXPECT_TRUE(regex("(?s)^a.b$", "a\nb"));
  EXPECT_TRUE(regex("x{", "x{"));
  EXPECT_TRUE(regex("^x{1,2}$", "xx"));
  EXPECT_FALSE(regex("^x{1,2}$", "xxx"));
  EXPECT_TRUE(regex("\\Qa.b\\E", "a.b"));
  EXPECT_FALSE(regex("\\Qa.b\\E", "axb"));
  EXPECT_TRUE(regex("^[[:digit:]_-]+$", "1_2-3"));
  EXPECT_TRUE(regex("\\Aa\\z", "a"));
  EXPECT_TRUE(regex("^\\x{2f}\\x2F\\057$", "///"));
  EXPECT_TRUE(regex("", "anything"));
  EXPECT_TRUE(regex("$^", ""));
  EXPECT_FALSE(regex("$^", "a"));
  EXPECT_TRUE(regex("a|^b|c$", "xc"));
  EXPECT_FALSE(regex("a|^b|c$", "xbcx"));
  EXPECT_TRUE(regex("(^|/)db", "/db"));
  EXPECT_TRUE(regex("b?$", "x"));
  EXPECT_TRUE(regex("^$$", ""));
  EXPECT_FALSE(regex("^$$", "x"));
  EXPECT_TRUE(regex("é", "caf\xc3\xa9"));
  EXPECT_TRUE(regex("(a$)?b", "b"));
  EXPECT_TRUE(regex("a(b$)*", "ac"));
}

struct Refused {
  Op op;
  const char* text;
  Attribute attribute;
  uint32_t offset;
  const char* message;
};

TEST(Checks, EveryMistakeAtItsPlace) {
  const Attribute comm = Attribute::kComm, cgroup = Attribute::kCgroup;
  const Refused refused[] = {
      {Op::kRegex, "ab(c", comm, 2, "`(` without `)`"},
      {Op::kRegex, "ab)c", comm, 2, "`)` without `(`"},
      {Op::kRegex, "*a", comm, 0, "nothing to repeat"},
      {Op::kRegex, "a|+b", comm, 2, "nothing to repeat"},
      {Op::kRegex, "a**", comm, 2, "repeated twice"},
      {Op::kRegex, "a{3}{4}", comm, 4, "repeated twice"},
      {Op::kRegex, "{2}", comm, 0, "nothing to repeat"},
      {Op::kRegex, "a{1001}", comm, 1, "more than 1000"},
      {Op::kRegex, "a{1,99999999999999}", comm, 1, "more than 1000"},
      {Op::kRegex, "a{3,2}", comm, 1, "before it begins"},
      {Op::kRegex, "x[ab", comm, 1, "`[` without `]`"},
      {Op::kRegex, "[]", comm, 0, "`[` without `]`"},
      {Op::kRegex, "[", comm, 0, "`[` without `]`"},
      {Op::kRegex, "[b-a]", comm, 1, "ends before it begins"},
      {Op::kRegex, "[a-\\d]", comm, 1, "ends in a class"},
      {Op::kRegex, "[[:alhpa:]]", comm, 1, "unknown class"},
      {Op::kRegex, "[é]", comm, 1, "outside ASCII"},
      {Op::kRegex, "ab\\", comm, 2, "nothing behind"},
      {Op::kRegex, "[\\", comm, 1, "nothing behind"},
      {Op::kRegex, "a\\1", comm, 1, "backreferences"},
      {Op::kRegex, "\\bweb\\b", comm, 0, "word boundaries"},
      {Op::kRegex, "\\pL", comm, 0, "Unicode"},
      {Op::kRegex, "\\y", comm, 0, "unknown escape"},
      {Op::kRegex, "\\xg0", comm, 0, "hexadecimal"},
      {Op::kRegex, "\\x{100}", comm, 0, "above"},
      {Op::kRegex, "\\x{ffffffffffff}", comm, 0, "above"},
      {Op::kRegex, "a(?=b)", comm, 1, "look-around"},
      {Op::kRegex, "(?P<n>a)", comm, 0, "named groups"},
      {Op::kRegex, "(?m)^a", comm, 2, "flag `m`"},
      {Op::kRegex, "(?", comm, 0, "`(` without `)`"},
      {Op::kGlob, "a[b", comm, 1, "`[` without `]`"},
      {Op::kGlob, "a[", comm, 1, "`[` without `]`"},
      {Op::kGlob, "a[b-", comm, 1, "`[` without `]`"},
      {Op::kGlob, "[b-a]", comm, 1, "ends before it begins"},
      {Op::kGlob, "a\\", comm, 1, "nothing behind"},
      {Op::kExact, "a-very-long-name-of-a-task", comm, 15, "26 bytes long"},
      {Op::kContains, "sixteen-bytes-ab", comm, 15, "16 bytes long"},
      {Op::kExact, "web", cgroup, 0, "starts with `/`"},
      {Op::kGlob, "*/web", cgroup, 0, "starts with `/`"},
      {Op::kUnder, "", cgroup, 0, "starts with `/`"},
      {Op::kExact, "/web/", cgroup, 4, "no `/` at its end"},
  };
  for (const Refused& row : refused) {
    const auto error = check_string({row.op, row.text}, row.attribute);
    ASSERT_TRUE(error.has_value()) << row.text;
    EXPECT_EQ(error->offset, row.offset) << row.text << ": " << error->message;
    EXPECT_THAT(error->message, HasSubstr(row.message)) << row.text;
  }
}

TEST(Checks, DeepAndHugeTextsEndInAnError) {
  EXPECT_TRUE(check_string({Op::kRegex, std::string(100000, '(')}, Attribute::kComm).has_value());
  EXPECT_FALSE(check_string({Op::kRegex, "((((a{1000}){1000}){1000}){1000})"}, Attribute::kComm).has_value());
  EXPECT_EQ(language(std::get<Pattern>(parse_regex("((((a{1000}){1000}){1000}){1000})"))), std::nullopt);
  EXPECT_EQ(language(std::get<Pattern>(parse_regex("((((){1000}){1000}){1000}){1000}"))), std::nullopt);
}

TEST(Words, ComparisonsOfTheCommsBytes) {
  const auto test = [](Op op, const char* text, Attribute attribute = Attribute::kComm) {
    model::Predicate predicate;
    predicate.attribute = attribute;
    predicate.string = model::StringTest{op, text};
    return word_test(predicate);
  };
  const auto exact = test(Op::kExact, "nginx");
  ASSERT_TRUE(exact.has_value());
  EXPECT_EQ(exact->mask[0], 0x0000ffffffffffffU) << "five bytes and the zero";
  EXPECT_EQ(exact->value[0], 0x000000786e69676eU);
  EXPECT_EQ(exact->mask[1], 0U);
  EXPECT_EQ(test(Op::kExact, "exactly-15-byte")->mask[1], ~uint64_t{0});
  EXPECT_EQ(test(Op::kPrefix, "nginx")->mask[0], 0x000000ffffffffffU);
  EXPECT_EQ(test(Op::kGlob, "nginx*"), test(Op::kPrefix, "nginx"));
  EXPECT_EQ(test(Op::kGlob, "ngin\\x"), exact);
  EXPECT_EQ(test(Op::kGlob, "*")->mask[0], 0U);
  EXPECT_EQ(test(Op::kGlob, "n*x"), std::nullopt);
  EXPECT_EQ(test(Op::kGlob, "n?x"), std::nullopt);
  EXPECT_EQ(test(Op::kContains, "n"), std::nullopt);
  EXPECT_EQ(test(Op::kExact, "sixteen-bytes-ab"), std::nullopt);
  EXPECT_EQ(test(Op::kExact, "/a", Attribute::kCgroup), std::nullopt);
  EXPECT_TRUE(test(Op::kExact, "a", Attribute::kLeaderComm).has_value());
}

}  // namespace
}  // namespace scx::automata
