#include "compiler/driver/lint_settings.h"

#include <filesystem>

#include <unistd.h>

#include "compiler/diagnostics/render.h"
#include "compiler/driver/report.h"
#include "compiler/syntax/syntax.h"
#include "runtime/base/file.h"

namespace scx::driver {
namespace {

namespace fs = std::filesystem;

// The nearest settings from the policy's folder upwards; empty if there are none.
std::string settings_file_for(const std::string& policy) {
  std::error_code code;
  fs::path folder = fs::absolute(policy == "-" ? "." : policy, code).lexically_normal();
  if (policy != "-") folder = folder.parent_path();
  for (;;) {
    const fs::path file = folder / findings::kSettingsFile;
    if (fs::is_regular_file(file, code)) return file.lexically_proximate(fs::current_path(code)).string();
    if (fs::exists(folder / ".git", code) || !folder.has_relative_path()) return "";
    folder = folder.parent_path();
  }
}

}  // namespace

Result<const LintSettings::Of*> LintSettings::of(const std::string& path) {
  const std::string file = options_.config.empty() ? settings_file_for(path) : options_.config;
  auto found = known_.find(file);
  if (found == known_.end()) {
    Of settings;
    if (!file.empty()) {
      SCX_TRY(settings, read(file));
    }
    found = known_.emplace(file, std::move(settings)).first;
  }
  return &found->second;
}

Result<LintSettings::Of> LintSettings::read(const std::string& file) const {
  SCX_TRY(std::string text, read_file(file));
  Sources sources;
  diag::Diagnostics diagnostics;
  const FileId id = sources.add(file, file, std::move(text));
  const ast::File tree = syntax::parse(id, sources, diagnostics);
  Of out;
  out.file = file;
  out.folder = fs::path(file).parent_path().string();
  if (!diagnostics.has_errors()) out.settings = findings::read_settings(tree, diagnostics);
  if (!diagnostics.has_errors()) return out;
  Error error = make_error("the settings {} cannot be read", scx::quoted(file));
  error.help = diag::render_terminal(diagnostics, sources, use_color(options_.color, STDERR_FILENO));
  while (!error.help.empty() && error.help.back() == '\n') error.help.pop_back();
  return error;
}

bool is_excluded(const LintSettings::Of& settings, const std::string& path) {
  if (settings.settings.exclude.empty() || path == "-") return false;
  std::error_code code;
  const fs::path folder = fs::absolute(settings.folder.empty() ? "." : settings.folder, code);
  const std::string relative =
      fs::absolute(path, code).lexically_normal().lexically_relative(folder.lexically_normal()).string();
  return findings::excludes(settings.settings, relative);
}

}  // namespace scx::driver
