// Comments that say why a finding is as it should be:
//   # scxlint allow order-decides: the small layer is meant to win
//   # scxlint allow-file tests, W0802: generated, tested elsewhere
// On a line of its own such a comment speaks of the statement or declaration
// below it with everything in it, behind one of that, and elsewhere behind code
// of what begins on its line.
// Every command of scxc heeds them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/support/source.h"

namespace scx::findings {

// What such comments begin with, behind `#`; files without it need not be searched for any.
inline constexpr std::string_view kAllowanceMark = "scxlint";

struct Allowance {
  std::vector<diag::Kind> kinds;
  std::string reason;
  Span comment;
  Span covers;  // places of findings
};

// The allowances in the comments of one file. Reports comments that begin like one and allow nothing: without
// a reason, of an unknown rule, of an error.
std::vector<Allowance> read_allowances(const ast::File& file, const std::vector<Span>& comments,
                                       const Sources& sources, diag::Diagnostics& diagnostics);

struct Told {
  diag::Diagnostics told;
  diag::Diagnostics allowed;  // each with its reason
};

// Parts what is told from what is allowed. `report_unused`: all rules ran, so that an allowance of nothing is
// a finding itself.
Told heed(const diag::Diagnostics& all, const std::vector<Allowance>& allowances, bool report_unused);

}  // namespace scx::findings
