// A layer whose tasks are all bound to one NUMA node needs CPUs there, and has
// no use for others.
#include <algorithm>
#include <optional>
#include <set>

#include "compiler/analysis/lint/rules.h"

namespace scx::analysis::lint {
namespace {

// The numbers of nodes that the policy's tests of affinity ask for, with the predicate of each.
std::vector<uint32_t> node_predicates(const model::Policy& policy) {
  std::vector<uint32_t> out;
  for (uint32_t i = 0; i < policy.predicates.size(); ++i)
    if (policy.predicates[i].attribute == abi::Attribute::kAffinityNode) out.push_back(i);
  return out;
}

bool overlaps(const std::vector<abi::IntRange>& a, const std::vector<abi::IntRange>& b) {
  return std::any_of(a.begin(), a.end(), [&](const abi::IntRange& x) {
    return std::any_of(b.begin(), b.end(),
                       [&](const abi::IntRange& y) { return x.low <= y.high && y.low <= x.high; });
  });
}

// What is wrong with the CPUs of a layer whose tasks are bound to the nodes of `bound`; empty if nothing is.
std::string mismatch(const model::Layer& layer, const std::vector<abi::IntRange>& bound) {
  if (!layer.nodes.empty() && !overlaps(layer.nodes, bound))
    return "its CPUs are on other nodes, where none of its tasks may run";
  if (layer.grow == abi::GrowOrder::kNodeSpread)
    return "it takes as many CPUs from every node, and its tasks may run on those of one";
  return "";
}

}  // namespace

void nodes_of_tasks(const Subject& subject, diag::Diagnostics& diagnostics) {
  const std::vector<uint32_t> predicates = node_predicates(subject.policy);
  if (predicates.empty()) return;
  for (uint32_t cell = 0; cell < subject.policy.cells.size(); ++cell) {
    std::vector<Goal> goals;
    for (uint32_t i = 0; i < subject.policy.cells[cell].layers.size(); ++i) {
      const model::Layer& layer = subject.policy.cells[cell].layers[i];
      goals.push_back({&subject.classifier.cells[cell].layers[i].match, true});
      for (const uint32_t index : predicates) {
        const model::Predicate& predicate = subject.policy.predicates[index];
        const std::string wrong = mismatch(layer, predicate.ranges);
        if (wrong.empty()) continue;
        abi::Expression elsewhere;
        elsewhere.kind = abi::Expression::Kind::kTest;
        elsewhere.predicate = index;
        std::vector<Goal> asked = goals;
        asked.push_back({&elsewhere, false});
        if (subject.search.find(asked, cell).answer != Answer::kNone) continue;
        diagnostics
            .report(diag::Kind::kNodeBoundLayer, layer.span,
                    "all tasks of the layer `{}` are bound to a node: {}", layer.name, wrong)
            .label(predicate.span, "binds them")
            .help("name that node with `nodes`, or take the order of growth out");
        break;
      }
      goals.back().holds = false;
    }
  }
}

}  // namespace scx::analysis::lint
