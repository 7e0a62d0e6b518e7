// The numbers of a policy: how many domains there are and what each one's
// layer says, as the C that templates read. codegen.cpp puts them first.
#pragma once

#include <string>

#include "compiler/codegen/features.h"
#include "compiler/model/model.h"
#include "compiler/support/source.h"

namespace scx::codegen {

// Constants of every scheduler.
std::string policy_constants(const model::Policy& policy);

// `domains[]`, with the members that the policy needs, and `layer_names[]`.
std::string domain_table(const model::Policy& policy, const Features& features, const Sources& sources);

}  // namespace scx::codegen
