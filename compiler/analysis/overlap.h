// A quick proof that two expressions have no task in common, for comparing all
// layers of two policies: what it cannot tell, a search decides. Used by
// policy_moves.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/model/ranges.h"
#include "runtime/abi/classifier.h"

namespace scx::analysis {

class Overlap {
 public:
  // Both outlive it.
  Overlap(const abi::Classifier& classifier, const std::vector<abi::Expression>& expressions);

  // False if no task satisfies both, by what each conjunction of them says of single attributes. Indexes into
  // `expressions`.
  [[nodiscard]] bool may(uint32_t a, uint32_t b) const { return table_[size_t{a} * cubes_.size() + b]; }

 private:
  [[nodiscard]] bool compare(uint32_t a, uint32_t b) const;

  // How a value begins that a string predicate accepts, and whether that is all of it.
  struct Beginning {
    std::string text;
    bool whole = false;
  };
  // One conjunction: what it asks of predicates and of each attribute.
  struct Cube {
    std::map<uint32_t, bool> literals;
    std::map<abi::Attribute, model::Ranges> numbers;
    std::map<abi::Attribute, Beginning> strings;
  };
  struct Cubes {
    bool known = true;  // false: too many
    std::vector<Cube> cubes;
  };

  Cubes cubes_of(const abi::Expression& expression, bool holds) const;
  [[nodiscard]] bool add(Cube& cube, uint32_t predicate, bool holds) const;
  [[nodiscard]] std::optional<Cube> both(const Cube& a, const Cube& b) const;
  [[nodiscard]] static bool are_apart(const Cube& a, const Cube& b);
  [[nodiscard]] Beginning beginning_of(uint32_t predicate) const;

  const abi::Classifier& classifier_;
  std::vector<Beginning> beginnings_;  // by predicate
  std::vector<Cubes> cubes_;           // by expression
  std::vector<bool> table_;            // what may() says of each pair: it is asked of each many times
};

}  // namespace scx::analysis
