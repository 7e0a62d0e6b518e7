// Match expressions become model expressions over one table of predicates:
// matcher names are replaced by what they stand for, equal tests are one
// predicate, and conjunctions that no task satisfies are found where integer
// ranges or fixed texts show it.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/model/model.h"
#include "compiler/sema/names.h"
#include "compiler/sema/predicates.h"

namespace scx::sema {

// A test inside an expression, for the search for contradictions.
struct Literal {
  uint32_t predicate = 0;
  bool negated = false;
  Span span;
};

// A lowered expression. `conjuncts` are tests that all hold when it matches,
// `disjuncts` tests any of which makes it match; both may be incomplete.
struct Lowered {
  model::Expression expression;
  std::vector<Literal> conjuncts;
  std::vector<Literal> disjuncts;
  uint32_t nodes = 1;  // of `expression`
};

class Matchers {
 public:
  Matchers(const Declarations& declarations, const Constants& constants, diag::Diagnostics& diagnostics)
      : declarations_(declarations),
        diagnostics_(diagnostics),
        reader_(declarations, constants, diagnostics),
        states_(declarations.matchers.size()) {}

  // Nothing, after a report, for an expression that is wrong or refers to one.
  std::optional<Lowered> lower(const ast::Expression& expression);
  // The matcher at an index of Declarations::matchers; memoised.
  const std::optional<Lowered>& matcher(size_t index);

  // The number of a predicate that is made elsewhere.
  uint32_t intern(model::Predicate predicate);

  [[nodiscard]] const std::vector<model::Predicate>& predicates() const { return predicates_; }

 private:
  enum class Progress : uint8_t { kNew, kActive, kDone };
  struct State {
    Progress progress = Progress::kNew;
    std::optional<Lowered> lowered;
  };

  std::optional<Lowered> lower_predicate(const ast::Expression& expression);
  std::optional<Lowered> lower_reference(size_t index, const ast::Word& word);
  std::optional<Lowered> lower_not(const ast::Expression& expression);
  std::optional<Lowered> lower_list(const ast::Expression& expression);
  bool report_contradiction(const std::vector<Literal>& literals);
  bool report_tautology(const std::vector<Literal>& literals);
  void report_cycle(size_t index, Span span);
  void report_too_large(Span span, std::string_view what);

  const Declarations& declarations_;
  diag::Diagnostics& diagnostics_;
  PredicateReader reader_;
  std::vector<State> states_;
  std::vector<size_t> active_;
  std::vector<model::Predicate> predicates_;
  std::unordered_map<std::string, uint32_t> predicate_index_;  // by text, which tells them apart
  bool reported_total_ = false;
  uint32_t total_nodes_ = 0;  // of all matchers
};

// Pass `lower_matchers`.
// Reads: Declarations, Constants. Writes: Matchers.
// Invariant: every matcher has been lowered or reported; references are resolved and acyclic; the
// expressions index Matchers::predicates, in which no two predicates are equal.
void lower_matchers(const Declarations& declarations, Matchers& matchers);

}  // namespace scx::sema
