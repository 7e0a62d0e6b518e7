#include "compiler/analysis/task_search.h"

#include <algorithm>
#include <utility>

#include "compiler/analysis/task_values.h"
#include "compiler/analysis/test_world.h"
#include "runtime/base/check.h"

namespace scx::analysis {
namespace {

// Choices between operands that one search tries; written policies need a few dozen.
constexpr size_t kMaxBranches = 2'000;

// One search for a leader, or for another thread. Goals are taken apart into
// literals; a disjunction waits until the task at hand meets it by itself, one
// operand of it is left, or a choice has to be tried (DPLL, with the task as the
// model that most choices agree with).
class Search {
 public:
  Search(const abi::Classifier& classifier, StringSearch& strings, bool leader, const World& world)
      : classifier_(classifier),
        values_(classifier, strings, leader, world),
        wanted_(classifier.predicates.size(), kOpen) {
    // Where a cell begins the path is not the default's.
    start_ = !world.cells.empty() ? values_.settle(abi::Attribute::kCgroup, {}) : Answer::kFound;
  }

  TaskFinding find(const std::vector<Goal>& goals) {
    if (start_ != Answer::kFound) return {start_, {}, {}, {}};
    if (!extend(goals)) return {undecided_ ? Answer::kUndecided : Answer::kNone, {}, {}, {}};
    const TaskValues any = values_;
    // The last task may carry what abandoned choices asked for.
    bool settled = true;
    for (size_t i = 0; i < abi::kAttributeCount && settled; ++i)
      settled = values_.settle(static_cast<abi::Attribute>(i), trail_) == Answer::kFound;
    forget();
    const bool still =
        settled && std::all_of(goals.begin(), goals.end(), [&](const Goal& g) { return is_met(g); });
    const TaskValues& best = still ? values_ : any;
    return {Answer::kFound, best.task(), best.ids(), {}};
  }

 private:
  enum Want : int8_t { kOpen = -1, kNo = 0, kYes = 1 };

  // What the literals so far make of an expression.
  [[nodiscard]] Want known(const abi::Expression& expression) const {
    switch (expression.kind) {
      case abi::Expression::Kind::kAll:
        return kYes;
      case abi::Expression::Kind::kTest:
        return wanted_[expression.predicate];
      case abi::Expression::Kind::kNot: {
        const Want operand = known(expression.operands.front());
        return operand == kOpen ? kOpen : operand == kYes ? kNo : kYes;
      }
      case abi::Expression::Kind::kAnd:
      case abi::Expression::Kind::kOr:
        break;
    }
    const Want deciding = expression.kind == abi::Expression::Kind::kAnd ? kNo : kYes;
    bool open = false;
    for (const abi::Expression& operand : expression.operands) {
      const Want value = known(operand);
      if (value == deciding) return deciding;
      open = open || value == kOpen;
    }
    return open ? kOpen : deciding == kYes ? kNo : kYes;
  }

  // What the task at hand makes of it.
  bool holds(const abi::Expression& expression) {
    return classify::visit(expression, [&](uint32_t predicate) { return value(predicate); });
  }
  bool is_met(const Goal& goal) { return holds(*goal.expression) == goal.holds; }

  bool value(uint32_t predicate) {
    if (cached_.empty()) cached_.assign(classifier_.predicates.size(), kOpen);
    if (cached_[predicate] == kOpen) {
      const bool now =
          classify::holds(classifier_, classifier_.predicates[predicate], values_.task(), values_.ids());
      cached_[predicate] = now ? kYes : kNo;
    }
    return cached_[predicate] == kYes;
  }
  // The task has changed.
  void forget() { cached_.clear(); }

  bool require(uint32_t predicate, bool holds) {
    if (wanted_[predicate] != kOpen) return wanted_[predicate] == (holds ? kYes : kNo);
    wanted_[predicate] = holds ? kYes : kNo;
    trail_.push_back({predicate, holds});
    if (value(predicate) == holds) return true;
    const Answer answer = values_.settle(classifier_.predicates[predicate].attribute, trail_);
    undecided_ = undecided_ || answer == Answer::kUndecided;
    if (answer == Answer::kFound) forget();
    return answer == Answer::kFound;
  }

