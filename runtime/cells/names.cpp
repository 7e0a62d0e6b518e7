#include "runtime/cells/names.h"

#include <algorithm>

#include "runtime/base/file.h"

namespace scx::cells {

std::string shown(std::string_view path) {
  const bool plain = !path.empty() && std::all_of(path.begin(), path.end(), [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '`' && c != '\\';
  });
  return plain ? std::string(path) : quoted(path);
}

std::string cell_name(const abi::Cell& cell, std::string_view path) {
  return cell.kind == abi::CellKind::kFamily ? fmt::format("{}:{}", cell.name, shown(path)) : cell.name;
}

std::string short_cell_name(const abi::Cell& cell, std::string_view path) {
  return cell_name(cell, path.substr(path.rfind('/') + 1));
}

}  // namespace scx::cells
