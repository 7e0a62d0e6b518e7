#include "compiler/ast/ast.h"

namespace scx::ast {

Span span_of(const Term& term) {
  return std::visit([](const auto& node) { return node.span; }, term);
}

Span span_of(const Item& item) {
  return std::visit([](const auto& node) { return node.span; }, item);
}

}  // namespace scx::ast
