// How cells are called: names that people read, made from paths that anybody
// who may make a cgroup chooses. So they are printable whatever the path is.
#pragma once

#include <string>
#include <string_view>

#include "runtime/abi/manifest.h"

namespace scx::cells {

// A path as it is if it has plain characters only, else quoted; different paths stay different.
std::string shown(std::string_view path);

// Of a cell with a name: that; of a family's: "tenants:/tenants/a".
std::string cell_name(const abi::Cell& cell, std::string_view path);
// "tenants:a": for tables; two cells of a family may have the same.
std::string short_cell_name(const abi::Cell& cell, std::string_view path);

}  // namespace scx::cells
