// What `scxc lint` is told in a `.scxlint` file: levels of rules, from which
// level on it fails, which files it passes over. The text has the form of a
// policy's statements, so the same reader gives the tree and the same renderers
// show mistakes. The driver finds the file.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/support/source.h"

namespace scx::findings {

inline constexpr std::string_view kSettingsFile = ".scxlint";

struct Settings {
  // Nothing: the kind is not told. A kind that is not named keeps its own severity.
  std::map<diag::Kind, std::optional<diag::Severity>> levels;
  std::optional<diag::Severity> fail_on;
  // Shell patterns of paths relative to the file's folder; `*` also stands for `/`.
  std::vector<std::string> exclude;
};

// The settings of a file that was read without errors. Reports rules, levels and statements that there are
// none of, and levels of errors, which are what they are.
Settings read_settings(const ast::File& file, diag::Diagnostics& diagnostics);

// `all` at the levels of the settings, without what they turn off.
diag::Diagnostics at_levels(const diag::Diagnostics& all, const Settings& settings);

// Whether the settings pass over a file; `path` is relative to their folder.
bool excludes(const Settings& settings, const std::string& path);

// The kinds that a word of settings or of an allowance names: by code, by rule name, or all of a category
// that are no errors. Empty if the word names none.
std::vector<diag::Kind> kinds_named(std::string_view word);
// What may have been meant by a word that names none.
diag::Hint near_rule(std::string_view word);

}  // namespace scx::findings
