// The ids that names of users and groups have on this machine: what a policy
// that names them means here. Used where it is loaded and where it is explained.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace scx {

// Nothing if the machine has no such name.
std::optional<uint32_t> user_id(const std::string& name);
std::optional<uint32_t> group_id(const std::string& name);

}  // namespace scx
