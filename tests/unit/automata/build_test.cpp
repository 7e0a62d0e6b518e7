// From a model to a classifier: what becomes of predicates, how they share automata, what is refused.
#include "compiler/automata/build.h"

#include <set>

#include <gtest/gtest.h>

#include "compiler/automata/dfa.h"
#include "compiler/automata/words.h"
#include "generators.h"
#include "runtime/abi/manifest.h"
#include "runtime/classify/classify.h"

namespace scx::automata {
namespace {

using Op = model::StringTest::Op;
using abi::Attribute;
using Kind = abi::Expression::Kind;

// A policy whose single layer tests every predicate, over a source that holds their texts.
struct Fixture {
  Sources sources;
  diag::Diagnostics diagnostics;
  model::Policy policy;
  FileId file;

  explicit Fixture(std::string text = "comm \"x\"\nnice < 0\n") {
    file = sources.add("/tmp/p.scx", "p.scx", std::move(text));
    policy.cells.emplace_back();
    policy.cells[0].name = "root";
  }
  uint32_t add(Attribute attribute, Op op, const std::string& text) {
    model::Predicate predicate;
    predicate.attribute = attribute;
    predicate.string = model::StringTest{op, text};
    predicate.span = {file, 0, 8};
    policy.predicates.push_back(predicate);
    return static_cast<uint32_t>(policy.predicates.size() - 1);
  }
  void layer(const std::string& name, abi::Expression match) {
    model::Layer layer;
    layer.name = name;
    layer.match = std::move(match);
    layer.match_span = {file, 9, 17};
    policy.cells[0].layers.push_back(layer);
    policy.number_domains();
  }
  static abi::Expression test(uint32_t predicate) { return {Kind::kTest, predicate, {}}; }
  void layers_for_all() {
    for (uint32_t i = 0; i < policy.predicates.size(); ++i) layer("l" + std::to_string(i), test(i));
  }
  abi::Classifier build() { return build_classifier(policy, sources, diagnostics); }
};

TEST(Build, PredicatesAndDomainsStayInOrder) {
  Fixture f;
  f.add(Attribute::kComm, Op::kExact, "x");
  model::Predicate nice;
  nice.attribute = Attribute::kNice;
  nice.ranges = {{-20, -1}};
  nice.span = {f.file, 9, 17};
  f.policy.predicates.push_back(nice);
  f.layers_for_all();
  f.layer("rest", {});
  const abi::Classifier classifier = f.build();
  EXPECT_FALSE(f.diagnostics.has_errors());
  ASSERT_EQ(classifier.predicates.size(), 2U);
  EXPECT_EQ(classifier.predicates[0].text, "comm \"x\"");
  EXPECT_EQ(classifier.predicates[1].where, (abi::Location{"p.scx", 2, 1}));
  EXPECT_EQ(classifier.predicates[1].ranges, nice.ranges);
  ASSERT_EQ(classifier.cells.size(), 1U);
  const std::vector<abi::DomainMatch>& layers = classifier.cells[0].layers;
  ASSERT_EQ(layers.size(), 3U);
  EXPECT_EQ(layers[2].match.kind, Kind::kAll);
  EXPECT_EQ(layers[1].domain, 1U);
  EXPECT_EQ(layers[1].where, (abi::Location{"p.scx", 2, 1}));
}

TEST(Build, AutomataAreNotMixed) {
  Fixture f;
  const uint32_t word = f.add(Attribute::kComm, Op::kExact, "x");
  const uint32_t table = f.add(Attribute::kComm, Op::kContains, "y");
  const uint32_t cgroup = f.add(Attribute::kCgroup, Op::kUnder, "/a");
  const uint32_t leader = f.add(Attribute::kLeaderComm, Op::kContains, "y");
  f.layers_for_all();
  const uint32_t unused = f.add(Attribute::kComm, Op::kContains, "z");
  const abi::Classifier classifier = f.build();
  std::set<uint32_t> automata;
  for (const uint32_t p : {word, table, cgroup, leader, unused})
    automata.insert(classifier.predicates[p].automaton);
  EXPECT_EQ(automata.size(), 5U);
  EXPECT_EQ(classifier.predicates[unused].automaton, classifier.automata.size() - 1);
  for (const abi::Predicate& predicate : classifier.predicates)
    EXPECT_EQ(classifier.automata[predicate.automaton].attribute, predicate.attribute);
  EXPECT_EQ(used_by_layers(f.policy), (std::vector<bool>{true, true, true, true, false}));
}

TEST(Build, ManyPredicatesSplitUnderTheBudgets) {
  Fixture f;
  for (int i = 0; i < 200; ++i)
    f.add(Attribute::kComm, Op::kContains, fmt::format("task-{:03}", i * 37 % 1000));
  f.layers_for_all();
  const abi::Classifier classifier = f.build();
  EXPECT_FALSE(f.diagnostics.has_errors());
  EXPECT_LE(classifier.automata.size(), 4U) << "64 bits are the limit here, not states";
  std::set<std::pair<uint32_t, uint32_t>> places;
  for (const abi::Predicate& predicate : classifier.predicates)
    places.emplace(predicate.automaton, predicate.bit);
  EXPECT_EQ(places.size(), 200U);
  for (const abi::Automaton& automaton : classifier.automata)
    EXPECT_LE(automaton.state_count(), abi::kMaxAutomatonStates);
  const auto verdict = classify::classify(classifier, {.comm = "a-task-111-b"}, {});
  ASSERT_NE(verdict.domain, classify::kNoDomain);
  EXPECT_EQ(f.policy.predicates[verdict.domain].string->text, "task-111");
}

TEST(Build, PatternsThatMultiplyAreSplitToo) {
  Fixture f;
  for (int i = 0; i < 12; ++i)
    f.add(Attribute::kComm, Op::kRegex, fmt::format("{0}.{{3}}{0}.*{1}", static_cast<char>('a' + i), i));
  f.layers_for_all();
  const abi::Classifier classifier = f.build();
  EXPECT_FALSE(f.diagnostics.has_errors());
  EXPECT_GT(classifier.automata.size(), 1U);
  EXPECT_TRUE(classify::classify(classifier, {.comm = "c___c9_2"}, {}).predicates[2].value);
  EXPECT_FALSE(classify::classify(classifier, {.comm = "c___c9"}, {}).predicates[2].value);
}

TEST(Build, APatternBeyondTheBudgetIsReportedAtItsPlace) {
  Fixture f;
  f.add(Attribute::kComm, Op::kRegex, "a.{12}b");
  f.add(Attribute::kComm, Op::kRegex, "^ok");
  f.layers_for_all();
  (void)f.build();
  ASSERT_EQ(f.diagnostics.error_count(), 1U);
  EXPECT_EQ(f.diagnostics.all().front().kind, diag::Kind::kAutomatonTooLarge);
  EXPECT_EQ(f.diagnostics.all().front().span, f.policy.predicates[0].span);
}

TEST(Build, AnExpressionTooDeepForTheManifestIsReported) {
  Fixture f;
  f.add(Attribute::kComm, Op::kExact, "x");
  abi::Expression deep = Fixture::test(0);
  for (uint32_t i = 0; i < abi::kMaxExpressionDepth; ++i) deep = {Kind::kNot, 0, {deep}};
  f.layer("deep", deep);
  (void)f.build();
  ASSERT_EQ(f.diagnostics.error_count(), 1U);
  EXPECT_EQ(f.diagnostics.all().front().kind, diag::Kind::kExpressionTooLarge);
}

// The comparison of words says what the automaton says, whatever stands behind the comm's zero.
TEST(Build, WordTestsAgreeWithAutomata) {
  EXPECT_TRUE(rc::check([] {
    Fixture f;
    const Op op = *rc::gen::element(Op::kExact, Op::kPrefix, Op::kGlob);
    std::string text = *any_text("ab", 15);
    if (op == Op::kGlob && *rc::gen::arbitrary<bool>()) text += '*';
    RC_PRE(text.size() <= abi::kCommBytes);
    f.add(Attribute::kComm, op, text);
    f.layers_for_all();
    const abi::Classifier classifier = f.build();
    const auto words = word_test(f.policy.predicates[0]);
    RC_ASSERT(words.has_value());
    std::string comm = text.substr(0, *rc::gen::inRange<size_t>(0, text.size() + 1)) + *any_text("ab", 4);
    comm.resize(std::min(comm.size(), abi::kCommBytes));
    std::string bytes = comm + '\0' + *any_text("ab\x01", 15);
    bytes.resize(16);
    uint64_t word[2] = {0, 0};
    for (size_t i = 0; i < 16; ++i)
      word[i / 8] |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * (i % 8));
    const bool by_words =
        (word[0] & words->mask[0]) == words->value[0] && (word[1] & words->mask[1]) == words->value[1];
    const bool by_table = classify::classify(classifier, {.comm = comm}, {}).predicates[0].value;
    RC_ASSERT(by_words == by_table);
  }));
}

// Whatever the compiler builds, the loader's reader accepts and gives back.
TEST(Build, ClassifiersSurviveTheManifest) {
  EXPECT_TRUE(rc::check([] {
    Fixture f;
    for (const Attribute attribute : {Attribute::kComm, Attribute::kCgroup})
      for (const auto& test : *rc::gen::container<std::vector<model::StringTest>>(3, any_test(attribute)))
        f.add(attribute, test.op, test.text);
    f.layers_for_all();
    const abi::Classifier classifier = f.build();
    RC_PRE(!f.diagnostics.has_errors());
    abi::Manifest manifest;
    manifest.compiler = "scxc";
    manifest.policy = "p";
    manifest.min_kernel = "6.16";
    manifest.domains.resize(f.policy.domains.size());
    for (abi::Domain& domain : manifest.domains) domain.cell = domain.layer = "root", domain.slice_ns = 1;
    manifest.cells.resize(1);
    manifest.cells[0].name = "root";
    manifest.cells[0].layer_count = static_cast<uint32_t>(manifest.domains.size());
    manifest.classifier = classifier;
    const auto back = abi::manifest_from_json(abi::to_json(manifest));
    RC_ASSERT(back.ok());
    RC_ASSERT(back->classifier == classifier);
  }));
}

}  // namespace
}  // namespace scx::automata
