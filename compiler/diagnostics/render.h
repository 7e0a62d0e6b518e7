// Renderers: a finished collection of diagnostics as text for people, for logs
// and for tools. The driver chooses one; nothing here prints.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/support/source.h"

namespace scx::diag {

// With the source lines, carets, labels, notes and help; a blank line behind
// each diagnostic. Safe for a terminal: control bytes of sources, paths and
// messages are escaped. `color` adds ANSI sequences.
std::string render_terminal(const Diagnostics& diagnostics, const Sources& sources, bool color);
std::string render_terminal(const Diagnostic& diagnostic, const Sources& sources, bool color);

// One line each: `file:line:column: error[E0101]: message`.
std::string render_compact(const Diagnostics& diagnostics, const Sources& sources);

// One JSON object a line: code, severity, message, label, the place (file, line,
// column, end_line, end_column; counted from 1, columns in bytes, the end is
// the first byte behind), labels, notes, help, fixes. Bytes that are not UTF-8 are replaced.
std::string render_json(const Diagnostics& diagnostics, const Sources& sources);

// What was said of one policy. The pointers are never null.
struct Checked {
  std::string file;     // as the user named it
  std::string trouble;  // why nothing can be said; usually empty
  const Diagnostics* diagnostics = nullptr;
  const Diagnostics* allowed = nullptr;  // by comments of the policy
  const Sources* sources = nullptr;
  Severity fail_on = Severity::kWarning;  // findings from this level upwards are failures
};

// One document of SARIF 2.1.0 (OASIS), with the pages of the kinds that occur as help, and what comments
// allow as suppressed results. `version` is scxc's.
std::string render_sarif(std::span<const Checked> checked, std::string_view version);
// Annotations of GitHub's workflow commands, one a line.
std::string render_github(std::span<const Checked> checked);
// JUnit's XML: a suite a policy, a case a diagnostic.
std::string render_junit(std::span<const Checked> checked);

}  // namespace scx::diag
