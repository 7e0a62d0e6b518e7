// Which line of a policy is the reason that its object needs something of the
// kernel, from the manifest: the object's own lines are mostly those of the
// templates, which every policy shares. Pure; used by the audit.
#pragma once

#include <optional>
#include <string_view>

#include "runtime/abi/manifest.h"

namespace scx::audit {

// `name`: an attach point ("task_rename"), an operation ("set_weight"), a kernel function, or a type whose
// fields are read ("cred"). Nothing if every policy needs it.
std::optional<abi::Location> policy_place(std::string_view name, const abi::Manifest& manifest);

}  // namespace scx::audit
