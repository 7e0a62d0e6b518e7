#include "compiler/codegen/template_text.h"

#include <sstream>
#include <vector>

#include "runtime/base/check.h"

namespace scx::codegen {

namespace {

constexpr std::string_view kIf = "//% if ";
constexpr std::string_view kEnd = "//% end";

// `or` of `and` of names with any number of `not` before them.
bool holds(std::string_view condition, const Features& features) {
  std::istringstream words{std::string(condition)};
  std::string word;
  bool any = false, all = true, negated = false;
  while (words >> word) {
    if (word == "or") {
      any = any || all;
      all = true;
    } else if (word == "not") {
      negated = !negated;
    } else if (word != "and") {
      all = all && features.contains(word) != negated;
      negated = false;
    }
  }
  return any || all;
}

}  // namespace

std::string select(std::string_view text, const Features& features) {
  std::string out;
  std::vector<bool> kept = {true};
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    const std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    const size_t indent = line.find_first_not_of(" \t");
    const std::string_view content = indent == std::string_view::npos ? "" : line.substr(indent);
    if (content.starts_with(kIf)) {
      kept.push_back(kept.back() && holds(content.substr(kIf.size()), features));
    } else if (content.starts_with(kEnd)) {
      kept.pop_back();
      SCX_CHECK(!kept.empty(), "a template closes a condition that it did not open");
    } else if (kept.back()) {
      out.append(line).push_back('\n');
    }
  }
  SCX_CHECK(kept.size() == 1, "a template leaves a condition open");
  return out;
}

}  // namespace scx::codegen
