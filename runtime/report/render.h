// A frame as text: a table for a terminal, plain lines for logs, one JSON
// document for programs. Pure; the control loop writes what they return.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/report/figures.h"

namespace scx::report {

// Raised when a reader of the previous version would misread a document; runtime/report/README.md has the
// schema.
inline constexpr int kStatsVersion = 2;

struct Style {
  bool color = false;
  unsigned width = 100;  // columns; longer lines are cut
  unsigned height = 0;   // lines of the screen; 0: as many as there are
};

// Header and one row a layer, below one for its cell if the policy declares cells; ends in a newline. Only
// cells that run are shown, and `below` the rows the lines that are said of them. Rows that the screen has no
// room for are counted.
std::string table(const Frame& frame, const Style& style, const std::vector<std::string>& below = {});

// One line a layer of a cell that runs, `name=value`, for output that is not a terminal.
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

// By slot, how its cell is called: the one that runs or drains there, else the declaration.
using CellNames = std::vector<std::string>;
CellNames cell_names(const abi::Manifest& manifest, const std::vector<cells::CellView>& cells);

// `text` with "domain N" replaced by `layer CELL/LAYER` and "cell N" by the cell's name, and control
// characters but newline and tab made visible.
std::string in_policy_terms(std::string_view text, const abi::Manifest& manifest, const CellNames& names);

// enum scx_exit_kind in words: "runtime error", "stall", …
std::string exit_kind(uint32_t kind);

}  // namespace scx::report
