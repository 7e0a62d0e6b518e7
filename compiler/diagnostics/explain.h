// The pages that explain each kind of diagnostic, embedded from explain/.
// `scxc explain CODE` prints them, a language server links to them.
#pragma once

#include <optional>
#include <string_view>

#include "compiler/diagnostics/diagnostics.h"

namespace scx::diag {

// The page (Markdown) of a code such as "E0304"; nothing for a code that does not exist.
std::optional<std::string_view> explain(std::string_view code);

// The page of a kind; every kind has one (a test sees to it).
std::string_view explanation(const KindInfo& kind);

// The JSON schema of what render_json() writes in a line.
std::string_view finding_schema();

}  // namespace scx::diag
