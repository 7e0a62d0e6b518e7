// Random tests and values over a small alphabet, where chance meets structure often.
#pragma once

#include <string>
#include <vector>

#include <rapidcheck.h>

#include "compiler/automata/pattern.h"
#include "runtime/base/check.h"

namespace scx::automata {

inline rc::Gen<std::string> any_text(const std::string& alphabet, int max) {
  return rc::gen::mapcat(rc::gen::inRange(0, max + 1), [alphabet](int size) {
    return rc::gen::container<std::string>(static_cast<size_t>(size), rc::gen::elementOf(alphabet));
  });
}

// A regular expression that std::regex reads alike, nested `depth` deep.
inline rc::Gen<std::string> any_regex(int depth) {
  auto atom = rc::gen::elementOf(
      std::vector<std::string>{"a", "b", "c", ".", "[ab]", "[^a]", "\\x62", "[a-b]", "\\d"});
  if (depth == 0) return atom;
  const auto inner = any_regex(depth - 1);
  const auto pair = [inner](const std::string& between, const std::string& open, const std::string& close) {
    return rc::gen::map(rc::gen::pair(inner, inner),
                        [=](const auto& p) { return open + p.first + between + p.second + close; });
  };
  const auto repeated =
      rc::gen::map(rc::gen::pair(inner, rc::gen::elementOf(std::vector<std::string>{
                                            "*", "+", "?", "{2}", "{1,2}", "{0,1}", "{2,}", "*?", "+?"})),
                   [](const auto& p) { return "(" + p.first + ")" + p.second; });
  const auto tied = rc::gen::map(rc::gen::pair(inner, rc::gen::inRange(0, 4)), [](const auto& p) {
    return "(" + std::string(p.second & 1 ? "^" : "") + p.first + std::string(p.second & 2 ? "$" : "") + ")";
  });
  return rc::gen::oneOf(atom, pair("", "", ""), pair("", "", ""), pair("|", "(", ")"), repeated, tied);
}

inline rc::Gen<std::string> any_glob() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(
                          std::vector<std::string>{"a", "b", "*", "?", "[ab]", "[!a]", "/", "**", "\\a"})),
                      [](const std::vector<std::string>& parts) {
                        std::string out;
                        for (size_t i = 0; i < parts.size() && i < 8; ++i) out += parts[i];
                        return out;
                      });
}

inline rc::Gen<std::string> any_path() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(
                          rc::gen::elementOf(std::vector<std::string>{"a", "b", "ab", "ba", "aa"})),
                      [](const std::vector<std::string>& names) {
                        std::string out;
                        for (size_t i = 0; i < names.size() && i < 5; ++i) out += "/" + names[i];
                        return out.empty() ? std::string("/") : out;
                      });
}

// Any test of the attribute that check_string accepts.
inline rc::Gen<model::StringTest> any_test(abi::Attribute attribute) {
  using Op = model::StringTest::Op;
  const bool path = attribute == abi::Attribute::kCgroup;
  const auto of = [](Op op, rc::Gen<std::string> text) {
    return rc::gen::map(std::move(text), [op](const std::string& t) { return model::StringTest{op, t}; });
  };
  const auto fixed = path ? any_path() : any_text("abc", 5);
  const auto glob =
      path ? rc::gen::map(any_glob(), [](const std::string& g) { return "/a" + g; }) : any_glob();
  const auto tests = rc::gen::oneOf(
      of(Op::kExact, fixed), path ? of(Op::kUnder, fixed) : of(Op::kExact, fixed), of(Op::kPrefix, fixed),
      of(Op::kSuffix, any_text("ab/", 4)), of(Op::kContains, any_text("ab/", 4)), of(Op::kGlob, glob),
      of(Op::kRegex, any_regex(2)));
  return rc::gen::suchThat(tests, [attribute](const model::StringTest& test) {
    return !check_string(test, attribute).has_value();
  });
}

inline Pattern parsed(const model::StringTest& test, abi::Attribute attribute) {
  Parsed<Pattern> out = parse_test(test, attribute);
  SCX_CHECK(std::holds_alternative<Pattern>(out), "the generator makes sound tests");
  return std::get<Pattern>(std::move(out));
}

}  // namespace scx::automata
