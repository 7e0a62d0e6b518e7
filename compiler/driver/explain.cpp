// `scxc explain CODE`: the page of a diagnostic.
#include "compiler/diagnostics/explain.h"

#include <algorithm>
#include <cctype>

#include "compiler/driver/commands.h"
#include "compiler/driver/report.h"
#include "runtime/base/file.h"

namespace scx::driver {

int explain(const Options& options) {
  std::string code = options.code;
  std::transform(code.begin(), code.end(), code.begin(), [](unsigned char c) { return std::toupper(c); });
  std::vector<std::string_view> codes;
  for (const diag::KindInfo& kind : diag::all_kinds()) {
    if (kind.code == code) {
      print_out(diag::explanation(kind));
      return kExitOk;
    }
    codes.push_back(kind.code);
  }
  Error error = make_error("no diagnostic has the code {}", scx::quoted(options.code));
  const std::string_view near = diag::closest(code, codes);
  if (!near.empty()) error.help = fmt::format("did you mean `{}`?", near);
  report_error(options, error);
  return kExitUsage;
}

}  // namespace scx::driver
