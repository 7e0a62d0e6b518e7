// A frame as text: a table for a terminal, plain lines for logs, one JSON
// document for programs. Pure; the control loop writes what they return.
#pragma once

#include <string>
#include <string_view>

#include "runtime/report/figures.h"

namespace scx::report {

// Raised when a reader of the previous version would misread a document; runtime/report/README.md has the
// schema.
inline constexpr int kStatsVersion = 1;

struct Style {
  bool color = false;
  unsigned width = 100;  // columns; longer lines are cut
};

// Header and one row a layer; ends in a newline.
std::string table(const Frame& frame, const Style& style);

// One line a layer, `name=value`, for output that is not a terminal.
std::string plain_lines(const Frame& frame);

// One line of JSON with a newline: {"type": "stats", …}.
std::string json(const Frame& frame);

// The last document of a run: {"type": "end", …}. `kind` and `reason` as the kernel says them.
struct EndFigures {
  std::string policy;
  std::string fingerprint;
  double elapsed_s = 0;
  bool orderly = true;
  uint32_t exit_kind = 0;
  uint64_t exit_code = 0;
  std::string reason;
  std::string message;
};
std::string json(const EndFigures& end);

// 1234567 ns -> "1.2ms"; at most six characters up to hours.
std::string duration(double nanoseconds);

// `text` with "domain N" replaced by `cell/layer`, and control characters but newline and tab made visible.
std::string in_policy_terms(std::string_view text, const abi::Manifest& manifest);

// enum scx_exit_kind in words: "runtime error", "stall", …
std::string exit_kind(uint32_t kind);

}  // namespace scx::report
