#include "compiler/syntax/reader.h"

#include "compiler/syntax/lex.h"
#include "compiler/syntax/text.h"

namespace scx::syntax {
namespace {

using diag::Kind;
using Parser = grammar::ScxParser;
using Context = antlr4::ParserRuleContext;

class Reading {
 public:
  Reading(const ErrorStrategy& strategy, Reporter& reporter) : strategy_(strategy), reporter_(reporter) {}

  void item(Parser::ItemContext* tree, ast::File& file);

 private:
  static const Token& token(antlr4::tree::TerminalNode* node) {
    return *static_cast<Token*>(node->getSymbol());
  }
  static const Token& first(Context* tree) { return *static_cast<const Token*>(tree->getStart()); }
  Span span(Context* tree) const;
  std::string_view text(Span place) const { return reporter_.text(place); }

  ast::Word word(Context* tree) const { return {std::string(text(span(tree))), span(tree)}; }
  ast::Word word(const Token& token) const { return {std::string(text(token.span)), token.span}; }
  ast::Word name(Parser::NameContext* tree) const;
  ast::String string(antlr4::tree::TerminalNode* node) const;
  ast::Number number(const Token& token) const;

  // The tokens and sets that terms, operands and set members are made of.
  struct Part {
    const Token* token = nullptr;
    Parser::SetContext* set = nullptr;
  };
  void add_part(Context* tree, std::vector<Part>& parts) const;
  ast::Number joined_number(const std::vector<Part>& parts, size_t& i);
  ast::Range range(const std::vector<Part>& parts, size_t& i, std::optional<ast::Number> low);
  std::vector<ast::Term> terms(const std::vector<Part>& parts);
  std::vector<ast::Term> terms(const std::vector<Parser::TermContext*>& trees);
  ast::Set set(Parser::SetContext* tree);

  std::optional<ast::Expression> expression(Parser::ExpressionContext* tree);
  std::optional<ast::Expression> conjunction(Parser::ConjunctionContext* tree);
  std::optional<ast::Expression> unary(Parser::UnaryContext* tree);
  std::optional<ast::Expression> primary(Parser::PrimaryContext* tree);

  ast::Block block(Parser::BlockContext* tree);
  void statement(Parser::StatementContext* tree, ast::Block& block);
  ast::Property property(Context* tree, const std::vector<Parser::TermContext*>& operands,
                         Parser::EndingContext* ending);
  std::optional<ast::Layer> layer(Parser::LayerDeclContext* tree);
  std::optional<ast::Cell> cell(Parser::CellDeclContext* tree);
  void stray(Parser::StrayContext* tree);

