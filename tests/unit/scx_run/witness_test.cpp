#include "runtime/cli/witness.h"

#include <gtest/gtest.h>

namespace scx::cli {
namespace {

// An automaton over {a, b, other} that sets bit 0 behind "ab" anywhere, and bit 1 at the end if the last byte
// is b.
abi::Automaton contains_ab() {
  abi::Automaton automaton;
  automaton.attribute = abi::Attribute::kComm;
  automaton.class_count = 3;
  automaton.class_of.fill(2);
  automaton.class_of['a'] = 0;
  automaton.class_of['b'] = 1;
  // States: 0 start, 1 after a, 2 after ab, 3 after b.
  automaton.next = {1, 3, 0, 1, 2, 0, 1, 3, 0, 1, 3, 0};
  automaton.entered = {0, 0, 1, 0};
  automaton.final = {0, 0, 2, 2};
  return automaton;
}

TEST(Witness, ShortestMatch) {
  EXPECT_EQ(shortest_match(contains_ab(), 0, 15), "ab");
  EXPECT_EQ(shortest_match(contains_ab(), 1, 15), "b");
  EXPECT_EQ(shortest_match(contains_ab(), 5, 15), "");
  EXPECT_EQ(shortest_match(contains_ab(), 0, 1), "");
}

abi::Expression test_of(uint32_t predicate) {
  abi::Expression expression;
  expression.kind = abi::Expression::Kind::kTest;
  expression.predicate = predicate;
  return expression;
}

TEST(Witness, EveryReachableDomainHasOne) {
  abi::Classifier classifier;
  classifier.automata.push_back(contains_ab());
  abi::Predicate comm;
  comm.attribute = abi::Attribute::kComm;
  abi::Predicate nice;
  nice.attribute = abi::Attribute::kNice;
  nice.ranges = {{5, 19}};
  classifier.predicates = {comm, nice};
  abi::Expression both;
  both.kind = abi::Expression::Kind::kAnd;
  both.operands = {test_of(0), test_of(1)};
  classifier.cells.resize(1);
  for (uint32_t d = 0; d < 4; ++d) {
    abi::DomainMatch match;
    match.domain = d;
    if (d == 0) match.match = both;
    if (d == 1) match.match = test_of(0);
    if (d == 2) match.match = test_of(1);
    classifier.cells[0].layers.push_back(match);  // the last one matches everything
  }
  const std::vector<Witness> witnesses = find_witnesses(classifier, {});
  ASSERT_EQ(witnesses.size(), 4U);
  for (const Witness& witness : witnesses) {
    EXPECT_EQ(classify::classify(classifier, witness.facts, {}).domain, witness.domain);
    EXPECT_EQ(witness.facts.comm == "ab", witness.domain < 2);
    EXPECT_EQ(witness.facts.nice >= 5, witness.domain % 2 == 0);
  }
}

// An automaton over paths: bit 0 at the end of `/t` with one more name of letters, bit 1 behind `x` at the
// end.
abi::Automaton tenants() {
  abi::Automaton automaton;
  automaton.attribute = abi::Attribute::kCgroup;
  automaton.class_count = 4;
  automaton.class_of.fill(3);
  automaton.class_of['/'] = 0;
  automaton.class_of['t'] = 1;
  automaton.class_of['x'] = 2;
  // States: 0 start, 1 after /, 2 after /t, 3 after /t/, 4 a name there, 5 the same and x last, 6 elsewhere,
  // 7 elsewhere and x last.
  automaton.next = {1, 6, 7, 6, 6, 2, 7, 6, 3, 6, 7, 6, 6, 4, 5, 4,
                    6, 4, 5, 4, 6, 4, 5, 4, 6, 6, 7, 6, 6, 6, 7, 6};
  automaton.entered.assign(8, 0);
  automaton.final = {0, 0, 0, 0, 1, 3, 0, 2};
  return automaton;
}

TEST(Witness, ReachesTheLayersOfCells) {
  abi::Classifier classifier;
  classifier.automata.push_back(tenants());
  abi::Predicate begins, ends;
  begins.attribute = ends.attribute = abi::Attribute::kCgroup;
  ends.bit = 1;
  classifier.predicates = {begins, ends};
  classifier.cells = {{{}, {{0, test_of(1), {}}, {1, {}, {}}}},
                      {test_of(0), {{2, test_of(1), {}}, {3, {}, {}}}}};
  const std::vector<Witness> witnesses = find_witnesses(classifier, {});
  ASSERT_EQ(witnesses.size(), 4U);
  for (const Witness& witness : witnesses) {
    const classify::Verdict verdict = classify::classify(classifier, witness.facts, {});
    EXPECT_EQ(verdict.domain, witness.domain);
    EXPECT_EQ(verdict.cell, witness.domain < 2 ? 0U : 1U) << witness.facts.cgroup;
  }
}

}  // namespace
}  // namespace scx::cli
