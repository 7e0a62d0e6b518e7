// Two texts as a unified diff, which `patch` takes. Called by `scxc fmt --diff`.
#pragma once

#include <string>
#include <string_view>

namespace scx::format {

// With three lines around each change; empty if the texts are the same. The names stand in its first lines as
// they are.
std::string unified_diff(std::string_view before, std::string_view after, std::string_view before_name,
                         std::string_view after_name);

}  // namespace scx::format
