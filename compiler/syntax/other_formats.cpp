#include "compiler/syntax/other_formats.h"

#include <algorithm>
#include <cctype>

namespace scx::syntax {
namespace {

constexpr std::string_view kBlank = " \t\r\n";
constexpr std::string_view kPolicyHelp =
    "a policy is text such as `policy edge { }  layer rest open { match *; }`";

std::string_view without_blank(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kBlank), text.size()));
}

// The first line that is neither empty nor a comment, which YAML begins with `#` as well.
std::string_view first_line(std::string_view text) {
  for (text = without_blank(text); text.starts_with('#'); text = without_blank(text))
    text.remove_prefix(std::min(text.find('\n'), text.size()));
  return text.substr(0, text.find('\n'));
}

bool is_json(std::string_view text) {
  text = without_blank(text);
  if (!text.starts_with('{') && !text.starts_with('[')) return false;
  const bool list = text.front() == '[';
  text = without_blank(text.substr(1));
  if (text.empty()) return false;
  const char next = text.front();
  return next == '"' || next == (list ? ']' : '}') || (list && (next == '{' || next == '['));
}

bool is_yaml(std::string_view text) {
  const std::string_view line = first_line(text);
  if (line.starts_with("---") || line.starts_with("%YAML")) return true;
  // A policy with a stray `:` has statements.
  if (text.find(';') != std::string_view::npos) return false;
  if (line.starts_with("- ")) return true;
  const size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  for (const char c : line.substr(0, colon))
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 &&
        std::string_view("_-. \"").find(c) == std::string_view::npos)
      return false;
  return colon + 1 == line.size() || kBlank.find(line[colon + 1]) != std::string_view::npos;
}

bool is_ini(std::string_view text) {
  const std::string_view line = first_line(text);
  return line.size() > 2 && line.front() == '[' && std::isalpha(static_cast<unsigned char>(line[1])) != 0 &&
         line.find(']') != std::string_view::npos;
}

bool is_layered(std::string_view text) {
  return text.find("\"matches\"") != std::string_view::npos &&
         text.find("\"kind\"") != std::string_view::npos;
}

}  // namespace

std::optional<OtherFormat> recognise_other_format(std::string_view text) {
  if (text.starts_with("\x7f"
                       "ELF"))
    return OtherFormat{"an object file", "objects are loaded by `scx-run`"};
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::string help(kPolicyHelp);
  if (is_json(text)) {
    if (is_layered(text))
      return OtherFormat{"a configuration of scx_layered",
                         "importing one (`scxc import layered`) is not implemented yet"};
    return OtherFormat{"JSON", help};
  }
  if (is_yaml(text)) return OtherFormat{"YAML", help};
  if (is_ini(text)) return OtherFormat{"TOML or INI", help};
  if (without_blank(text).starts_with('<')) return OtherFormat{"XML or HTML", help};
  return std::nullopt;
}

}  // namespace scx::syntax
