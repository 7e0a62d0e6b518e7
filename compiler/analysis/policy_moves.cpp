// The tasks that change place between two policies: for each pair of layers
// that is no pair of namesakes, a search over the tests of both.
#include <algorithm>
#include <set>
#include <utility>

#include "compiler/analysis/overlap.h"
#include "compiler/analysis/policy_diff.h"
#include "compiler/analysis/test_world.h"
#include "runtime/base/check.h"

namespace scx::analysis {
namespace {

// What the searches for strings of one comparison may cost.
constexpr size_t kMaxPositions = 400'000;

// What a test can say of where tasks of both policies run.
TestWorld tests_of(const model::Policy& old_policy, const model::Policy& new_policy) {
  if (!reads_places(old_policy) && !reads_places(new_policy)) return {};
  model::Policy both;
  both.predicates = old_policy.predicates;
  both.predicates.insert(both.predicates.end(), new_policy.predicates.begin(), new_policy.predicates.end());
  return test_world(both);
}

class MoveSearch {
 public:
  MoveSearch(const PolicySide& old_side, const PolicySide& new_side, const Counterparts& counterparts)
      : old_(old_side),
        new_(new_side),
        counterparts_(counterparts),
        pair_(join(old_side, new_side)),
        overlap_(pair_.classifier, pair_.expressions),
        search_(pair_.classifier, {pair_.sides[0].cells, pair_.sides[1].cells}, kMaxPositions,
                tests_of(*old_side.policy, *new_side.policy)) {}

  Moves find() {
    compare_cells(/*families_full=*/false);
    const auto has_families = [](const SideMatches& side) {
      return std::count(side.cells.families.begin(), side.cells.families.end(), true) != 0;
    };
    if (has_families(pair_.sides[0]) || has_families(pair_.sides[1])) compare_cells(/*families_full=*/true);
    std::sort(moves_.begin(), moves_.end(),
              [](const Move& a, const Move& b) { return std::tie(a.from, a.to) < std::tie(b.from, b.to); });
    return {std::move(moves_), goals_};
  }

 private:
  using Layers = std::vector<uint32_t>;

  void compare_cells(bool families_full) {
    families_full_ = families_full;
    const auto common = search_.strings().common_cells(families_full);
    for (uint32_t a = 0; a < pair_.sides[0].layers.size(); ++a)
      for (uint32_t b = 0; b < pair_.sides[1].layers.size(); ++b)
        if (!common || common->contains({a, b})) compare_layers(a, b);
  }

  void compare_layers(uint32_t a, uint32_t b) {
    const Layers& olds = pair_.sides[0].layers[a];
    const Layers& news = pair_.sides[1].layers[b];
    std::set<uint32_t> olds_before;
    for (uint32_t i = 0; i < olds.size(); ++i) {
      std::set<uint32_t> news_before;
      for (uint32_t j = 0; j < news.size(); ++j) {
        // What is alike and earlier takes all tasks first.
        const bool is_taken = olds_before.contains(news[j]) || news_before.contains(olds[i]);
        news_before.insert(news[j]);
        if (!is_taken && overlap_.may(olds[i], news[j])) compare({a, i}, {b, j});
      }
      olds_before.insert(olds[i]);
    }
  }

  void compare(LayerPlace from, LayerPlace to) {
    if (counterparts_[from.cell][from.layer] == to || known_.contains({from, to})) return;
    Move move{from, to, true, families_full_, {}};
    if (goals_ > kMaxGoals) {
      move.is_decided = false;
    } else {
      const std::vector<Goal> goals = goals_of(from, to);
      goals_ += goals.size();
      move.task = search_.example(goals, World{{from.cell, to.cell}, families_full_});
    }
    if (move.is_decided && move.task.answer == Answer::kNone) return;
    move.is_decided = move.is_decided && move.task.answer == Answer::kFound;
    if (move.is_decided) confirm(move);
    known_.insert({from, to});
    moves_.push_back(std::move(move));
  }

  // What a task satisfies that goes from the one to the other: layers before them that may take it refuse it.
  std::vector<Goal> goals_of(LayerPlace from, LayerPlace to) const {
    const Layers& olds = pair_.sides[0].layers[from.cell];
    const Layers& news = pair_.sides[1].layers[to.cell];
    const uint32_t old_match = olds[from.layer], new_match = news[to.layer];
    std::vector<Goal> goals = {{&pair_.expressions[old_match], true}, {&pair_.expressions[new_match], true}};
    const auto refuse = [&](const Layers& layers, uint32_t count) {
      for (uint32_t i = 0; i < count; ++i)
        if (overlap_.may(layers[i], old_match) && overlap_.may(layers[i], new_match))
          goals.push_back({&pair_.expressions[layers[i]], false});
    };
    refuse(olds, from.layer);
    refuse(news, to.layer);
    return goals;
  }

  // Both reference classifiers agree with the witness.
  void confirm(const Move& move) const {
    const auto is_there = [&](const PolicySide& side, LayerPlace place) {
      const classify::Verdict verdict = classify::classify(*side.classifier, move.task.task, move.task.ids);
      if (!move.needs_full) return verdict.cell == place.cell && verdict.match == place.layer;
      // Which cell has the task depends on what was refused.
      const auto& layers = side.classifier->cells[place.cell].layers;
      const auto taker = std::find_if(layers.begin(), layers.end(), [&](const abi::DomainMatch& layer) {
        return classify::evaluate(layer.match, verdict.predicates);
      });
      return taker - layers.begin() == static_cast<ptrdiff_t>(place.layer);
    };
    SCX_CHECK(is_there(old_, move.from) && is_there(new_, move.to), "both classifiers agree with a witness");
  }

  const PolicySide& old_;
  const PolicySide& new_;
  const Counterparts& counterparts_;
  const PairClassifier pair_;
  Overlap overlap_;
  TaskSearch search_;
  bool families_full_ = false;
  size_t goals_ = 0;
  std::set<std::pair<LayerPlace, LayerPlace>> known_;
  std::vector<Move> moves_;
};

}  // namespace

Moves find_moves(const PolicySide& old_side, const PolicySide& new_side, const Counterparts& counterparts) {
  return MoveSearch(old_side, new_side, counterparts).find();
}

}  // namespace scx::analysis
