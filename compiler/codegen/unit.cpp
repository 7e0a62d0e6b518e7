#include "compiler/codegen/unit.h"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/base/check.h"

namespace scx::codegen {

void Unit::add(Section section, std::string text) {
  if (text.empty()) return;
  SCX_CHECK(text.back() == '\n', "a piece of text ends in a newline");
  add_identifiers(text, names_);
  sections_[static_cast<size_t>(section)].push_back({std::move(text), false});
}

void Unit::add_located(Section section, std::string text) {
  if (text.empty()) return;
  add(section, std::move(text));
  sections_[static_cast<size_t>(section)].back().located = true;
}

std::string Unit::print() const {
  std::string out;
  size_t lines = 0;
  bool lost = true;  // whether the compiler must be told where it is
  const auto put = [&](std::string_view text) {
    out += text;
    lines += static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  };
  for (const std::vector<Piece>& section : sections_) {
    for (const Piece& piece : section) {
      if (!out.empty()) put("\n");
      if (lost && !out.empty()) {
        put(fmt::format("#line {} \"{}\"\n", lines + 2, name_));
        lost = false;
      }
      put(piece.text);
      lost = lost || piece.located;
    }
  }
  return out;
}

}  // namespace scx::codegen
