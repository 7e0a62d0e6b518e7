// Files that are no policies but configurations, objects or markup, told by
// how they begin: one clear error takes the place of one for each character.
// Called by parse.cpp before the text is taken apart.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace scx::syntax {

struct OtherFormat {
  std::string_view name;  // "JSON", "an object file"
  std::string help;
};

// Nothing for what may be a policy, however wrong.
std::optional<OtherFormat> recognise_other_format(std::string_view text);

}  // namespace scx::syntax
