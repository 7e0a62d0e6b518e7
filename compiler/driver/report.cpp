#include "compiler/driver/report.h"

#include <cstdlib>

#include <unistd.h>

#include "compiler/diagnostics/render.h"

namespace scx::driver {

bool use_color(Color color, int fd) {
  if (color != Color::kAuto) return color == Color::kAlways;
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* terminal = std::getenv("TERM");
  return ::isatty(fd) != 0 && (terminal == nullptr || std::string_view(terminal) != "dumb");
}

void report_diagnostics(const Options& options, const Compilation& compilation, bool output_taken) {
  const diag::Diagnostics listed = diag::limit_errors(compilation.diagnostics, options.error_limit);
  if (options.format == Format::kJson) {
    const std::string text = diag::render_json(listed, compilation.sources);
    output_taken ? print_error(text) : print_out(text);
    return;
  }
  print_error(diag::render_terminal(listed, compilation.sources, use_color(options.color, STDERR_FILENO)));
}

void report_error(const Options& options, const Error& error) {
  const bool color = options.format == Format::kText && use_color(options.color, STDERR_FILENO);
  std::string text = fmt::format("{}: {}\n", color ? "\033[1;31merror\033[0m" : "error", error.message);
  if (!error.help.empty()) {
    // More than a line stands below, each line indented.
    text += error.help.find('\n') == std::string::npos ? "help: " : "  ";
    for (const char c : error.help) text += c == '\n' ? std::string("\n  ") : std::string(1, c);
    text += '\n';
  }
  print_error(text);
}

void report_timings(const Options& options, const Timings& timings) {
  if (!options.timings) return;
  print_error(options.format == Format::kJson ? timings.json() : timings.text());
}

namespace {

diag::Diagnostics errors_of(const diag::Diagnostics& all) {
  diag::Diagnostics out;
  for (const diag::Diagnostic& one : all.all())
    if (one.severity == diag::Severity::kError) out.add(one);
  return out;
}

}  // namespace

std::optional<int> run_for_result(const Options& options, const std::string& file, Phase last,
                                  Compilation& compilation, Timings& timings, Told told) {
  return report_for_result(options, run_phases(options, file, last, compilation, timings), compilation, told);
}

std::optional<int> report_for_result(const Options& options, const Result<void>& ran,
                                     Compilation& compilation, Told told) {
  heed_allowances(compilation, false);
  if (told == Told::kErrors) {
    compilation.diagnostics = errors_of(compilation.diagnostics);
    if (ran && !compilation.diagnostics.has_errors()) return std::nullopt;
  }
  const bool wrong = !ran || compilation.diagnostics.has_errors();
  // Standard output holds the result and nothing else, unless there is none.
  report_diagnostics(options, compilation, !wrong);
  if (!ran) {
    report_error(options, ran.error());
    return kExitEnvironment;
  }
  if (wrong) return kExitErrors;
  return std::nullopt;
}

}  // namespace scx::driver
