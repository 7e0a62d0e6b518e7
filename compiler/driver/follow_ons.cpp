#include "compiler/driver/follow_ons.h"

#include <algorithm>
#include <variant>

namespace scx::driver {
namespace {

using diag::Kind;

bool holds(Span outer, Span inner) {
  return outer.file == inner.file && outer.begin <= inner.begin && inner.begin <= outer.end;
}

// The innermost statement around `place` in a block, or the innermost layer or declaration if it is in none.
Span part_around(const ast::Block& block, Span whole, Span place) {
  for (const ast::Property& property : block.properties) {
    if (!holds(property.span, place)) continue;
    return property.block ? part_around(*property.block, property.span, place) : property.span;
  }
  for (const ast::Layer& layer : block.layers)
    if (holds(layer.span, place)) return part_around(layer.body, layer.span, place);
  return whole;
}

Span part_around(const ast::Item& item, Span place) {
  return std::visit(
      [&](const auto& node) {
        if constexpr (requires { node.body; }) return part_around(node.body, node.span, place);
        return node.span;
      },
      item);
}

// Whether `holds_of` is true of the part of the program around `place`.
template <typename Predicate>
bool any_part_around(const ast::Program& program, Span place, const Predicate& holds_of) {
  return std::any_of(program.files.begin(), program.files.end(), [&](const ast::File& file) {
    return std::any_of(file.items.begin(), file.items.end(), [&](const ast::Item& item) {
      return holds(ast::span_of(item), place) && holds_of(part_around(item, place));
    });
  });
}

// Whether a `}` is missing before `place`, so that it is not known in which block that stands.
bool is_in_unclosed_block(Span place, const diag::Diagnostics& syntax_errors) {
  return std::any_of(syntax_errors.all().begin(), syntax_errors.all().end(), [&](const auto& error) {
    return error.kind == Kind::kUnclosedBrace && !error.labels.empty() &&
           holds(join(error.labels[0].span, error.span), place);
  });
}

// Whether a diagnostic of sema says something that the syntax errors do not:
// not one about a part of the text that was not read whole, nor one about
// something missing that may be what could not be read.
bool is_independent(const diag::Diagnostic& diagnostic, const ast::Program& program,
                    const diag::Diagnostics& syntax_errors) {
  if (diagnostic.severity != diag::Severity::kError) return false;
  const auto& errors = syntax_errors.all();
  const auto stands_there = [&](const auto& error) { return error.span == diagnostic.span; };
  if (std::any_of(errors.begin(), errors.end(), stands_there)) return false;
  if (std::all_of(errors.begin(), errors.end(), [](const auto& error) { return error.repaired; }))
    return true;
  switch (diagnostic.kind) {
    case Kind::kMissingPolicy:
    case Kind::kUnknownAttribute:
    case Kind::kUndefinedConstant:
    case Kind::kUndefinedReference:
    case Kind::kUnknownTarget:
      return false;
    case Kind::kPropertyOutOfPlace:
    case Kind::kActionOutOfScope:
    case Kind::kRepeatedProperty:
    case Kind::kRepeatedAction:
      if (is_in_unclosed_block(diagnostic.span, syntax_errors)) return false;
      break;
    default:
      break;
  }
  const auto is_read_whole = [&](Span place) {
    return !any_part_around(program, place, [&](Span part) {
      return std::any_of(errors.begin(), errors.end(),
                         [&](const auto& error) { return !error.repaired && holds(part, error.span); });
    });
  };
  return is_read_whole(diagnostic.span) &&
         std::all_of(diagnostic.labels.begin(), diagnostic.labels.end(),
                     [&](const diag::Label& label) { return is_read_whole(label.span); });
}

// Whether something is missing that a misspelt word nearby was meant to be.
bool is_missing_word(const diag::Diagnostic& diagnostic, const ast::Program& program,
                     const diag::Diagnostics& found) {
  const auto any = [&](const auto& is_meant) {
    return std::any_of(found.all().begin(), found.all().end(), is_meant);
  };
  const auto is_unknown = [](const diag::Diagnostic& other) {
    return other.kind == Kind::kUnknownDeclaration || other.kind == Kind::kUnknownProperty ||
           other.kind == Kind::kPropertyOutOfPlace;
  };
  switch (diagnostic.kind) {
    case Kind::kMissingPolicy:
      return any([](const auto& other) { return other.kind == Kind::kUnknownDeclaration; });
    case Kind::kUndefinedReference:
      return any([](const auto& other) {
        return other.kind == Kind::kUnknownDeclaration || other.kind == Kind::kUnknownLayerKind ||
               other.kind == Kind::kDeclarationInInclude;
      });
    case Kind::kImplicitLayer:
      return any([&](const auto& other) { return is_unknown(other) || other.kind == Kind::kMissingPolicy; });
    case Kind::kMissingMatch:
    case Kind::kIncompleteCell:
    case Kind::kIncompleteTest:
      return any_part_around(program, diagnostic.span, [&](Span part) {
        return any([&](const auto& other) { return is_unknown(other) && holds(part, other.span); });
      });
    default:
      return false;
  }
}

// Whether it says that something does nothing, which holds only of a policy that is read whole: the statement
// that is wrong may be the one that needs it.
bool is_judged_whole(const diag::Diagnostic& diagnostic) {
  const std::string_view category = diag::info(diagnostic.kind).category;
  return diagnostic.severity != diag::Severity::kError && (category == "no-effect" || category == "unused");
}

}  // namespace

std::vector<const diag::Diagnostic*> without_follow_ons(const diag::Diagnostics& found,
                                                        const diag::Diagnostics& syntax_errors,
                                                        const ast::Program& program) {
  const bool is_read_whole = !syntax_errors.has_errors();
  std::vector<const diag::Diagnostic*> kept;
  for (const diag::Diagnostic& diagnostic : found.all()) {
    if (!is_read_whole && !is_independent(diagnostic, program, syntax_errors)) continue;
    if (found.has_errors() && is_judged_whole(diagnostic)) continue;
    if (!is_missing_word(diagnostic, program, found)) kept.push_back(&diagnostic);
  }
  return kept;
}

}  // namespace scx::driver
