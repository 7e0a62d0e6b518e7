// `scxc fmt FILE…`: policies in the one layout, in place, or what would change.
// A file with mistakes in its text is left as it is.
#include <algorithm>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "compiler/diagnostics/display_text.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/policy_files.h"
#include "compiler/driver/report.h"
#include "compiler/format/format.h"
#include "compiler/format/unified_diff.h"
#include "compiler/syntax/syntax.h"
#include "runtime/base/file.h"

namespace scx::driver {
namespace {

constexpr std::string_view kStandardInput = "-";

// The formatted text of a file without mistakes.
Result<std::string> formatted(FileId before, Sources& sources) {
  std::string text = format::format(before, sources);
  if (text.size() > syntax::kMaxFileSize)
    return Error{fmt::format("the formatted text of {} has {} bytes, more than {}",
                             scx::quoted(sources.display_path(before)), text.size(), syntax::kMaxFileSize),
                 "move a part of it to another file, and `include` that", "too-large"};
  // A formatter that loses a line of a policy is worse than none: what is written is compared first.
  const FileId after = sources.add(sources.display_path(before), sources.logical_path(before), text);
  if (!format::same_content(before, after, sources))
    return Error{fmt::format("internal error: formatting {} would change what it says",
                             scx::quoted(sources.display_path(before))),
                 "the file is left as it is", "internal"};
  return text;
}

// A diff for a terminal: the colours that git gives its lines, if any, and nothing that a terminal obeys.
std::string shown(std::string_view diff, bool with_color) {
  std::string out;
  while (!diff.empty()) {
    const size_t end = std::min(diff.find('\n'), diff.size() - 1);
    const std::string_view line = diff.substr(0, end);
    const bool is_head = line.starts_with("---") || line.starts_with("+++");
    const char* color = is_head                 ? "1"
                        : line.starts_with("@") ? "36"
                        : line.starts_with("-") ? "31"
                        : line.starts_with("+") ? "32"
                                                : nullptr;
    const std::string text = diag::display(line).text;
    out += color == nullptr || !with_color ? text : fmt::format("\033[{}m{}\033[0m", color, text);
    out += '\n';
    diff.remove_prefix(end + 1);
  }
  return out;
}

// What seems to be forgotten in the file may be meant, see run_phases().
bool is_correct_at_its_word(const Options& options, const std::string& file) {
  if (file == kStandardInput) return false;
  Compilation compilation;
  Timings timings;
  return run_phases(options, file, Phase::kSema, compilation, timings).ok() &&
         !compilation.diagnostics.has_errors();
}

class Formatting {
 public:
  explicit Formatting(const Options& options) : options_(options) {}

  int run(const std::string& file) {
    const Result<std::string> read = syntax::read_text(file);
    if (!read) return fail(read.error());
    const bool is_input = file == kStandardInput;
    Compilation compilation;
    const std::string name = is_input ? "<stdin>" : file;
    const FileId before = compilation.sources.add(name, name, *read);
    syntax::parse(before, compilation.sources, compilation.diagnostics);
    if (compilation.diagnostics.has_errors() && !is_correct_at_its_word(options_, file)) {
      report_diagnostics(options_, compilation, is_input || options_.diff);
      return kExitErrors;
    }
    const Result<std::string> text = formatted(before, compilation.sources);
    if (!text) {
      report_error(options_, text.error());
      return text.error().reason == "too-large" ? kExitErrors : kExitEnvironment;
    }
    return finish(file, *read, *text);
  }

 private:
  int fail(const Error& error) const {
    report_error(options_, error);
    return kExitEnvironment;
  }

  // Says or does what was asked for.
  [[nodiscard]] int finish(const std::string& file, const std::string& before,
                           const std::string& after) const {
    const bool changes = before != after;
    if (options_.diff && changes) {
      const std::string name = diag::display(file).text;
      const std::string diff = format::unified_diff(before, after, name, name);
      const bool with_color = use_color(options_.color, STDOUT_FILENO);
      print_out(with_color || ::isatty(STDOUT_FILENO) != 0 ? shown(diff, with_color) : diff);
    }
    if (options_.only_check) {
      if (changes) tell(file, "unformatted");
      return changes ? kExitErrors : kExitOk;
    }
    if (options_.diff) return kExitOk;
    if (file == kStandardInput) {
      const Result<void> written = write_file_atomically(file, after);
      return written ? kExitOk : fail(written.error());
    }
    if (!changes) return kExitOk;
    const Result<void> written = write_file_atomically(file, after);
    if (!written) return fail(written.error());
    tell(file, "formatted");
    return kExitOk;
  }

  // For people on standard error; for programs, and for what `--check` lists, on standard output.
  void tell(const std::string& file, std::string_view what) const {
    if (options_.format == Format::kJson) {
      const nlohmann::json line = {{"version", 1}, {"file", file}, {"state", what}};
      const std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
      options_.diff ? print_error(text) : print_out(text);
    } else if (options_.only_check && !options_.diff) {
      print_out(diag::display(file).text + "\n");
    } else {
      print_error(fmt::format("{} {}\n", what, diag::display(file).text));
    }
  }

  const Options& options_;
};

}  // namespace

int format(const Options& options) {
  const Result<std::vector<PolicyFile>> files = policy_files(options.files);
  if (!files) {
    report_error(options, files.error());
    return kExitEnvironment;
  }
  int exit_code = kExitOk;
  Formatting formatting(options);
  for (const PolicyFile& file : *files) exit_code = std::max(exit_code, formatting.run(file.name));
  return exit_code;
}

}  // namespace scx::driver
