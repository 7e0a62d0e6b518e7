// One test of one attribute in a sentence: for people who read a policy that
// somebody else wrote.
#pragma once

#include <string>

#include "compiler/model/model.h"

namespace scx::analysis {

// `its cgroup is "/web.slice" or below it`: what is true of a task of which the test holds.
std::string meaning(const model::Predicate& predicate);

}  // namespace scx::analysis
