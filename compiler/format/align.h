// Columns: which statements of a block stand in one, and how far apart their
// words then are; and the column of comments behind neighbouring lines. Used by
// the layout.
#pragma once

#include <string>
#include <vector>

#include "compiler/format/statements.h"

namespace scx::format {

// What a block is, for the statements in it.
enum class Place : uint8_t {
  kFile,
  kProperties,  // a word and its operands, in columns
  kSentences,   // tests and cleanup: read, not looked up
};

// For each entry and each of its pieces: columns before it beside the one space. One more for the `{` of a
// statement's block. Empty for what is not aligned. `indent` is that of the block's lines.
std::vector<std::vector<size_t>> align_statements(const std::vector<Entry>& body, Place place, size_t indent);

// A line that is laid out but for the place of its comment.
struct Line {
  size_t indent = 0;
  std::string text;          // empty if the comment stands alone
  std::string_view comment;  // may be empty
  bool blank_before = false;
  bool continues = false;   // a comment that stands below the one behind the line before
  bool ends_group = false;  // `{` and `}` of a block on several lines: comments beyond are aligned anew
};

// The lines with their ends.
std::string print(const std::vector<Line>& lines);

}  // namespace scx::format
