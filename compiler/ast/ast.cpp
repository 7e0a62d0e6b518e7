#include "compiler/ast/ast.h"

#include "runtime/base/check.h"

namespace scx::ast {

Span span_of(const Term& term) {
  return std::visit([](const auto& node) { return node.span; }, term);
}

Span span_of(const Item& item) {
  return std::visit([](const auto& node) { return node.span; }, item);
}

std::string_view spelling(Comparison comparison) {
  switch (comparison) {
    case Comparison::kEqual:
      return "==";
    case Comparison::kNotEqual:
      return "!=";
    case Comparison::kLess:
      return "<";
    case Comparison::kLessEqual:
      return "<=";
    case Comparison::kGreater:
      return ">";
    case Comparison::kGreaterEqual:
      return ">=";
  }
  SCX_CHECK(false, "the comparison is an enumerator");
}

}  // namespace scx::ast
