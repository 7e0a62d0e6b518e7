// Any bytes: the parser neither crashes nor hangs, and every place that it
// reports or returns lies in the text.
#include <cstdint>
#include <string>

#include "compiler/syntax/syntax.h"
#include "runtime/base/check.h"

namespace {

void check_span(scx::Span span, size_t size) {
  SCX_CHECK(span.begin <= span.end && span.end <= size, "a span lies in its text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  scx::Sources sources;
  scx::diag::Diagnostics diagnostics;
  std::string text;
  for (size_t i = 0; i < size; ++i) text += static_cast<char>(data[i]);
  const scx::FileId id = sources.add("fuzz.scx", "fuzz.scx", std::move(text));
  const scx::ast::File file = scx::syntax::parse(id, sources, diagnostics);
  for (const auto& item : file.items) check_span(scx::ast::span_of(item), size);
  for (const auto& diagnostic : diagnostics.all()) check_span(diagnostic.span, size);
  scx::ast::dump(file, sources);
  scx::syntax::dump_tokens(id, sources);
  return 0;
}
