#include "tests/unit/format/formatted.h"

#include <gtest/gtest.h>

#include "compiler/diagnostics/render.h"
#include "compiler/format/format.h"
#include "compiler/syntax/syntax.h"

namespace scx::format {

std::string formatted(const std::string& text) {
  Sources sources;
  diag::Diagnostics diagnostics;
  const FileId before = sources.add("before.scx", "before.scx", text);
  syntax::parse(before, sources, diagnostics, syntax::Forgotten::kNothing);
  EXPECT_FALSE(diagnostics.has_errors()) << diag::render_terminal(diagnostics, sources, false);
  std::string once = format(before, sources);
  const FileId after = sources.add("after.scx", "after.scx", once);
  EXPECT_TRUE(same_content(before, after, sources)) << text << "\n--- became\n" << once;
  EXPECT_EQ(format(after, sources), once) << "once more, of\n" << text;
  return once;
}

}  // namespace scx::format
