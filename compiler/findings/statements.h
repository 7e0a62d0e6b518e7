// Where the statements of a file are, for what is said of text and not of meaning.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/support/source.h"

namespace scx::findings {

// Declarations and the statements in their blocks, at any depth.
class Statements {
 public:
  explicit Statements(const ast::File& file);

  // The outermost of those that begin first at `offset` or behind it.
  [[nodiscard]] std::optional<Span> behind(uint32_t offset) const;
  // The outermost of those that end at `offset`, blanks apart.
  [[nodiscard]] std::optional<Span> before(uint32_t offset, std::string_view text) const;
  // The innermost that holds all of `span`.
  [[nodiscard]] std::optional<Span> around(Span span) const { return innermost(span, true); }
  // The same, but not `span` itself.
  [[nodiscard]] std::optional<Span> strictly_around(Span span) const { return innermost(span, false); }

 private:
  void add(const ast::Block& block);
  [[nodiscard]] std::optional<Span> innermost(Span span, bool or_itself) const;

  std::vector<Span> spans_;
};

}  // namespace scx::findings
