#include "compiler/analysis/reachability.h"

#include <optional>
#include <string>
#include <vector>

#include "compiler/analysis/task_search.h"
#include "compiler/analysis/task_text.h"

namespace scx::analysis {
namespace {

using diag::Kind;

// Layers that an error names; more would hide the point.
constexpr size_t kMaxTakers = 3;

class Reachability {
 public:
  Reachability(const model::Policy& policy, const abi::Classifier& classifier, diag::Diagnostics& diagnostics)
      : policy_(policy), classifier_(classifier), search_(policy, classifier), diagnostics_(diagnostics) {}

  void check_matchers() {
    for (const model::Matcher& matcher : policy_.matchers) {
      if (matcher.expression.kind == abi::Expression::Kind::kAll) continue;
      if (is_impossible(matcher.expression, matcher.span, "matcher `" + matcher.name + "`")) continue;
      if (search_.find({{&matcher.expression, false}}, std::nullopt).answer == Answer::kNone)
        diagnostics_
            .report(Kind::kAlwaysTrue, matcher.span, "the matcher `{}` holds for every task", matcher.name)
            .at("always true")
            .help("write `*` if that is meant");
    }
  }

  void check_layers(uint32_t cell) {
    const std::vector<abi::DomainMatch>& matches = classifier_.cells[cell].layers;
    std::vector<Goal> earlier;
    for (uint32_t i = 0; i < matches.size(); ++i) {
      const model::Layer& layer = policy_.cells[cell].layers[i];
      std::vector<Goal> goals = earlier;
      goals.push_back({&matches[i].match, true});
      // The last one takes what is left, be it nothing.
      const bool takes_rest = matches[i].match.kind == abi::Expression::Kind::kAll;
      const Answer answer = takes_rest ? Answer::kFound : search_.find(goals, cell).answer;
      if (answer == Answer::kUndecided) say_undecided(layer);
      // What a full family refuses comes to the cell above it.
      if (answer == Answer::kNone && search_.find_with_full_families(goals, cell).answer == Answer::kNone)
        say_unreachable(cell, i);
      earlier.push_back({&matches[i].match, false});
    }
  }

 private:
  bool is_impossible(const abi::Expression& expression, Span span, const std::string& what) {
    if (search_.find({{&expression, true}}, std::nullopt).answer != Answer::kNone) return false;
    diagnostics_.report(Kind::kContradiction, span, "no task can satisfy the {}", what)
        .at("these tests exclude each other")
        .help("take out the test that does not belong here, or write `or` where one of them is enough");
    return true;
  }

  void say_undecided(const model::Layer& layer) {
    diagnostics_
        .report(Kind::kUndecidedReach, layer.span, "it is not known whether a task reaches the layer `{}`",
                layer.name)
        .at("too many tests to compare, tests of several GPUs, or names that may be of one user or group")
        .help("no mistake was found either; a `test` that expects this layer shows that a task reaches it");
  }

  void say_unreachable(uint32_t cell, uint32_t index) {
    const model::Layer& layer = policy_.cells[cell].layers[index];
    const std::vector<abi::DomainMatch>& matches = classifier_.cells[cell].layers;
    if (is_impossible(matches[index].match, layer.match_span, "match of the layer `" + layer.name + "`"))
      return;
    if (search_.find({{&matches[index].match, true}}, cell).answer == Answer::kNone) {
      diagnostics_
          .report(Kind::kLayerOfAnotherCell, layer.match_span,
                  "no task of the cell `{}` satisfies the match of its layer `{}`", policy_.cells[cell].name,
                  layer.name)
          .at("tasks like these are in other cells")
          .help("move the layer to the cell that has such tasks");
      return;
    }
    auto report = diagnostics_.report(Kind::kUnreachableLayer, layer.span, "no task reaches the layer `{}`",
                                      layer.name);
    report.at("layers before it take every task that it matches");
    std::vector<Goal> untaken = {{&matches[index].match, true}};
    std::string takers;
    size_t named = 0;
    bool all_keep_some = true;  // if the layer stood before them
    for (uint32_t i = 0; i < index && named < kMaxTakers; ++i) {
      std::vector<Goal> goals = untaken;
      goals.push_back({&matches[i].match, true});
      const TaskFinding taken = search_.example(goals, World{{cell}});
      untaken.push_back({&matches[i].match, false});
      if (taken.answer != Answer::kFound) continue;
      const model::Layer& taker = policy_.cells[cell].layers[i];
      report.label(taker.span, "takes `" + task_text(taken) + "`");
      takers += (takers.empty() ? "`" : ", `") + taker.name + "`";
      ++named;
      const std::vector<Goal> kept = {{&matches[i].match, true}, {&matches[index].match, false}};
      all_keep_some = all_keep_some && search_.find(kept, cell).answer == Answer::kFound;
    }
    const std::string begin = "the first layer that matches wins: ";
    report.help(takers.empty() || !all_keep_some
                    ? begin + "take `" + layer.name + "` out, or narrow what is before it"
                    : begin + "put `" + layer.name + "` before " + takers + ", or take it out");
  }

  const model::Policy& policy_;
  const abi::Classifier& classifier_;
  TaskSearch search_;
  diag::Diagnostics& diagnostics_;
};

}  // namespace

void check_reachability(const model::Policy& policy, const abi::Classifier& classifier,
                        diag::Diagnostics& diagnostics) {
  Reachability reachability(policy, classifier, diagnostics);
  reachability.check_matchers();
  for (uint32_t cell = 0; cell < policy.cells.size(); ++cell) reachability.check_layers(cell);
}

}  // namespace scx::analysis
