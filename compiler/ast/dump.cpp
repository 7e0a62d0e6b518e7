// The tree as text. One line a node: what it is, its content, `@line:column` of
// its first byte; children two spaces deeper.
#include <string_view>

#include <fmt/format.h>

#include "compiler/ast/ast.h"
#include "runtime/base/file.h"

namespace scx::ast {
namespace {

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

std::string number_text(const Number& number) {
  return number.unit.empty() ? number.text : fmt::format("{}[{}]", number.text, number.unit);
}

std::string range_text(const Range& range) {
  return fmt::format("{}..{}", range.low ? number_text(*range.low) : "",
                     range.high ? number_text(*range.high) : "");
}

std::string set_text(const Set& set) {
  std::string out = "{";
  for (const auto& member : set.members) {
    if (out.size() > 1) out += ", ";
    out += std::visit(
        Overloaded{[](const Word& w) { return w.text; }, [](const Number& n) { return number_text(n); },
                   [](const Range& r) { return range_text(r); },
                   [](const String& s) { return quoted(s.value); }},
        member);
  }
  return out + "}";
}

std::string term_text(const Term& term) {
  return std::visit(Overloaded{[](const Word& word) { return word.text; },
                               [](const Number& number) { return number_text(number); },
                               [](const String& string) { return quoted(string.value); },
                               [](const Range& range) { return range_text(range); },
                               [](const Set& set) { return set_text(set); },
                               [](const Operator& op) { return std::string(spelling(op.comparison)); },
                               [](const Star&) { return std::string("*"); }},
                    term);
}

std::string terms_text(const std::vector<Term>& terms) {
  std::string out;
  for (const Term& term : terms) {
    if (!out.empty()) out += ' ';
    out += term_text(term);
  }
  return out;
}

class Dumper {
 public:
  explicit Dumper(const Sources& sources) : sources_(sources) {}

  std::string take() && { return std::move(out_); }

  void item(const Item& node) {
    std::visit(
        Overloaded{[&](const LanguageVersion& n) { line(n.span, "language {}", n.version.text); },
                   [&](const Include& n) { line(n.span, "include {}", quoted(n.path.value)); },
                   [&](const PolicyBlock& n) {
                     line(n.span, "policy {}", n.name.text);
                     block(n.body);
                   },
                   [&](const Let& n) { line(n.span, "let {} = {}", n.name.text, terms_text(n.value)); },
                   [&](const Matcher& n) {
                     line(n.span, "match {} =", n.name.text);
                     nested(n.expression);
                   },
                   [&](const Layer& n) { layer(n); },
                   [&](const Cell& n) {
                     constexpr std::string_view kWords[] = {"cell", "cells", "root cell"};
                     line(n.span, "{} {}{}{}", kWords[static_cast<size_t>(n.kind)], n.name.text,
                          n.family_terms.empty() ? "" : " ", terms_text(n.family_terms));
                     block(n.body);
                   },
                   [&](const Cleanup& n) {
                     line(n.span, "{}", "cleanup");
                     block(n.body);
                   },
                   [&](const Test& n) {
                     line(n.span, "test {}", quoted(n.name.value));
                     block(n.body);
                   },
                   [&](const Unknown& n) {
                     line(n.span, "{}", "unknown");
                     ++depth_;
                     property(n.content);
                     --depth_;
                   }},
        node);
  }

  void expression(const Expression& node) {
    constexpr std::string_view kWords[] = {"*", "predicate", "not", "and", "or", "parentheses", "child of"};
    const std::string_view word = kWords[static_cast<size_t>(node.kind)];
    if (node.terms.empty()) {
      line(node.span, "{}", word);
    } else {
      line(node.span, "{} {}", word, terms_text(node.terms));
    }
    for (const Expression& operand : node.operands) nested(operand);
  }

 private:
  template <typename... Args>
  void line(Span span, fmt::format_string<Args...> format, Args&&... args) {
    const LineColumn place = sources_.position(span.file, span.begin);
    fmt::format_to(std::back_inserter(out_), "{:{}}", "", depth_ * 2);
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    fmt::format_to(std::back_inserter(out_), " @{}:{}\n", place.line, place.column);
  }

  void nested(const Expression& node) {
    ++depth_;
    expression(node);
    --depth_;
  }

  void layer(const Layer& node) {
    line(node.span, "{} {} {}{}{}", node.family ? "layers" : "layer", node.name.text, node.kind.text,
         node.family_terms.empty() ? "" : " ", terms_text(node.family_terms));
    block(node.body);
  }

  void block(const Block& node) {
    ++depth_;
    // In the order of the text.
    auto next = node.layers.begin();
    const auto layers_before = [&](uint32_t place) {
      for (; next != node.layers.end() && next->span.begin < place; ++next) layer(*next);
    };
    for (const Property& entry : node.properties) {
      layers_before(entry.span.begin);
      property(entry);
    }
    layers_before(UINT32_MAX);
    --depth_;
  }

  void property(const Property& node) {
    line(node.span, "{}{}", terms_text(node.terms), node.block ? " {...}" : "");
    if (node.match) nested(*node.match);
    if (node.block) block(*node.block);
  }

  const Sources& sources_;
  std::string out_;
  int depth_ = 0;
};

}  // namespace

std::string dump(const File& file, const Sources& sources) {
  Dumper dumper(sources);
  for (const Item& entry : file.items) dumper.item(entry);
  return std::move(dumper).take();
}

std::string dump(const Expression& expression, const Sources& sources) {
  Dumper dumper(sources);
  dumper.expression(expression);
  return std::move(dumper).take();
}

}  // namespace scx::ast
