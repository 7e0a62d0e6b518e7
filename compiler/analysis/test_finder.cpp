#include "compiler/analysis/test_finder.h"

#include <algorithm>
#include <string_view>

#include "compiler/analysis/test_world.h"

namespace scx::analysis {
namespace {

using Kind = abi::Expression::Kind;

// What has to hold for each place at which an expression asks the predicate: operands are asked from the
// left, as far as they are needed.
void ways_to_ask(const abi::Expression& expression, uint32_t predicate, bool value, std::vector<Goal>& path,
                 std::vector<std::vector<Goal>>& out) {
  switch (expression.kind) {
    case Kind::kAll:
      return;
    case Kind::kTest:
      if (expression.predicate != predicate) return;
      out.push_back(path);
      out.back().push_back({&expression, value});
      return;
    case Kind::kNot:
      return ways_to_ask(expression.operands.front(), predicate, value, path, out);
    case Kind::kAnd:
    case Kind::kOr:
      break;
  }
  const size_t before = path.size();
  for (const abi::Expression& operand : expression.operands) {
    ways_to_ask(operand, predicate, value, path, out);
    path.push_back({&operand, expression.kind == Kind::kAnd});
  }
  path.resize(before);
}

// A bound of tests, and how it shows. Machines come last: what only they forbid is not proved to be
// impossible, for not all machines were tried.
struct Reason {
  bool Bounds::* bound;
  std::string_view text;
};
constexpr Reason kReasons[] = {
    {&Bounds::ids, "a user or group would need another id than its name has in tests"},
    {&Bounds::ages, "its GPU was opened some time ago, a test's just now"},
    {&Bounds::classes, "its scheduling class has no word"},
    {&Bounds::machines, ""},
};

}  // namespace

TestFinder::TestFinder(const model::Policy& policy, const abi::Classifier& classifier)
    : classifier_(classifier), policy_(policy), world_(test_world(policy)), search_(policy, classifier) {}

TestTaskFinding TestFinder::of_layer(uint32_t cell, uint32_t layer) {
  const std::vector<abi::DomainMatch>& layers = classifier_.cells[cell].layers;
  std::vector<Goal> goals;
  for (uint32_t i = 0; i < layer; ++i) goals.push_back({&layers[i].match, false});
  goals.push_back({&layers[layer].match, true});
  TestTaskFinding out = find(goals, cell);
  if (out.answer == Answer::kNone && !out.is_possible &&
      search_.find_with_full_families(goals, cell).answer != Answer::kNone)
    out.why_not = "only tasks reach it whose cgroup a full family of cells refused";
  return out;
}

TestTaskFinding TestFinder::of_predicate(uint32_t predicate, bool value) {
  TestTaskFinding out;
  out.is_possible = false;
  out.why_not = "no task is asked that and answers so";
  for (uint32_t cell = 0; cell < classifier_.cells.size(); ++cell) {
    std::vector<Goal> earlier;
    for (const abi::DomainMatch& layer : classifier_.cells[cell].layers) {
      std::vector<std::vector<Goal>> ways;
      std::vector<Goal> path = earlier;
      ways_to_ask(layer.match, predicate, value, path, ways);
      for (const std::vector<Goal>& goals : ways) {
        TestTaskFinding one = find(goals, cell);
        if (one.answer == Answer::kFound) return one;
        // What is open outweighs what is proved.
        if (one.is_possible && out.answer != Answer::kUndecided) out = std::move(one);
      }
      earlier.push_back({&layer.match, false});
    }
  }
  return out;
}

TestTaskFinding TestFinder::of_matcher(uint32_t matcher, bool holds) {
  return find({{&policy_.matchers[matcher].expression, holds}}, std::nullopt);
}

TestTaskFinding TestFinder::find(const std::vector<Goal>& goals, std::optional<uint32_t> cell) {
  TestTaskFinding out;
  out.found = search_.find(goals, World{{cell}, false, &world_});
  out.answer = out.found.answer;
  if (out.answer != Answer::kFound) explain(goals, cell, out);
  return out;
}

// Looks for the task without the bounds of tests, and then puts back each that does no harm: what is left is
// what the task needs.
void TestFinder::explain(const std::vector<Goal>& goals, std::optional<uint32_t> cell, TestTaskFinding& out) {
  Bounds bounds{false, false, false, false};
  const auto answer = [&] { return search_.find(goals, World{{cell}, false, &world_, bounds}).answer; };
  const Answer any = search_.find(goals, cell).answer;
  out.is_possible = any != Answer::kNone;
  if (out.answer == Answer::kUndecided) {
    out.why_not = "not decided: too many tests to compare";
    return;
  }
  if (!out.is_possible) {
    out.why_not = "there is no such task";
    return;
  }
  std::string why;
  for (const Reason& reason : kReasons) {
    bounds.*reason.bound = true;
    if (answer() != Answer::kNone) continue;
    bounds.*reason.bound = false;
    if (reason.bound != &Bounds::machines)
      why += (why.empty() ? "" : "; ") + std::string(reason.text);
    else if (why.empty())
      out.answer = Answer::kUndecided;
  }
  if (out.answer == Answer::kUndecided)
    out.why_not = "no machine of those tried has CPUs like these";
  else
    out.why_not = any == Answer::kFound ? why : "no task that a test can have, whatever others there are";
}

}  // namespace scx::analysis
