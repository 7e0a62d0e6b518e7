#include "compiler/analysis/pair_classifier.h"

#include <utility>

namespace scx::analysis {
namespace {

class Joiner {
 public:
  void add(const PolicySide& side, SideMatches& out) {
    const auto first_automaton = static_cast<uint32_t>(pair_.classifier.automata.size());
    const std::vector<abi::Automaton>& automata = side.classifier->automata;
    pair_.classifier.automata.insert(pair_.classifier.automata.end(), automata.begin(), automata.end());
    std::vector<uint32_t> predicates;  // where those of the side are in the pair
    for (uint32_t i = 0; i < side.classifier->predicates.size(); ++i) {
      const auto [known, fresh] =
          predicates_.try_emplace(model::canonical_text(*side.policy, test_of(i)),
                                  static_cast<uint32_t>(pair_.classifier.predicates.size()));
      predicates.push_back(known->second);
      if (!fresh) continue;
      pair_.classifier.predicates.push_back(side.classifier->predicates[i]);
      pair_.classifier.predicates.back().automaton += first_automaton;
    }
    for (const abi::CellMatch& cell : side.classifier->cells) {
      out.cells.claims.push_back(moved(cell.claim, predicates));
      std::vector<uint32_t>& layers = out.layers.emplace_back();
      for (const abi::DomainMatch& layer : cell.layers)
        layers.push_back(expression(*side.policy, layer.match, predicates));
    }
    for (const model::Cell& cell : side.policy->cells)
      out.cells.families.push_back(cell.kind == abi::CellKind::kFamily);
  }

  PairClassifier take() { return std::move(pair_); }
  std::array<SideMatches, 2>& sides() { return pair_.sides; }

 private:
  static abi::Expression test_of(uint32_t predicate) { return {abi::Expression::Kind::kTest, predicate, {}}; }

  static abi::Expression moved(abi::Expression expression, const std::vector<uint32_t>& predicates) {
    if (expression.kind == abi::Expression::Kind::kTest)
      expression.predicate = predicates[expression.predicate];
    for (abi::Expression& operand : expression.operands) operand = moved(std::move(operand), predicates);
    return expression;
  }

  uint32_t expression(const model::Policy& policy, const abi::Expression& match,
                      const std::vector<uint32_t>& predicates) {
    const auto [known, fresh] = expressions_.try_emplace(model::canonical_text(policy, match),
                                                         static_cast<uint32_t>(pair_.expressions.size()));
    if (fresh) pair_.expressions.push_back(moved(match, predicates));
    return known->second;
  }

  PairClassifier pair_;
  std::map<std::string, uint32_t> predicates_, expressions_;  // by canonical text
};

}  // namespace

PairClassifier join(const PolicySide& old_side, const PolicySide& new_side) {
  Joiner joiner;
  joiner.add(old_side, joiner.sides()[0]);
  joiner.add(new_side, joiner.sides()[1]);
  return joiner.take();
}

}  // namespace scx::analysis
