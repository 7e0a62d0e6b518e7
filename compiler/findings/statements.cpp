#include "compiler/findings/statements.h"

namespace scx::findings {

Statements::Statements(const ast::File& file) {
  for (const ast::Item& item : file.items) {
    spans_.push_back(span_of(item));
    std::visit(
        [&](const auto& one) {
          if constexpr (requires { one.body; }) add(one.body);
        },
        item);
  }
}

void Statements::add(const ast::Block& block) {
  for (const ast::Property& property : block.properties) {
    spans_.push_back(property.span);
    if (property.block) add(*property.block);
  }
  for (const ast::Layer& layer : block.layers) {
    spans_.push_back(layer.span);
    add(layer.body);
  }
}

std::optional<Span> Statements::behind(uint32_t offset) const {
  std::optional<Span> out;
  for (const Span& span : spans_) {
    if (span.begin < offset) continue;
    if (!out || span.begin < out->begin || (span.begin == out->begin && span.end > out->end)) out = span;
  }
  return out;
}

std::optional<Span> Statements::before(uint32_t offset, std::string_view text) const {
  while (offset > 0 && (text[offset - 1] == ' ' || text[offset - 1] == '\t')) --offset;
  std::optional<Span> out;
  for (const Span& span : spans_)
    if (span.end == offset && (!out || span.begin < out->begin)) out = span;
  return out;
}

std::optional<Span> Statements::innermost(Span span, bool or_itself) const {
  std::optional<Span> out;
  for (const Span& one : spans_)
    if (one.begin <= span.begin && one.end >= span.end && (or_itself || one != span) &&
        (!out || one.begin >= out->begin))
      out = one;
  return out;
}

}  // namespace scx::findings