  const ErrorStrategy& strategy_;
  Reporter& reporter_;
};

Span Reading::span(Context* tree) const {
  const Token& begin = first(tree);
  const auto* end = static_cast<const Token*>(tree->getStop());
  if (end == nullptr || end->span.end < begin.span.begin)
    return {reporter_.file(), begin.span.begin, begin.span.begin};
  return join(begin.span, end->span);
}

// Without text where the source has none.
ast::Word Reading::name(Parser::NameContext* tree) const {
  if (tree == nullptr || tree->exception != nullptr) return {};
  return word(tree);
}

ast::String Reading::string(antlr4::tree::TerminalNode* node) const {
  if (node == nullptr) return {};
  return {string_value(text(token(node).span), nullptr), token(node).span};
}

ast::Number Reading::number(const Token& token) const {
  const NumberParts parts = split_number(text(token.span));
  return {std::string(parts.digits), std::string(parts.unit), token.span};
}

void Reading::add_part(Context* tree, std::vector<Part>& parts) const {
  if (tree->exception != nullptr) return;
  if (auto* inner = tree->getRuleContext<Parser::SetContext>(0)) {
    parts.push_back({nullptr, inner});
  } else {
    parts.push_back({&first(tree), nullptr});
  }
}

// The number at i, with a `core` after it; i moves behind.
ast::Number Reading::joined_number(const std::vector<Part>& parts, size_t& i) {
  ast::Number out = number(*parts[i++].token);
  if (i < parts.size() && parts[i].token != nullptr && parts[i].token->type == Type::CORE &&
      out.unit.empty()) {
    out.unit = "core";
    out.span = join(out.span, parts[i++].token->span);
  }
  return out;
}

// The range whose `..` stands at i; i moves behind.
ast::Range Reading::range(const std::vector<Part>& parts, size_t& i, std::optional<ast::Number> low) {
  const Span dots = parts[i++].token->span;
  ast::Range out;
  out.span = low ? join(low->span, dots) : dots;
  out.low = std::move(low);
  if (i < parts.size() && parts[i].token != nullptr && parts[i].token->type == Type::NUMBER) {
    out.high = joined_number(parts, i);
    out.span = join(out.span, out.high->span);
  }
  if (!out.low && !out.high) {
    auto builder = reporter_.report(Kind::kUnexpectedToken, dots, "range without a number");
    builder.help("a range is written `a..b`, `a..` or `..b`");
  }
  return out;
}

std::vector<ast::Term> Reading::terms(const std::vector<Part>& parts) {
  std::vector<ast::Term> out;
  const auto is = [&](size_t i, size_t type) {
    return i < parts.size() && parts[i].token != nullptr && parts[i].token->type == type;
  };
  for (size_t i = 0; i < parts.size();) {
    if (parts[i].set != nullptr) {
      out.emplace_back(set(parts[i++].set));
      continue;
    }
    const Token& token = *parts[i].token;
    switch (token.type) {
      case Type::NUMBER: {
        ast::Number low = joined_number(parts, i);
        if (is(i, Type::DOTDOT)) {
          out.emplace_back(range(parts, i, std::move(low)));
        } else {
          out.emplace_back(std::move(low));
        }
        continue;
      }
      case Type::DOTDOT:
        out.emplace_back(range(parts, i, std::nullopt));
        continue;
      case Type::STRING:
        out.emplace_back(ast::String{string_value(text(token.span), nullptr), token.span});
        break;
      case Type::STAR:
        out.emplace_back(ast::Star{token.span});
        break;
      case Type::EQ:
      case Type::NE:
      case Type::LT:
      case Type::LE:
      case Type::GT:
      case Type::GE:
        // The token types and the enumerators stand in the same order.
        out.emplace_back(ast::Operator{static_cast<ast::Comparison>(token.type - Type::EQ), token.span});
        break;
      default:
        out.emplace_back(word(token));
        break;
    }
    ++i;
  }
  return out;
}

std::vector<ast::Term> Reading::terms(const std::vector<Parser::TermContext*>& trees) {
  std::vector<Part> parts;
  for (auto* tree : trees) add_part(tree, parts);
  return terms(parts);
}

ast::Set Reading::set(Parser::SetContext* tree) {
  ast::Set out;
  out.span = span(tree);
  for (auto* member : tree->member()) {
    std::vector<Part> parts;
    for (auto* child : member->children) {
      if (auto* node = dynamic_cast<antlr4::tree::TerminalNode*>(child))
        parts.push_back({&token(node), nullptr});
      if (auto* name = dynamic_cast<Parser::NameContext*>(child)) add_part(name, parts);
    }
    std::vector<ast::Term> values = terms(parts);
    if (values.size() > 1)
      reporter_
          .report(Kind::kUnexpectedToken, span_of(values[1]), "two members of a set without `,` between them")
          .fix({reporter_.file(), span_of(values[0]).end, span_of(values[0]).end}, ",");
    for (ast::Term& value : values) {
      if (auto* n = std::get_if<ast::Number>(&value)) out.members.emplace_back(std::move(*n));
      if (auto* r = std::get_if<ast::Range>(&value)) out.members.emplace_back(std::move(*r));
      if (auto* s = std::get_if<ast::String>(&value)) out.members.emplace_back(std::move(*s));
      if (auto* w = std::get_if<ast::Word>(&value)) out.members.emplace_back(std::move(*w));
    }
  }
  return out;
}

// Two or more operands become one node of `kind`, one stands for itself.
std::optional<ast::Expression> combine(ast::Expression::Kind kind, std::vector<ast::Expression> operands,
                                       Span span) {
  if (operands.empty()) return std::nullopt;
  if (operands.size() == 1) return std::move(operands.front());
  return ast::Expression{kind, {}, std::move(operands), span};
}

std::optional<ast::Expression> Reading::expression(Parser::ExpressionContext* tree) {
  if (tree == nullptr) return std::nullopt;
  std::vector<ast::Expression> operands;
  for (auto* operand : tree->conjunction())
    if (auto value = conjunction(operand)) operands.push_back(*std::move(value));
  return combine(ast::Expression::Kind::kOr, std::move(operands), span(tree));
}

std::optional<ast::Expression> Reading::conjunction(Parser::ConjunctionContext* tree) {
  std::vector<ast::Expression> operands;
  for (auto* operand : tree->unary())
    if (auto value = unary(operand)) operands.push_back(*std::move(value));
  return combine(ast::Expression::Kind::kAnd, std::move(operands), span(tree));
}

std::optional<ast::Expression> Reading::unary(Parser::UnaryContext* tree) {
  if (tree->primary() == nullptr) return std::nullopt;
  std::optional<ast::Expression> out = primary(tree->primary());
  const auto prefixes = tree->prefix();
  for (size_t i = prefixes.size(); out && i-- > 0;) {
    ast::Expression outer;
    outer.kind =
        prefixes[i]->NOT() != nullptr ? ast::Expression::Kind::kNot : ast::Expression::Kind::kChildOf;
    outer.span = join(span(prefixes[i]), out->span);
    outer.operands.push_back(*std::move(out));
    out = std::move(outer);
  }
  return out;
}

std::optional<ast::Expression> Reading::primary(Parser::PrimaryContext* tree) {
  using Node = ast::Expression::Kind;
  if (tree->STAR() != nullptr) return ast::Expression{Node::kAll, {}, {}, span(tree)};
  if (tree->expression() != nullptr) {
    auto inside = expression(tree->expression());
    if (!inside) return std::nullopt;
    ast::Expression out{Node::kParenthesized, {}, {}, span(tree)};
    out.operands.push_back(*std::move(inside));
    return out;
  }
  auto* predicate = tree->predicate();
  if (predicate == nullptr) return std::nullopt;
  std::vector<Part> parts;
  add_part(predicate->attribute(), parts);
  for (auto* operand : predicate->operand()) add_part(operand, parts);
  return ast::Expression{Node::kPredicate, terms(parts), {}, span(predicate)};
}

ast::Block Reading::block(Parser::BlockContext* tree) {
  ast::Block out;
  if (tree == nullptr) return out;
  out.span = span(tree);
  for (auto* child : tree->statement()) statement(child, out);
  return out;
}

ast::Property Reading::property(Context* tree, const std::vector<Parser::TermContext*>& operands,
                                Parser::EndingContext* ending) {
  ast::Property out;
  out.span = span(tree);
  std::vector<Part> parts{{&first(tree), nullptr}};
  for (auto* operand : operands) add_part(operand, parts);
  out.terms = terms(parts);
  if (ending != nullptr && ending->block() != nullptr)
    out.block = std::make_unique<ast::Block>(block(ending->block()));
  return out;
}

void Reading::statement(Parser::StatementContext* tree, ast::Block& block) {
  if (auto* inner = tree->layerDecl()) {
    if (auto value = layer(inner)) block.layers.push_back(*std::move(value));
  } else if (auto* match = tree->matchProperty()) {
    ast::Property out;
    out.span = span(match);
    out.terms.emplace_back(word(first(match)));
    out.match = expression(match->expression());
    if (out.match) block.properties.push_back(std::move(out));
  } else if (auto* plain = tree->property()) {
    block.properties.push_back(property(plain, plain->term(), plain->ending()));
  } else if (auto* junk = tree->stray()) {
    stray(junk);
  }
}

std::optional<ast::Layer> Reading::layer(Parser::LayerDeclContext* tree) {
  ast::Layer out;
  out.span = span(tree);
  out.family = tree->LAYERS() != nullptr;
  out.name = name(tree->name());
  std::vector<ast::Term> head = terms(tree->term());
  const auto* kind = head.empty() ? nullptr : std::get_if<ast::Word>(&head.front());
  const bool has_block = tree->block() != nullptr && tree->block()->exception == nullptr;
  if (kind != nullptr && kind->text != "for") {
    out.kind = *kind;
    head.erase(head.begin());
  } else if (!out.name.text.empty() && has_block) {
    const Span place = out.name.span;
    reporter_.report(Kind::kMissingKind, place, "layer `{}` without a kind", out.name.text)
        .at("its kind belongs after its name")
        .help(
            "`confined` (own CPUs), `grouped` (own CPUs and idle ones) or `open` (shares what nobody owns)");
  }
  out.family_terms = std::move(head);
  out.body = block(tree->block());
  if (!out.family && !out.family_terms.empty()) {
    const Span place = join(span_of(out.family_terms.front()), span_of(out.family_terms.back()));
    const auto* word = std::get_if<ast::Word>(&out.family_terms.front());
    auto builder =
        reporter_.report(Kind::kUnexpectedToken, place, "unexpected `{}` in the head of layer `{}`",
                         text(span_of(out.family_terms.front())), out.name.text);
    if (word != nullptr && word->text == "for")
      builder.help("a family, one layer for each cgroup, is `layers`");
  }
  if (out.name.text.empty()) return std::nullopt;
  return out;
}

std::optional<ast::Cell> Reading::cell(Parser::CellDeclContext* tree) {
  ast::Cell out;
  out.span = span(tree);
  out.kind = tree->CELLS() != nullptr ? ast::Cell::Kind::kFamily : ast::Cell::Kind::kStatic;
  out.name = name(tree->name());
  out.family_terms = terms(tree->term());
  out.body = block(tree->block());
  if (out.kind == ast::Cell::Kind::kStatic && !out.family_terms.empty()) {
    const Span place = join(span_of(out.family_terms.front()), span_of(out.family_terms.back()));
    const auto* word = std::get_if<ast::Word>(&out.family_terms.front());
    auto builder = reporter_.report(Kind::kUnexpectedToken, place, "unexpected `{}` in the head of cell `{}`",
                                    text(span_of(out.family_terms.front())), out.name.text);
    if (word != nullptr && word->text == "for") {
      builder.help("a family, one cell for each cgroup, is `cells`")
          .suggest(first(tree).span, "cells")
          .repaired();
      out.kind = ast::Cell::Kind::kFamily;
    }
  }
  if (out.name.text.empty()) return std::nullopt;
  return out;
}

void Reading::stray(Parser::StrayContext* tree) {
  const Token& begin = first(tree);
  if (strategy_.recovered_at(begin)) {
    if (tree->block() != nullptr) block(tree->block());  // for the errors in it
    return;
  }
  if (tree->block() != nullptr) {
    reporter_.report(Kind::kUnexpectedToken, begin.span, "block without a declaration before it");
    block(tree->block());
    return;
  }
  if (begin.type == Type::SEMI) return;  // an empty statement was told in shape, this one is a recovery's
  if (begin.type == Type::RPAREN) {
    reporter_.report(Kind::kUnbalancedParentheses, begin.span, "`)` without its `(`");
  } else {
    reporter_.report(Kind::kUnexpectedToken, begin.span, "unexpected {}", describe(begin, reporter_.text()))
        .at("a statement begins with a word");
  }
  if (tree->ending() != nullptr && tree->ending()->block() != nullptr) block(tree->ending()->block());
}

void Reading::item(Parser::ItemContext* tree, ast::File& file) {
  auto& items = file.items;
  if (auto* language = tree->languageDecl()) {
    if (language->exception != nullptr || language->NUMBER() == nullptr) return;
    items.emplace_back(ast::LanguageVersion{number(token(language->NUMBER())), span(language)});
  } else if (auto* include = tree->includeDecl()) {
    if (include->exception != nullptr || include->STRING() == nullptr) return;
    items.emplace_back(ast::Include{string(include->STRING()), span(include)});
  } else if (auto* policy = tree->policyDecl()) {
    items.emplace_back(ast::PolicyBlock{name(policy->name()), block(policy->block()), span(policy)});
  } else if (auto* let = tree->letDecl()) {
    ast::Let out{name(let->name()), terms(let->term()), span(let)};
    if (!out.name.text.empty() && !out.value.empty()) items.emplace_back(std::move(out));
  } else if (auto* match = tree->matchDecl()) {
    auto value = expression(match->expression());
    ast::Word matcher = name(match->name());
    if (value && !matcher.text.empty())
      items.emplace_back(ast::Matcher{std::move(matcher), *std::move(value), span(match)});
  } else if (auto* layer_decl = tree->layerDecl()) {
    if (auto value = layer(layer_decl)) items.emplace_back(*std::move(value));
  } else if (auto* cell_decl = tree->cellDecl()) {
    if (auto value = cell(cell_decl)) items.emplace_back(*std::move(value));
  } else if (auto* root = tree->rootDecl()) {
    ast::Cell out;
    out.kind = ast::Cell::Kind::kRoot;
    out.name = word(first(root));
    out.body = block(root->block());
    out.span = span(root);
    items.emplace_back(std::move(out));
  } else if (auto* cleanup = tree->cleanupDecl()) {
    items.emplace_back(ast::Cleanup{block(cleanup->block()), span(cleanup)});
  } else if (auto* test = tree->testDecl()) {
    // Without its name it was reported, and nothing more is said of it.
    if (test->STRING() != nullptr)
      items.emplace_back(ast::Test{string(test->STRING()), block(test->block()), span(test)});
  } else if (auto* unknown = tree->unknownDecl()) {
    ast::Property content = property(unknown, unknown->term(), unknown->ending());
    const Span place = content.span;
    items.emplace_back(ast::Unknown{std::move(content), place});
  } else if (auto* junk = tree->stray()) {
    stray(junk);
  }
}

}  // namespace

ast::File read_tree(Parser::FileContext& tree, const ErrorStrategy& strategy, Reporter& reporter) {
  ast::File file;
  file.id = reporter.file();
  Reading reading(strategy, reporter);
  for (auto* item : tree.item()) reading.item(item, file);
  return file;
}

}  // namespace scx::syntax
