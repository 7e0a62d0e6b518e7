#include "compiler/sema/matchers.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/sema/conflicts.h"
#include "compiler/sema/tables.h"

namespace scx::sema {

using ast::Expression;
using diag::Kind;
using ModelKind = model::Expression::Kind;

namespace {

Lowered everything() { return {{ModelKind::kAll, 0, {}}, {}, {}, 1}; }

bool matches_all(const Lowered& lowered) { return lowered.expression.kind == ModelKind::kAll; }

// `not`, without double negation.
model::Expression negate(model::Expression expression) {
  if (expression.kind == ModelKind::kNot) return std::move(expression.operands[0]);
  model::Expression out{ModelKind::kNot, 0, {}};
  out.operands.push_back(std::move(expression));
  return out;
}

std::vector<Literal> negate(std::vector<Literal> literals) {
  for (Literal& literal : literals) literal.negated = !literal.negated;
  return literals;
}

}  // namespace

std::optional<Lowered> Matchers::lower(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::kAll:
      return everything();
    case Expression::Kind::kPredicate:
      return lower_predicate(expression);
    case Expression::Kind::kNot:
      return lower_not(expression);
    case Expression::Kind::kParenthesized:
      if (expression.operands.empty()) return std::nullopt;
      return lower(expression.operands[0]);
    case Expression::Kind::kAnd:
    case Expression::Kind::kOr:
      return lower_list(expression);
    case Expression::Kind::kChildOf:
      diagnostics_
          .report(Kind::kNotImplemented, expression.span, "the attribute `child of` is not implemented yet")
          .help("`ppid` compares the process's parent");
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Lowered> Matchers::lower_predicate(const Expression& expression) {
  if (expression.terms.empty()) return std::nullopt;  // the parser has said why
  const auto* word = std::get_if<ast::Word>(&expression.terms[0]);
  if (word == nullptr) return std::nullopt;
  if (expression.terms.size() == 1)
    if (const auto index = declarations_.find_matcher(word->text)) return lower_reference(*index, *word);
  const auto test = reader_.read(expression.terms, expression.span);
  if (!test) return std::nullopt;
  if (test->always) return everything();
  const uint32_t predicate = intern(test->predicate);
  Lowered out;
  out.expression = {ModelKind::kTest, predicate, {}};
  if (test->negated) out.expression = negate(std::move(out.expression));
  out.nodes = test->negated ? 2 : 1;
  out.conjuncts = out.disjuncts = {{predicate, test->negated, expression.span}};
  return out;
}

std::optional<Lowered> Matchers::lower_reference(size_t index, const ast::Word& word) {
  if (states_[index].progress == Progress::kActive) {
    report_cycle(index, word.span);
    return std::nullopt;
  }
  if (states_[index].progress == Progress::kNew && active_.size() >= kMaxReferenceDepth) {
    diagnostics_
        .report(Kind::kExpressionTooLarge, word.span, "matchers refer to each other more than {} deep",
                kMaxReferenceDepth)
        .help("define a matcher before those that use it");
    return std::nullopt;
  }
  std::optional<Lowered> out = matcher(index);
  // Conflicts with its tests are shown where the name stands.
  if (out)
    for (auto* literals : {&out->conjuncts, &out->disjuncts})
      for (Literal& literal : *literals) literal.span = word.span;
  return out;
}

const std::optional<Lowered>& Matchers::matcher(size_t index) {
  State& state = states_[index];
  if (state.progress != Progress::kNew) return state.lowered;
  state.progress = Progress::kActive;
  active_.push_back(index);
  // Beyond the limit nothing is expanded any more: it would be thrown away.
  if (!reported_total_) state.lowered = lower(declarations_.matchers[index]->expression);
  active_.pop_back();
  state.progress = Progress::kDone;
  if (state.lowered && (total_nodes_ += state.lowered->nodes) > kMaxMatcherNodes) {
    if (!reported_total_) report_too_large(declarations_.matchers[index]->name.span, "the matchers together");
    reported_total_ = true;
    state.lowered.reset();
  }
  return state.lowered;
}

void Matchers::report_cycle(size_t index, Span span) {
  auto report = diagnostics_.report(Kind::kCyclicDefinition, span, "the matcher `{}` is defined by itself",
                                    declarations_.matchers[index]->name.text);
  const auto first = std::find(active_.begin(), active_.end(), index);
  for (auto it = first; it != active_.end(); ++it)
    report.label(declarations_.matchers[*it]->name.span,
                 fmt::format("`{}` is defined here", declarations_.matchers[*it]->name.text));
}

void Matchers::report_too_large(Span span, std::string_view what) {
  diagnostics_
      .report(Kind::kExpressionTooLarge, span, "{} would have more than {} tests and operators", what,
              what == "the expression" ? kMaxExpressionNodes : kMaxMatcherNodes)
      .note("a matcher's name stands for its whole expression, each time that it is used");
}

std::optional<Lowered> Matchers::lower_not(const Expression& expression) {
  if (expression.operands.empty()) return std::nullopt;
  std::optional<Lowered> operand = lower(expression.operands[0]);
  if (!operand) return std::nullopt;
  if (matches_all(*operand)) {
    diagnostics_
        .report(Kind::kNeverTrue, expression.span, "no task satisfies `not` of what matches everything")
        .at("never true");
    return std::nullopt;
  }
  Lowered out;
  out.nodes = operand->nodes + 1;
  out.expression = negate(std::move(operand->expression));
  out.conjuncts = negate(std::move(operand->disjuncts));
  out.disjuncts = negate(std::move(operand->conjuncts));
  return out;
}

// `and` and `or`: nested ones of the same kind become one list, equal operands
// one operand, and `*` is what it is to each of them.
std::optional<Lowered> Matchers::lower_list(const Expression& expression) {
  const bool is_and = expression.kind == Expression::Kind::kAnd;
  Lowered out;
  out.expression = {is_and ? ModelKind::kAnd : ModelKind::kOr, 0, {}};
  std::vector<Literal> literals;
  bool sound = true;
  bool all = false;
  const auto add = [&](model::Expression operand) {
    auto& operands = out.expression.operands;
    if (std::find(operands.begin(), operands.end(), operand) == operands.end())
      operands.push_back(std::move(operand));
  };
  for (const Expression& written : expression.operands) {
    std::optional<Lowered> operand = lower(written);
    if (!operand) {
      sound = false;
      continue;
    }
    out.nodes += operand->nodes;
    if (out.nodes > kMaxExpressionNodes) {
      report_too_large(expression.span, "the expression");
      return std::nullopt;
    }
    const auto& found = is_and ? operand->conjuncts : operand->disjuncts;
    literals.insert(literals.end(), found.begin(), found.end());
    if (matches_all(*operand)) {
      all = true;
    } else if (operand->expression.kind == out.expression.kind) {
      for (model::Expression& inner : operand->expression.operands) add(std::move(inner));
    } else {
      add(std::move(operand->expression));
    }
  }
  if (is_and && report_contradiction(literals)) return std::nullopt;
  if (!sound) return std::nullopt;
  if (!is_and && (all || report_tautology(literals))) return everything();
  auto& operands = out.expression.operands;
  if (operands.empty()) return everything();
  if (operands.size() == 1) {
    // Moving an element over its own parent would free it first.
    model::Expression only = std::move(operands[0]);
    out.expression = std::move(only);
    out.conjuncts = out.disjuncts = std::move(literals);
    if (out.expression.kind == ModelKind::kAnd) out.disjuncts.clear();
    if (out.expression.kind == ModelKind::kOr) out.conjuncts.clear();
    return out;
  }
  (is_and ? out.conjuncts : out.disjuncts) = std::move(literals);
  return out;
}

uint32_t Matchers::intern(model::Predicate predicate) {
  const auto [it, fresh] =
      predicate_index_.emplace(model::to_string(predicate), static_cast<uint32_t>(predicates_.size()));
  if (fresh) predicates_.push_back(std::move(predicate));
  return it->second;
}

bool Matchers::report_contradiction(const std::vector<Literal>& literals) {
  const auto conflict = find_contradiction(literals, predicates_);
  if (!conflict) return false;
  const auto text = [&](const Literal& literal) {
    return fmt::format("{}{}", literal.negated ? "not " : "",
                       model::to_string(predicates_[literal.predicate]));
  };
  diagnostics_
      .report(Kind::kContradiction, conflict->second.span, "no task satisfies both `{}` and `{}`",
              text(conflict->first), text(conflict->second))
      .at("never true together with the other")
      .label(conflict->first.span, "this test")
      .help(conflict->first.predicate == conflict->second.predicate
                ? "the one is the opposite of the other: take one of them out"
                : "where one of them is enough, join them with `or`");
  return true;
}

bool Matchers::report_tautology(const std::vector<Literal>& literals) {
  const auto pair = find_tautology(literals, predicates_);
  if (!pair) return false;
  diagnostics_
      .report(Kind::kAlwaysTrue, pair->second.span, "every task satisfies one of these tests of `{}`",
              abi::spelling(predicates_[pair->first.predicate].attribute))
      .at("always true together with the other")
      .label(pair->first.span, "this test")
      .help("join tests that must all hold with `and`, or write `*`");
  return true;
}

void lower_matchers(const Declarations& declarations, Matchers& matchers) {
  for (size_t i = 0; i < declarations.matchers.size(); ++i) (void)matchers.matcher(i);
}

}  // namespace scx::sema