  // The task at hand satisfies more than what is left, so it stays.
  void take_back(size_t literals) {
    for (; trail_.size() > literals; trail_.pop_back()) wanted_[trail_.back().predicate] = kOpen;
  }

  // Takes conjunctions apart, and requires what they come to. False if that cannot be; what is left to choose
  // goes to `choices`.
  bool take_apart(std::vector<Goal> goals, std::vector<Goal>& choices) {
    while (!goals.empty()) {
      const Goal goal = goals.back();
      goals.pop_back();
      const abi::Expression& expression = *goal.expression;
      switch (expression.kind) {
        case abi::Expression::Kind::kAll:
          if (!goal.holds) return false;
          break;
        case abi::Expression::Kind::kTest:
          if (!require(expression.predicate, goal.holds)) return false;
          break;
        case abi::Expression::Kind::kNot:
          goals.push_back({&expression.operands.front(), !goal.holds});
          break;
        case abi::Expression::Kind::kAnd:
        case abi::Expression::Kind::kOr:
          if ((expression.kind == abi::Expression::Kind::kAnd) == goal.holds)
            for (const abi::Expression& operand : expression.operands)
              goals.push_back({&operand, goal.holds});
          else
            choices.push_back(goal);
      }
    }
    return true;
  }

  // Drops choices that are made, and moves those with one operand left to `forced`. False if one cannot be
  // met.
  bool simplify(std::vector<Goal>& choices, std::vector<Goal>& forced) {
    std::vector<Goal> left;
    for (const Goal& choice : choices) {
      const Want now = known(*choice.expression);
      if (now == (choice.holds ? kYes : kNo)) continue;
      if (now != kOpen) return false;
      const std::vector<const abi::Expression*> operands = open_operands(choice);
      if (operands.size() == 1)
        forced.push_back({operands.front(), choice.holds});
      else
        left.push_back(choice);
    }
    choices = std::move(left);
    return true;
  }

  [[nodiscard]] std::vector<const abi::Expression*> open_operands(const Goal& choice) const {
    std::vector<const abi::Expression*> out;
    for (const abi::Expression& operand : choice.expression->operands)
      if (known(operand) == kOpen) out.push_back(&operand);
    return out;
  }

  // Whether some task meets the goals beside the literals so far; then it is at hand.
  bool extend(std::vector<Goal> goals) {
    std::vector<Goal> choices;
    while (!goals.empty()) {
      if (!take_apart(std::move(goals), choices)) return false;
      goals.clear();
      if (!simplify(choices, goals)) return false;
    }
    const auto unmet =
        std::find_if(choices.begin(), choices.end(), [&](const Goal& g) { return !is_met(g); });
    if (unmet == choices.end()) return true;
    if (++branches_ > kMaxBranches) {
      undecided_ = true;
      return false;
    }
    const Goal choice = *unmet;
    choices.erase(unmet);
    for (const abi::Expression* operand : open_operands(choice)) {
      const size_t literals = trail_.size();
      std::vector<Goal> next = choices;
      next.push_back({operand, choice.holds});
      if (extend(std::move(next))) return true;
      take_back(literals);
      if (branches_ > kMaxBranches) return false;
      choices.push_back({operand, !choice.holds});
    }
    return false;
  }

