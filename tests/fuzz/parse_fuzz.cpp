// Any bytes: the lexer and the parser neither crash nor hang, and every place
// that they report or return lies in the text.
#include "compiler/syntax/lexemes.h"
#include "compiler/syntax/syntax.h"
#include "tests/fuzz/target.h"

namespace {

void check_span(scx::Span span, size_t size) {
  SCX_CHECK(span.begin <= span.end && span.end <= size, "a span lies in its text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const scx::fuzz::TimeLimit limit;
  scx::Sources sources;
  scx::diag::Diagnostics diagnostics;
  const scx::FileId id = sources.add("fuzz.scx", "fuzz.scx", scx::fuzz::text_of(data, size));
  const scx::ast::File file = scx::syntax::parse(id, sources, diagnostics);
  for (const auto& item : file.items) check_span(scx::ast::span_of(item), size);
  for (const auto& diagnostic : diagnostics.all()) check_span(diagnostic.span, size);
  size_t end = 0;
  for (const scx::syntax::Lexeme& lexeme : scx::syntax::lexemes(id, sources)) {
    check_span(lexeme.span, size);
    SCX_CHECK(lexeme.span.begin >= end, "lexemes stand one behind the other");
    end = lexeme.span.end;
  }
  scx::ast::dump(file, sources);
  scx::syntax::dump_tokens(id, sources);
  return 0;
}
