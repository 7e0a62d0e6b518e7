// Reads operands that are words of the language in a fixed order, such as
// `idle return within 2ms`: a cursor over terms that reports what does not fit.
#pragma once

#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/sema/properties.h"

namespace scx::sema {

class Phrase {
 public:
  // `example` is one right use, for help.
  Phrase(const std::vector<ast::Term>& terms, size_t next, Span span, std::string_view words,
         std::string_view example, diag::Diagnostics& diagnostics)
      : terms_(terms),
        next_(next),
        span_(span),
        words_(words),
        example_(example),
        diagnostics_(diagnostics) {}
  Phrase(const PropertyUse& use, diag::Diagnostics& diagnostics)
      : Phrase(use.written.terms, use.next, use.name_span(), use.row.words, use.row.example, diagnostics) {}

  [[nodiscard]] bool at_end() const { return next_ == terms_.size(); }
  // The word that stands next; null for anything else.
  [[nodiscard]] const ast::Word* word() const;
  // Goes past the word if it stands next.
  bool take(std::string_view text);
  // The same; reports anything else.
  bool expect(std::string_view text);
  // The index of the word of `choices` that stands next, past which it goes; reports anything else.
  std::optional<size_t> choose(const std::vector<std::string_view>& choices);
  // The next term, past which it goes; reports the end.
  const ast::Term* term();
  // Reports what is left; true if nothing is.
  bool end();

 private:
  void report_missing();

  const std::vector<ast::Term>& terms_;
  size_t next_;
  Span span_;
  std::string_view words_;
  std::string_view example_;
  diag::Diagnostics& diagnostics_;
};

}  // namespace scx::sema
