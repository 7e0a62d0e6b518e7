// Renderers: a finished collection of diagnostics as text for people, for logs
// and for tools. The driver chooses one; nothing here prints.
#pragma once

#include <string>

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

// "error", "warning", "note".
std::string_view spelling(Severity severity);

}  // namespace scx::diag
