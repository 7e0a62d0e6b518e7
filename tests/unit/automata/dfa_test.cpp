// Properties of the automata against matchers that work another way.
#include "compiler/automata/dfa.h"

#include <regex>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "compiler/automata/subset.h"
#include "generators.h"
#include "runtime/classify/classify.h"

namespace scx::automata {
namespace {

using abi::Attribute;
using Op = model::StringTest::Op;

// A glob by backtracking, straight from its definition.
bool glob_matches(std::string_view glob, std::string_view value, bool path, char before = '\0') {
  if (glob.empty()) return value.empty();
  const auto rest = [&](size_t glob_bytes, size_t value_bytes) {
    return glob_matches(glob.substr(glob_bytes), value.substr(value_bytes), path, glob[glob_bytes - 1]);
  };
  if (glob[0] == '*') {
    const size_t stars = std::min(glob.find_first_not_of('*'), glob.size());
    const bool crosses = !path || stars > 1;
    if (crosses && path && before == '/' && stars < glob.size() && glob[stars] == '/' && rest(stars + 1, 0))
      return true;
    const bool component = path && before == '/' && (stars == glob.size() || glob[stars] == '/');
    for (size_t taken = 0;; ++taken) {
      if ((taken > 0 || crosses || !component) && rest(stars, taken)) return true;
      if (taken == value.size() || (!crosses && value[taken] == '/')) return false;
    }
  }
  if (value.empty()) return false;
  const bool wild = !path || value[0] != '/';
  if (glob[0] == '?') return wild && rest(1, 1);
  if (glob.starts_with("[ab]")) return (value[0] == 'a' || value[0] == 'b') && rest(4, 1);
  if (glob.starts_with("[!a]")) return wild && value[0] != 'a' && rest(4, 1);
  if (glob[0] == '\\') return glob[1] == value[0] && rest(2, 1);
  return glob[0] == value[0] && rest(1, 1);
}

Dfa language_of(const model::StringTest& test, Attribute attribute) {
  auto out = language(parsed(test, attribute));
  RC_ASSERT(out.has_value());
  return *std::move(out);
}

RC_GTEST_PROP(Language, RegexAgreesWithTheStandardLibrary, ()) {
  const std::string text = *any_regex(3);
  const Dfa dfa = language_of({Op::kRegex, text}, Attribute::kComm);
  const std::regex expected(text);
  for (int i = 0; i < 20; ++i) {
    const std::string value = *any_text("abc1", 10);
    RC_LOG() << text << " on " << value << "\n";
    RC_ASSERT(accepts(dfa, value) == std::regex_search(value, expected));
  }
}

RC_GTEST_PROP(Language, GlobAgreesWithBacktracking, ()) {
  const std::string glob = *any_glob();
  for (const Attribute attribute : {Attribute::kComm, Attribute::kCgroup}) {
    const Dfa dfa = language_of({Op::kGlob, glob}, attribute);
    for (int i = 0; i < 20; ++i) {
      const std::string value = *any_text("ab/", 8);
      RC_LOG() << glob << " on " << value << "\n";
      RC_ASSERT(accepts(dfa, value) == glob_matches(glob, value, attribute == Attribute::kCgroup));
    }
  }
}

RC_GTEST_PROP(Language, FixedTextsAgreeWithStringOperations, ()) {
  const std::string text = "/" + *any_text("ab", 3), value = *any_text("ab/", 8);
  const auto is = [&](Op op) { return accepts(language_of({op, text}, Attribute::kCgroup), value); };
  RC_ASSERT(is(Op::kExact) == (value == text));
  RC_ASSERT(is(Op::kPrefix) == value.starts_with(text));
  RC_ASSERT(is(Op::kSuffix) == value.ends_with(text));
  RC_ASSERT(is(Op::kContains) == (value.find(text) != std::string::npos));
  RC_ASSERT(is(Op::kUnder) == (text == "/" || value == text || value.starts_with(text + "/")));
}

// A set of tests in one automaton gives what each gives alone.
RC_GTEST_PROP(Automaton, ProductAgreesWithItsParts, ()) {
  const Attribute attribute = *rc::gen::element(Attribute::kComm, Attribute::kCgroup);
  const size_t count = *rc::gen::inRange<size_t>(1, 9);
  const auto tests = *rc::gen::container<std::vector<model::StringTest>>(count, any_test(attribute));
  std::vector<Pattern> patterns;
  std::vector<Dfa> parts;
  for (const model::StringTest& test : tests) {
    RC_LOG() << static_cast<int>(test.op) << " " << test.text << "\n";
    patterns.push_back(parsed(test, attribute));
    parts.push_back(language_of(test, attribute));
  }
  const auto automaton = compile(patterns, attribute);
  RC_PRE(automaton.has_value());  // a few sets are too large
  for (int i = 0; i < 20; ++i) {
    const std::string value = *(attribute == Attribute::kComm ? any_text("abc1", 12) : any_path());
    const uint64_t bits = classify::run(*automaton, value);
    for (size_t k = 0; k < parts.size(); ++k) {
      RC_LOG() << value << " part " << k << "\n";
      RC_ASSERT(((bits >> k) & 1) == (accepts(parts[k], value) ? 1U : 0U));
    }
  }
}

// A cgroup's bits from its parent's state and bits, as BPF computes them.
RC_GTEST_PROP(Automaton, CgroupsExtendTheirParents, ()) {
  const auto tests = *rc::gen::container<std::vector<model::StringTest>>(4, any_test(Attribute::kCgroup));
  std::vector<Pattern> patterns;
  for (const model::StringTest& test : tests) patterns.push_back(parsed(test, Attribute::kCgroup));
  const auto automaton = compile(patterns, Attribute::kCgroup);
  RC_PRE(automaton.has_value());
  uint32_t state = 0;
  uint64_t entered = 0;
  std::string path;
  for (const std::string& name :
       *rc::gen::container<std::vector<std::string>>(5, rc::gen::nonEmpty(any_text("ab", 3)))) {
    path += "/" + name;
    for (const unsigned char byte : "/" + name) {
      state = automaton->next[state * automaton->class_count + automaton->class_of[byte]];
      entered |= automaton->entered[state];
    }
    RC_ASSERT((entered | automaton->final[state]) == classify::run(*automaton, path));
  }
}

// No two states of a minimal machine behave alike: minimising again changes nothing,
// and refining the partition step by step (Moore) finds as many blocks.
RC_GTEST_PROP(Automaton, IsMinimal, ()) {
  const auto tests = *rc::gen::container<std::vector<model::StringTest>>(2, any_test(Attribute::kComm));
  std::vector<Pattern> patterns;
  for (const model::StringTest& test : tests) patterns.push_back(parsed(test, Attribute::kComm));
  const auto nfa = build_nfa(patterns);
  RC_ASSERT(nfa.has_value());
  const auto machine = determinise(*nfa, AfterMatch::kGoOn, 2000);
  RC_PRE(machine.has_value());
  const Machine once = minimise(*machine), twice = minimise(once);
  RC_ASSERT(once.next == twice.next);
  RC_ASSERT(once.class_of == twice.class_of);

  std::vector<size_t> block(machine->state_count(), 0);
  size_t blocks = 1;
  for (bool grown = true; grown;) {
    std::map<std::vector<uint64_t>, size_t> signatures;
    std::vector<size_t> refined;
    for (uint32_t state = 0; state < machine->state_count(); ++state) {
      std::vector<uint64_t> signature{machine->entered[state], machine->final[state]};
      for (uint32_t c = 0; c < machine->class_count; ++c)
        signature.push_back(block[machine->next[state * machine->class_count + c]]);
      refined.push_back(signatures.emplace(std::move(signature), signatures.size()).first->second);
    }
    grown = signatures.size() > blocks;
    blocks = signatures.size();
    block = std::move(refined);
  }
  RC_ASSERT(once.state_count() == blocks);
}

RC_GTEST_PROP(Operations, AreSetOperations, ()) {
  const Dfa a = language_of(*any_test(Attribute::kComm), Attribute::kComm);
  const Dfa b = language_of(*any_test(Attribute::kComm), Attribute::kComm);
  const auto both = intersection(a, b), either = unite(a, b);
  RC_ASSERT(both.has_value());
  RC_ASSERT(either.has_value());
  for (int i = 0; i < 20; ++i) {
    const std::string value = *any_text("abc1", 10);
    RC_ASSERT(accepts(*both, value) == (accepts(a, value) && accepts(b, value)));
    RC_ASSERT(accepts(*either, value) == (accepts(a, value) || accepts(b, value)));
    RC_ASSERT(accepts(complement(a), value) != accepts(a, value));
  }
  const auto nothing = intersection(a, complement(a));
  RC_ASSERT(nothing.has_value());
  RC_ASSERT(is_empty(*nothing));
  RC_ASSERT(nothing->state_count() == 1U);
  const auto all = unite(a, complement(a));
  RC_ASSERT(all.has_value());
  RC_ASSERT(is_empty(complement(*all)));
}

// No string before the witness, in length and then in order, is in the language.
RC_GTEST_PROP(Operations, WitnessIsTheFirstOfTheLanguage, ()) {
  const Dfa dfa = language_of(*any_test(Attribute::kComm), Attribute::kComm);
  const auto found = witness(dfa);
  RC_ASSERT(found.has_value() != is_empty(dfa));
  if (!found) return;
  RC_ASSERT(accepts(dfa, *found));
  // Every shorter value over the bytes that the generators use, and `0`, which stands for all others.
  const std::string alphabet = "01Aabc/";
  std::vector<std::string> values{""};
  for (size_t length = 0; length < std::min<size_t>(found->size(), 4); ++length) {
    std::vector<std::string> longer;
    for (const std::string& value : values) {
      RC_ASSERT(!accepts(dfa, value));
      for (const char byte : alphabet) longer.push_back(value + byte);
    }
    values = std::move(longer);
  }
}

TEST(Operations, WitnessesAreReadable) {
  const auto of = [](Op op, const std::string& text, Attribute attribute) {
    const auto dfa = language(parsed({op, text}, attribute));
    return *witness(*intersection(*dfa, values_of(attribute)));
  };
  EXPECT_EQ(of(Op::kUnder, "/web/*", Attribute::kCgroup), "/web/0");
  EXPECT_EQ(of(Op::kSuffix, ".service", Attribute::kCgroup), "/.service");
  EXPECT_EQ(of(Op::kContains, "x", Attribute::kComm), "x");
  EXPECT_EQ(of(Op::kRegex, "^[^0-9A-Za-z]b", Attribute::kComm), " b");
}

TEST(Operations, ValuesOfAttributes) {
  const Dfa comm = values_of(Attribute::kComm), cgroup = values_of(Attribute::kCgroup);
  EXPECT_TRUE(accepts(comm, ""));
  EXPECT_TRUE(accepts(comm, "exactly-15-byte"));
  EXPECT_FALSE(accepts(comm, "sixteen-bytes-ab"));
  EXPECT_FALSE(accepts(comm, std::string_view("a\0b", 3)));
  EXPECT_TRUE(accepts(cgroup, "/"));
  EXPECT_TRUE(accepts(cgroup, "/a/b"));
  EXPECT_FALSE(accepts(cgroup, "/a/"));
  EXPECT_FALSE(accepts(cgroup, "//a"));
  EXPECT_FALSE(accepts(cgroup, ""));
  const auto long_names = intersection(*language(parsed({Op::kRegex, "^.{16}"}, Attribute::kComm)), comm);
  EXPECT_TRUE(is_empty(*long_names));
}

// Bits on the way, not states, remember which words have hit.
TEST(Automaton, ManyWordsNeedFewStates) {
  std::vector<Pattern> words;
  for (int i = 0; i < 60; ++i)
    words.push_back(
        literal(std::string{static_cast<char>('a' + i % 8), static_cast<char>('a' + i / 8), 'x'}));
  const auto automaton = compile(words, Attribute::kComm);
  ASSERT_TRUE(automaton.has_value());
  EXPECT_LT(automaton->state_count(), 140U);
  EXPECT_EQ(classify::run(*automaton, "aax-bax-cax"), 0b111U);
  const auto open = compile(std::vector<Pattern>{parsed({Op::kRegex, "foo.*bar"}, Attribute::kComm),
                                                 parsed({Op::kRegex, "cat.*dog"}, Attribute::kComm),
                                                 parsed({Op::kRegex, "sun.*"}, Attribute::kComm)},
                            Attribute::kComm);
  ASSERT_TRUE(open.has_value());
  EXPECT_LT(open->state_count(), 40U);
}

TEST(Automaton, TheSamePatternsGiveTheSameTables) {
  const std::vector<Pattern> patterns{parsed({Op::kRegex, "a.{3}b"}, Attribute::kComm),
                                      parsed({Op::kGlob, "*x*y"}, Attribute::kComm)};
  EXPECT_EQ(*compile(patterns, Attribute::kComm), *compile(patterns, Attribute::kComm));
}

TEST(Automaton, CountingFromAnywhereIsRefused) {
  const std::vector<Pattern> large{parsed({Op::kRegex, "a.{12}b"}, Attribute::kComm)};
  EXPECT_EQ(compile(large, Attribute::kComm), std::nullopt);
}

}  // namespace
}  // namespace scx::automata
