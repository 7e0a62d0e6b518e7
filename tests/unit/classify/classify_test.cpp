// The reference classifier: attributes, the boolean algebra, and what it says about its reasons.
#include "runtime/classify/classify.h"

#include <map>

#include <gtest/gtest.h>

namespace scx::classify {
namespace {

using abi::Attribute;
using abi::Expression;
using Kind = Expression::Kind;

Expression test(uint32_t predicate) { return {Kind::kTest, predicate, {}}; }
Expression all_of(std::vector<Expression> operands) { return {Kind::kAnd, 0, std::move(operands)}; }
Expression any_of(std::vector<Expression> operands) { return {Kind::kOr, 0, std::move(operands)}; }
Expression none_of(Expression operand) { return {Kind::kNot, 0, {std::move(operand)}}; }

abi::Predicate in(Attribute attribute, std::vector<abi::IntRange> ranges) {
  abi::Predicate out;
  out.attribute = attribute;
  out.ranges = std::move(ranges);
  return out;
}

// Bit 0: the value holds an `x`. Bit 1: the value is empty or ends in `y`.
abi::Automaton letters(Attribute attribute) {
  abi::Automaton out;
  out.attribute = attribute;
  out.class_count = 3;
  out.class_of['x'] = 1;
  out.class_of['y'] = 2;
  out.next = {1, 2, 0, 1, 2, 0, 1, 2, 0};
  out.entered = {0, 0, 1};
  out.final = {2, 0, 0};
  return out;
}
abi::Predicate letter(Attribute attribute, uint32_t automaton, uint32_t bit) {
  abi::Predicate out;
  out.attribute = attribute;
  out.automaton = automaton;
  out.bit = bit;
  return out;
}

bool value(const abi::Predicate& predicate, const TaskFacts& facts, const NameIds& ids = {}) {
  abi::Classifier classifier;
  classifier.automata = {letters(predicate.attribute)};
  if (!is_string(predicate.attribute)) classifier.automata.clear();
  classifier.predicates = {predicate};
  return classify(classifier, facts, ids).predicates.at(0).value;
}

TEST(Classify, EveryIntegerAttributeReadsItsOwnMember) {
  TaskFacts facts;
  facts.pid = 11, facts.tgid = 12, facts.ppid = 13, facts.uid = 14, facts.gid = 15, facts.nice = -16;
  facts.sched = abi::kSchedBatch;
  facts.kthread = true, facts.leader = false;
  facts.affinity_node = 17, facts.affinity_llc = 18, facts.affinity_full = false,
  facts.affinity_pinned = true;
  // Where the language has words for the numbers, people read those.
  const std::map<Attribute, std::string> words = {
      {Attribute::kSched, "batch"}, {Attribute::kKthread, "yes"}, {Attribute::kLeader, "no"}};
  const std::pair<Attribute, int64_t> expected[] = {
      {Attribute::kAffinityNode, 17},  {Attribute::kAffinityLlc, 18}, {Attribute::kAffinityFull, 0},
      {Attribute::kAffinityPinned, 1}, {Attribute::kPid, 11},         {Attribute::kTgid, 12},
      {Attribute::kPpid, 13},          {Attribute::kUid, 14},         {Attribute::kGid, 15},
      {Attribute::kNice, -16},         {Attribute::kSched, 3},        {Attribute::kKthread, 1},
      {Attribute::kLeader, 0}};
  for (const auto& [attribute, number] : expected) {
    EXPECT_TRUE(value(in(attribute, {{number, number}}), facts)) << spelling(attribute);
    EXPECT_FALSE(value(in(attribute, {{number - 1, number - 1}, {number + 1, number + 5}}), facts))
        << spelling(attribute);
    const auto word = words.find(attribute);
    EXPECT_EQ(spelled_value(facts, attribute), word != words.end() ? word->second : std::to_string(number));
  }
}

TEST(Classify, StringsRunThroughTheirAutomaton) {
  TaskFacts facts;
  facts.comm = "axb", facts.leader_comm = "by", facts.cgroup = "/";
  EXPECT_TRUE(value(letter(Attribute::kComm, 0, 0), facts));
  EXPECT_FALSE(value(letter(Attribute::kComm, 0, 1), facts));
  EXPECT_TRUE(value(letter(Attribute::kLeaderComm, 0, 1), facts));
  EXPECT_FALSE(value(letter(Attribute::kCgroup, 0, 0), facts));
  facts.comm = "";
  EXPECT_TRUE(value(letter(Attribute::kComm, 0, 1), facts))
      << "the start state's final bits hold for an empty value";
  facts.comm = "fifteen-bytes-..x";
  EXPECT_FALSE(value(letter(Attribute::kComm, 0, 0), facts)) << "the kernel cuts a comm to 15 bytes";
  EXPECT_EQ(spelled_value(facts, Attribute::kComm), "\"fifteen-bytes-.\"");
}

TEST(Classify, NamesStandForTheirIds) {
  const NameIds ids{{{"alice", 1000}}, {{"alice", 50}, {"staff", 60}}};
  TaskFacts facts;
  facts.uid = 1000, facts.gid = 60;
  abi::Predicate user = in(Attribute::kUid, {{5, 6}});
  user.names = {"nobody", "alice"};
  EXPECT_TRUE(value(user, facts, ids));
  EXPECT_FALSE(value(user, facts, {})) << "a name without an id matches nobody";
  abi::Predicate group = in(Attribute::kGid, {});
  group.names = {"alice"};
  EXPECT_FALSE(value(group, facts, ids));
  group.negated_names = true;
  EXPECT_TRUE(value(group, facts, ids));
  facts.gid = 50;
  EXPECT_FALSE(value(group, facts, ids));
  facts.uid = 5;
  EXPECT_TRUE(value(user, facts, ids));
}

TEST(Classify, IdsAreSpelledAsTheNameThatWasAskedFor) {
  const NameIds ids{{{"alice", 1000}, {"root", 0}}, {{"staff", 60}}};
  TaskFacts facts;
  facts.uid = 1000, facts.gid = 1000;
  EXPECT_EQ(spelled_value(facts, Attribute::kUid, ids), "\"alice\"");
  EXPECT_EQ(spelled_value(facts, Attribute::kGid, ids), "1000");
  facts.uid = 0, facts.gid = 60;
  EXPECT_EQ(spelled_value(facts, Attribute::kUid, ids), "0");
  EXPECT_EQ(spelled_value(facts, Attribute::kGid, ids), "\"staff\"");
}

abi::Classifier of_three() {
  abi::Classifier out;
  out.predicates = {in(Attribute::kNice, {{-20, -1}}), in(Attribute::kUid, {{0, 0}}),
                    in(Attribute::kKthread, {{1, 1}})};
  return out;
}

TEST(Classify, FirstMatchWins) {
  abi::Classifier classifier = of_three();
  classifier.cells = {
      {{}, {{2, all_of({test(0), none_of(test(1))}), {}}, {0, any_of({test(1), test(2)}), {}}, {1, {}, {}}}}};
  TaskFacts facts;
  facts.nice = -5, facts.uid = 7;
  EXPECT_EQ(classify(classifier, facts, {}).domain, 2U);
  facts.uid = 0;
  EXPECT_EQ(classify(classifier, facts, {}).domain, 0U);
  EXPECT_EQ(classify(classifier, facts, {}).match, 1U);
  facts.nice = 0, facts.uid = 7;
  EXPECT_EQ(classify(classifier, facts, {}).domain, 1U);
  classifier.cells[0].layers.pop_back();
  EXPECT_EQ(classify(classifier, facts, {}).domain, kNoDomain);
}

// An automaton over paths whose bit i is set at the end of paths[i].
abi::Automaton exactly(const std::vector<std::string>& paths) {
  abi::Automaton out;
  out.attribute = Attribute::kCgroup;
  out.class_count = 256;
  for (size_t byte = 0; byte < 256; ++byte) out.class_of[byte] = static_cast<uint8_t>(byte);
  const auto add_state = [&] {
    out.next.resize(out.next.size() + 256, 0);
    out.entered.push_back(0);
    out.final.push_back(0);
    return static_cast<uint16_t>(out.final.size() - 1);
  };
  add_state();
  const uint16_t dead = add_state();
  for (size_t state = 0; state < 2; ++state)
    for (size_t byte = 0; byte < 256; ++byte) out.next[state * 256 + byte] = dead;
  for (size_t i = 0; i < paths.size(); ++i) {
    uint16_t state = 0;
    for (const unsigned char byte : paths[i]) {
      if (out.next[state * 256U + byte] == dead) {
        const uint16_t fresh = add_state();
        for (size_t b = 0; b < 256; ++b) out.next[fresh * 256U + b] = dead;
        out.next[state * 256U + byte] = fresh;
      }
      state = out.next[state * 256U + byte];
    }
    out.final[state] |= uint64_t{1} << i;
  }
  return out;
}

// Cell 1 begins at /t/a and /b, cell 2 at /t/a/c, cell 3 at /t unless nothing is excepted.
abi::Classifier of_cells() {
  abi::Classifier out;
  out.automata = {exactly({"/t/a", "/b", "/t/a/c", "/t"})};
  for (uint32_t bit = 0; bit < 4; ++bit) out.predicates.push_back(letter(Attribute::kCgroup, 0, bit));
  out.predicates.push_back(in(Attribute::kNice, {{-20, -1}}));
  out.cells = {{{}, {{0, {}, {}}}},
               {any_of({test(0), test(1)}), {{1, test(4), {}}, {2, {}, {}}}},
               {test(2), {{3, {}, {}}}},
               {all_of({test(3), none_of(test(0))}), {{4, {}, {}}}}};
  return out;
}

TEST(Classify, TheCellThatBeginsDeepestHasTheCgroup) {
  const abi::Classifier classifier = of_cells();
  const auto place = [&](std::string_view path) {
    const CellPlace found = place_of(classifier, path);
    EXPECT_EQ(cell_of(classifier, path), found.cell);
    return std::pair(found.cell, std::string(found.begins));
  };
  using Place = std::pair<uint32_t, std::string>;
  EXPECT_EQ(place("/"), Place(0, ""));
  EXPECT_EQ(place("/x/t/a"), Place(0, ""));
  EXPECT_EQ(place("/t"), Place(3, "/t"));
  EXPECT_EQ(place("/t/b"), Place(3, "/t"));
  EXPECT_EQ(place("/t/a"), Place(1, "/t/a"));
  EXPECT_EQ(place("/t/ab"), Place(3, "/t"));
  EXPECT_EQ(place("/t/a/x/y"), Place(1, "/t/a"));
  EXPECT_EQ(place("/t/a/c"), Place(2, "/t/a/c"));
  EXPECT_EQ(place("/t/a/c/d"), Place(2, "/t/a/c"));
  EXPECT_EQ(place("/t/a/cc"), Place(1, "/t/a"));
  EXPECT_EQ(place("/b/t"), Place(1, "/b"));
  EXPECT_EQ(place(""), Place(0, ""));
}

TEST(Classify, EveryCellOnTheWayToACgroup) {
  const abi::Classifier classifier = of_cells();
  const auto cells = [&](std::string_view path) {
    std::vector<uint32_t> out;
    for (const CellPlace& place : places_of(classifier, path)) out.push_back(place.cell);
    return out;
  };
  EXPECT_EQ(cells("/x"), (std::vector<uint32_t>{0}));
  EXPECT_EQ(cells("/t/a/c/d"), (std::vector<uint32_t>{0, 3, 1, 2}));
  EXPECT_EQ(places_of(classifier, "/t/a/c/d")[2].begins, "/t/a");
}

TEST(Classify, AnotherCellsLayersCanBeAsked) {
  const abi::Classifier classifier = of_cells();
  TaskFacts facts;
  facts.cgroup = "/t/a", facts.nice = -5;
  const std::vector<Evaluation> said = evaluate_predicates(classifier, facts, {});
  EXPECT_EQ(choose(classifier, 1, said).domain, classify(classifier, facts, {}).domain);
  const Verdict above = choose(classifier, 3, said);
  EXPECT_EQ(above.cell, 3U);
  EXPECT_EQ(above.domain, 4U);
  EXPECT_EQ(choose(classifier, 0, said).domain, 0U);
}

TEST(Classify, AClaimIsOfTheCgroupItself) {
  const abi::Classifier classifier = of_cells();
  EXPECT_EQ(claim_of(classifier, "/t/a"), 1U);
  EXPECT_EQ(claim_of(classifier, "/t/a/b"), std::nullopt);
  EXPECT_EQ(claim_of(classifier, "/"), std::nullopt);
  EXPECT_EQ(claim_of({}, "/t/a"), std::nullopt);
}

TEST(Classify, TheLayersOfTheCellAreAsked) {
  const abi::Classifier classifier = of_cells();
  TaskFacts facts;
  facts.cgroup = "/t/a/x", facts.nice = -5;
  Verdict verdict = classify(classifier, facts, {});
  EXPECT_EQ(verdict.cell, 1U);
  EXPECT_EQ(verdict.domain, 1U);
  facts.nice = 5;
  verdict = classify(classifier, facts, {});
  EXPECT_EQ(verdict.domain, 2U);
  EXPECT_EQ(verdict.match, 1U);
  EXPECT_TRUE(verdict.predicates[4].evaluated);
  EXPECT_FALSE(verdict.predicates[0].evaluated) << "no layer asked for it";
  facts.cgroup = "/";
  EXPECT_EQ(classify(classifier, facts, {}).domain, 0U);
}

TEST(Classify, TellsWhatWasAsked) {
  abi::Classifier classifier = of_three();
  classifier.cells = {{{}, {{0, all_of({test(0), test(1)}), {}}, {1, {}, {}}}}};
  const Verdict verdict = classify(classifier, {}, {});
  EXPECT_TRUE(verdict.predicates[0].evaluated);
  EXPECT_FALSE(verdict.predicates[1].evaluated) << "`and` stops at the first false operand";
  EXPECT_TRUE(verdict.predicates[1].value) << "its value is known all the same";
}

TEST(Classify, TruthTables) {
  for (int bits = 0; bits < 8; ++bits) {
    const std::vector<Evaluation> values{
        {(bits & 1) != 0, false}, {(bits & 2) != 0, false}, {(bits & 4) != 0, false}};
    const bool a = values[0].value, b = values[1].value, c = values[2].value;
    EXPECT_EQ(evaluate(all_of({test(0), test(1), test(2)}), values), a && b && c);
    EXPECT_EQ(evaluate(any_of({test(0), test(1), test(2)}), values), a || b || c);
    EXPECT_EQ(evaluate(none_of(any_of({test(0), all_of({test(1), none_of(test(2))})})), values),
              !(a || (b && !c)));
    EXPECT_TRUE(evaluate({}, values));
  }
}

// Whatever the other predicates are, the deciding ones alone give the value.
TEST(Classify, DecidingPredicatesSettleTheValue) {
  const Expression expressions[] = {all_of({test(0), test(1), test(2)}),
                                    any_of({test(0), all_of({test(1), test(2)})}),
                                    none_of(all_of({any_of({test(0), test(1)}), none_of(test(2))}))};
  for (const Expression& expression : expressions) {
    for (int bits = 0; bits < 8; ++bits) {
      std::vector<Evaluation> values{
          {(bits & 1) != 0, false}, {(bits & 2) != 0, false}, {(bits & 4) != 0, false}};
      const bool expected = evaluate(expression, values);
      const std::vector<uint32_t> deciders = deciding(expression, values);
      EXPECT_FALSE(deciders.empty());
      for (int others = 0; others < 8; ++others) {
        std::vector<Evaluation> changed = values;
        for (uint32_t i = 0; i < 3; ++i)
          if (std::find(deciders.begin(), deciders.end(), i) == deciders.end())
            changed[i].value = (others >> i & 1) != 0;
        EXPECT_EQ(evaluate(expression, changed), expected);
      }
    }
  }
  EXPECT_TRUE(deciding({}, {}).empty());
}

TEST(Classify, GpuUse) {
  abi::Predicate any = in(Attribute::kGpuProcess, {{1, 1}});
  abi::Predicate second = any;
  second.device = 1;
  second.for_ns = 1'000'000;  // a task of a test has just opened it
  TaskFacts facts;
  EXPECT_FALSE(value(any, facts));
  facts.gpu_process = 0;
  EXPECT_TRUE(value(any, facts));
  EXPECT_FALSE(value(second, facts));
  EXPECT_FALSE(value(in(Attribute::kGpuThread, {{1, 1}}), facts));
  facts.gpu_process = 1;
  EXPECT_TRUE(value(second, facts));
  EXPECT_EQ(spelled_value(facts, Attribute::kGpuThread), "none");
  EXPECT_EQ(spelled_value(facts, Attribute::kGpuProcess), "1");
}

}  // namespace
}  // namespace scx::classify
