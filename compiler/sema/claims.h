// What cells claim, as languages of cgroup paths: two cells that begin at the
// same cgroup, families without any, layers whose cgroups are another cell's.
#pragma once

#include <vector>

#include "compiler/model/model.h"
#include "compiler/sema/cells.h"

namespace scx::sema {

// Pass `check_claims`.
// Reads: the cells with their layers, predicates of Matchers. Writes: diagnostics only.
// Invariant of a policy without errors and without W0506: no two cells begin at the same cgroup, none at the
// root cgroup, every family at some.
void check_claims(const std::vector<LoweredCell>& cells, const std::vector<model::Predicate>& predicates,
                  diag::Diagnostics& diagnostics);

}  // namespace scx::sema
