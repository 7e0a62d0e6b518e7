#include "compiler/sema/path_sets.h"

#include <algorithm>

namespace scx::sema {

using ExpressionKind = model::Expression::Kind;

namespace {

// States that may be made for one policy, some seconds' work; what people write takes thousands.
constexpr uint64_t kMostStates = 2'000'000;
// As construction of a language is bounded.
constexpr uint64_t kMostOfLanguage = 16384;

}  // namespace

PathSets::PathSets(const std::vector<model::Predicate>& predicates)
    : predicates_(predicates),
      all_(automata::values_of(abi::Attribute::kCgroup)),
      none_(*automata::intersection(all_, automata::complement(all_))) {}

bool PathSets::spend(uint64_t states) {
  spent_ += states;
  return spent_ <= kMostStates;
}

bool PathSets::spend(const Set& a, const Set& b) {
  const uint64_t pairs = uint64_t{a->state_count()} * b->state_count();
  return spend(std::min<uint64_t>(pairs, automata::kMaxProductStates));
}

PathSets::Set PathSets::language(const model::StringTest& test) {
  const auto parsed = automata::parse_test(test, abi::Attribute::kCgroup);
  const auto* pattern = std::get_if<automata::Pattern>(&parsed);
  if (pattern == nullptr || spent_ > kMostStates) return std::nullopt;
  const Set out = automata::language(*pattern);
  spend(out ? out->state_count() : kMostOfLanguage);
  return intersect(out, all_);
}

const PathSets::Set& PathSets::of(uint32_t predicate) {
  const auto found = of_.find(predicate);
  if (found != of_.end()) return found->second;
  return of_.emplace(predicate, language(*predicates_[predicate].string)).first->second;
}

const PathSets::Set& PathSets::under(uint32_t predicate) {
  const auto found = under_.find(predicate);
  if (found != under_.end()) return found->second;
  const model::StringTest test{model::StringTest::Op::kUnder, predicates_[predicate].string->text};
  return under_.emplace(predicate, language(test)).first->second;
}

PathSets::Set PathSets::intersect(const Set& a, const Set& b) {
  return a && b && spend(a, b) ? automata::intersection(*a, *b) : std::nullopt;
}

PathSets::Set PathSets::unite(const Set& a, const Set& b) {
  return a && b && spend(a, b) ? automata::unite(*a, *b) : std::nullopt;
}

PathSets::Set PathSets::subtract(const Set& a, const Set& b) {
  return a && b && spend(a, b) ? automata::intersection(*a, automata::complement(*b)) : std::nullopt;
}

PathSets::Set PathSets::of(const model::Expression& expression, bool certain) {
  switch (expression.kind) {
    case ExpressionKind::kAll:
      return all_;
    case ExpressionKind::kTest:
      if (predicates_[expression.predicate].attribute == abi::Attribute::kCgroup)
        return of(expression.predicate);
      return certain ? none_ : all_;
    case ExpressionKind::kNot:
      return subtract(all_, of(expression.operands[0], !certain));
    case ExpressionKind::kAnd:
    case ExpressionKind::kOr:
      break;
  }
  const bool is_and = expression.kind == ExpressionKind::kAnd;
  Set out = is_and ? all_ : none_;
  for (const model::Expression& operand : expression.operands) {
    if (!reads_cgroup(predicates_, operand) && is_and != certain) {
      // `and` with what may hold, `or` with what may not: nothing changes.
      continue;
    }
    out = is_and ? intersect(out, of(operand, certain)) : unite(out, of(operand, certain));
  }
  return out;
}

bool reads_cgroup(const std::vector<model::Predicate>& predicates, const model::Expression& expression) {
  if (expression.kind == ExpressionKind::kTest)
    return predicates[expression.predicate].attribute == abi::Attribute::kCgroup;
  return std::any_of(expression.operands.begin(), expression.operands.end(),
                     [&](const model::Expression& operand) { return reads_cgroup(predicates, operand); });
}

}  // namespace scx::sema
