// The cells: from their heads and blocks of properties to settings and claims
// of the model.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "compiler/model/model.h"
#include "compiler/sema/layers.h"
#include "compiler/sema/matchers.h"
#include "compiler/sema/names.h"
#include "compiler/sema/tables.h"

namespace scx::sema {

// A pattern of cgroup paths in a claim, where it stands.
struct ClaimPattern {
  uint32_t predicate = 0;
  Span span;
};

// One cell as written. The model's cell gets its layers when all is assembled.
struct LoweredCell {
  model::Cell cell;
  std::vector<ClaimPattern> begins;      // it begins where any of them matches
  std::vector<ClaimPattern> exceptions;  // and none of these
  bool claimed = false;                  // all of them are sound
  std::map<Property, Span> written;      // its properties, by the first place
  std::optional<Span> else_weight;       // `cpus from cpuset else weight N`
  std::optional<size_t> shares_with;     // index of a cell
  std::vector<LoweredLayer> layers;

  [[nodiscard]] std::optional<Span> place(Property property) const {
    const auto found = written.find(property);
    return found == written.end() ? std::nullopt : std::optional(found->second);
  }
};

// Pass `lower_cells`.
// Reads: the cells of Declarations, Constants. Writes: the cells with their settings and claims, root first;
// predicates of Matchers.
// Invariant: properties apply to the kinds of their cells, values are within their ranges; static cells and
// families that `claimed` says so have a claim over cgroup predicates; families have a `max`.
std::vector<LoweredCell> lower_cells(const Declarations& declarations, const Constants& constants,
                                     Matchers& matchers, diag::Diagnostics& diagnostics);

// Pass `check_cells`.
// Reads: the cells with their layers. Writes: diagnostics only.
// Invariant of a policy without errors: no cells share in a circle, every property has an effect, floors fit
// a machine of any size, there are at most kMaxDomains domains.
void check_cells(const std::vector<LoweredCell>& cells, diag::Diagnostics& diagnostics);

}  // namespace scx::sema
