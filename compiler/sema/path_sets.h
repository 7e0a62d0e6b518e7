// Sets of cgroup paths as automata: of a predicate, of all that is below its
// pattern, of the tasks that a match expression can take. Private to claims.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/automata/dfa.h"
#include "compiler/model/model.h"

namespace scx::sema {

// Nothing wherever a set takes more states or work than it may.
class PathSets {
 public:
  using Set = std::optional<automata::Dfa>;

  explicit PathSets(const std::vector<model::Predicate>& predicates);

  // Paths that cgroups can have.
  [[nodiscard]] const automata::Dfa& all() const { return all_; }
  // Those for which a predicate of `cgroup` holds.
  const Set& of(uint32_t predicate);
  // Those that the pattern of a predicate matches, and all below them.
  const Set& under(uint32_t predicate);
  // Of tasks for which the expression may hold or, if `certain`, holds whatever their other attributes are.
  Set of(const model::Expression& expression, bool certain = false);

  Set intersect(const Set& a, const Set& b);
  Set unite(const Set& a, const Set& b);
  Set subtract(const Set& a, const Set& b);

 private:
  Set language(const model::StringTest& test);
  bool spend();

  const std::vector<model::Predicate>& predicates_;
  automata::Dfa all_;
  automata::Dfa none_;
  std::map<uint32_t, Set> of_, under_;
  uint32_t spent_ = 0;
};

// Whether the expression reads the attribute `cgroup`.
bool reads_cgroup(const std::vector<model::Predicate>& predicates, const model::Expression& expression);

}  // namespace scx::sema
