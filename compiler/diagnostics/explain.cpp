#include "compiler/diagnostics/explain.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "runtime/base/check.h"

namespace scx::diag {

// Generated from explain/*.md.
namespace pages {
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_files();
}

namespace {

std::optional<std::string_view> embedded(std::string_view path) {
  for (const auto& [name, text] : pages::embedded_files())
    if (name == path) return text;
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> explain(std::string_view code) {
  return embedded(fmt::format("explain/{}.md", code));
}

std::string_view finding_schema() {
  const auto schema = embedded("schema/finding.schema.json");
  SCX_CHECK(schema.has_value(), "the schema is embedded");
  return *schema;
}

std::string_view explanation(const KindInfo& kind) {
  const auto page = explain(kind.code);
  SCX_CHECK(page.has_value(), "every kind of diagnostic has a page in explain/");
  return *page;
}

}  // namespace scx::diag
