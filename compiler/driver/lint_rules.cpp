// `scxc lint --rules`: what settings and allowances can name.
#include <nlohmann/json.hpp>

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/report.h"

namespace scx::driver {

int list_rules(const Options& options) {
  nlohmann::json list = nlohmann::json::array();
  std::string text;
  for (const diag::KindInfo& kind : diag::all_kinds()) {
    if (kind.severity == diag::Severity::kError) continue;
    const std::string name = diag::rule_name(kind);
    text += fmt::format("{}  {:<22} {:<10} {:<8} {}\n", kind.code, name, kind.category,
                        diag::spelling(kind.severity), kind.title);
    list.push_back({{"code", kind.code},
                    {"rule", name},
                    {"category", kind.category},
                    {"severity", diag::spelling(kind.severity)},
                    {"title", kind.title}});
  }
  const nlohmann::json document = {{"version", 1}, {"rules", std::move(list)}};
  print_out(options.format == Format::kJson ? document.dump() + "\n" : text);
  return kExitOk;
}

}  // namespace scx::driver
