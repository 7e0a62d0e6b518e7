// `scxc explain CODE`: the page of a diagnostic. `scxc explain`: which there are.
#include "compiler/diagnostics/explain.h"

#include <algorithm>
#include <cctype>

#include "compiler/driver/commands.h"
#include "compiler/driver/report.h"
#include "runtime/base/closest.h"
#include "runtime/base/file.h"

namespace scx::driver {

namespace {

// Every diagnostic, a line each.
std::string list_of_codes() {
  std::string text;
  for (const diag::KindInfo& kind : diag::all_kinds()) text += fmt::format("{}  {}\n", kind.code, kind.title);
  return text;
}

}  // namespace

int explain(const Options& options) {
  if (options.code.empty()) {
    print_out(list_of_codes());
    return kExitOk;
  }
  std::string code = options.code;
  std::transform(code.begin(), code.end(), code.begin(), [](unsigned char c) { return std::toupper(c); });
  for (const std::string& word : {code, options.code})
    if (const std::optional<diag::Kind> kind = diag::kind_named(word)) {
      print_out(diag::explanation(info(*kind)));
      return kExitOk;
    }
  std::vector<std::string_view> codes;
  for (const diag::KindInfo& kind : diag::all_kinds()) codes.push_back(kind.code);
  Error error = make_error("no diagnostic has the code {}", scx::quoted(options.code));
  const std::string_view near = closest(code, codes);
  error.help = "`scxc explain` lists them";
  if (!near.empty()) error.help = fmt::format("did you mean `{}`?", near);
  if (options.code.find_first_of("./") != std::string::npos)
    error.help = fmt::format(
        "of a policy say what: `scxc explain --task WORDS {0}`, `--pid PID`, `--layer NAME` or `--cleanup`",
        options.code);
  report_error(options, error);
  return kExitUsage;
}

}  // namespace scx::driver
