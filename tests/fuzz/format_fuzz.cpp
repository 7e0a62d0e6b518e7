// Any bytes that parse: formatting keeps all tokens and comments, gives a text
// without mistakes, and formatting that changes nothing.
#include "compiler/format/format.h"
#include "compiler/format/unified_diff.h"
#include "compiler/syntax/syntax.h"
#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const scx::fuzz::TimeLimit limit;
  scx::Sources sources;
  scx::diag::Diagnostics diagnostics;
  const scx::FileId before = sources.add("fuzz.scx", "fuzz.scx", scx::fuzz::text_of(data, size));
  scx::syntax::parse(before, sources, diagnostics);
  if (diagnostics.has_errors()) return 0;
  const std::string text = scx::format::format(before, sources);
  if (text.size() > scx::syntax::kMaxFileSize) return 0;  // the driver says so
  const scx::FileId after = sources.add("after.scx", "after.scx", text);
  scx::syntax::parse(after, sources, diagnostics);
  SCX_CHECK(!diagnostics.has_errors(), "what is formatted parses");
  SCX_CHECK(scx::format::same_content(before, after, sources), "no token and no comment is lost");
  SCX_CHECK(scx::format::format(after, sources) == text, "formatting once is enough");
  scx::format::unified_diff(sources.text(before), text, "before", "after");
  return 0;
}
