// Text of a policy made safe for a terminal, and where each of its bytes ends
// up: tabs become spaces, control and direction characters and bytes that are
// not UTF-8 are escaped, wide characters take two columns. Used by the
// renderers of text and XML.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace scx::diag {

struct DisplayText {
  std::string text;
  // Terminal column (from 0) of byte i of the original; one more entry for its
  // end. Bytes inside a character have the column of the character.
  std::vector<uint32_t> columns;
};

DisplayText display(std::string_view text);

}  // namespace scx::diag