  const abi::Classifier& classifier_;
  TaskValues values_;
  Answer start_ = Answer::kFound;
  std::vector<Want> wanted_;
  std::vector<Want> cached_;
  std::vector<Literal> trail_;
  size_t branches_ = 0;
  bool undecided_ = false;
};

CellTable table_of(const model::Policy& policy, const abi::Classifier& classifier) {
  CellTable out;
  for (const abi::CellMatch& cell : classifier.cells) out.claims.push_back(cell.claim);
  for (const model::Cell& cell : policy.cells) out.families.push_back(cell.kind == abi::CellKind::kFamily);
  return out;
}

Placement place_of(const classify::TaskFacts& task, const TestWorld& world) {
  return *std::find_if(world.placements.begin(), world.placements.end(), [&](const Placement& place) {
    return place.node == task.affinity_node && place.llc == task.affinity_llc &&
           place.full == task.affinity_full && place.pinned == task.affinity_pinned;
  });
}

}  // namespace

TaskSearch::TaskSearch(const model::Policy& policy, const abi::Classifier& classifier)
    : TaskSearch(classifier, {table_of(policy, classifier)}, kMaxPositionsOfAll,
                 reads_places(policy) ? test_world(policy) : TestWorld{}) {}

TaskSearch::TaskSearch(const abi::Classifier& classifier, const std::vector<CellTable>& tables,
                       size_t max_positions, TestWorld tests)
    : classifier_(classifier), strings_(classifier, tables, max_positions), tests_(std::move(tests)) {
  for (const CellTable& table : tables) cell_counts_.push_back(table.claims.size());
  for (const abi::Predicate& predicate : classifier.predicates)
    reads_leader_ = reads_leader_ || predicate.attribute == abi::Attribute::kLeader ||
                    predicate.attribute == abi::Attribute::kLeaderComm ||
                    predicate.attribute == abi::Attribute::kPid ||
                    predicate.attribute == abi::Attribute::kTgid;
}

TaskFinding TaskSearch::find(const std::vector<Goal>& goals, std::optional<uint32_t> cell) {
  return find(goals, World{{cell}, /*families_full=*/false});
}

TaskFinding TaskSearch::find_with_full_families(const std::vector<Goal>& goals,
                                                std::optional<uint32_t> cell) {
  return find(goals, World{{cell}, /*families_full=*/true});
}

TaskFinding TaskSearch::example(const std::vector<Goal>& goals, const World& world) {
  TaskFinding found = find(goals, world);
  if (found.answer != Answer::kFound || tests_.placements.empty()) return found;
  // Whether it is on some of the CPUs only, or what comes of the goals depends on the machine.
  const auto asks = [&](const Goal& goal) {
    const std::vector<uint32_t> asked = classify::predicates_of(*goal.expression);
    return std::any_of(asked.begin(), asked.end(), [&](uint32_t predicate) {
      return abi::is_place(classifier_.predicates[predicate].attribute);
    });
  };
  const bool is_anywhere = found.task.affinity_full && !found.task.affinity_pinned;
  if (is_anywhere && std::none_of(goals.begin(), goals.end(), asks)) return found;
  World of_tests = world;
  of_tests.tests = &tests_;
  TaskFinding in_test = find(goals, of_tests);
  return in_test.answer == Answer::kFound ? in_test : found;
}

TaskFinding TaskSearch::find(const std::vector<Goal>& goals, World world) {
  // Every path lies in the only cell that there is.
  for (size_t i = 0; i < world.cells.size(); ++i)
    if (cell_counts_[i] < 2) world.cells[i].reset();
  const auto any = [](const std::optional<uint32_t>& cell) { return !cell; };
  if (std::all_of(world.cells.begin(), world.cells.end(), any)) world.cells.clear();
  bool undecided = false;
  for (const bool leader : {true, false}) {
    // Where nothing tells them apart, a leader stands for every thread.
    if (!leader && !reads_leader_) break;
    TaskFinding found = Search(classifier_, strings_, leader, world).find(goals);
    if (found.answer == Answer::kFound) {
      // Only the tests that the goals name: a policy has thousands, and as many searches.
      const auto holds = [&](uint32_t predicate) {
        return classify::holds(classifier_, classifier_.predicates[predicate], found.task, found.ids);
      };
      const bool is_one_policy = cell_counts_.size() == 1 && !world.cells.empty() && !world.families_full;
      SCX_CHECK(!is_one_policy || classify::cell_of(classifier_, found.task.cgroup) == *world.cells.front(),
                "a witness lies in its cell");
      for (const Goal& goal : goals)
        SCX_CHECK(classify::visit(*goal.expression, holds) == goal.holds,
                  "the reference classifier agrees with a witness");
      if (world.tests != nullptr && world.bounds.machines) found.place = place_of(found.task, *world.tests);
      return found;
    }
    undecided = undecided || found.answer == Answer::kUndecided;
  }
  return {undecided ? Answer::kUndecided : Answer::kNone, {}, {}, {}};
}

}  // namespace scx::analysis
