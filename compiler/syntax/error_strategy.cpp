#include "compiler/syntax/error_strategy.h"

#include "compiler/diagnostics/words.h"
#include "compiler/syntax/shape.h"
#include "runtime/base/closest.h"

namespace scx::syntax {
namespace {

using diag::Kind;
using Parser = grammar::ScxParser;

// The statement or declaration that encloses `context`.
antlr4::ParserRuleContext* statement_of(antlr4::ParserRuleContext* context) {
  for (auto* c = context; c != nullptr; c = static_cast<antlr4::ParserRuleContext*>(c->parent)) {
    switch (c->getRuleIndex()) {
      case Parser::RuleLanguageDecl:
      case Parser::RuleIncludeDecl:
      case Parser::RulePolicyDecl:
      case Parser::RuleLetDecl:
      case Parser::RuleMatchDecl:
      case Parser::RuleLayerDecl:
      case Parser::RuleCellDecl:
      case Parser::RuleRootDecl:
      case Parser::RuleCleanupDecl:
      case Parser::RuleTestDecl:
      case Parser::RuleUnknownDecl:
      case Parser::RuleMatchProperty:
      case Parser::RuleProperty:
      case Parser::RuleStray:
        return c;
      default:
        break;
    }
  }
  return nullptr;
}

bool takes_block(size_t rule) {
  switch (rule) {
    case Parser::RulePolicyDecl:
    case Parser::RuleLayerDecl:
    case Parser::RuleCellDecl:
    case Parser::RuleRootDecl:
    case Parser::RuleCleanupDecl:
    case Parser::RuleTestDecl:
    case Parser::RuleUnknownDecl:
    case Parser::RuleProperty:
    case Parser::RuleStray:
      return true;
    default:
      return false;
  }
}

// Whether a condition begins behind such a token.
bool begins_condition(size_t type) {
  return type == Type::MATCH || type == Type::ASSIGN || type == Type::LPAREN || type == Type::AND ||
         type == Type::OR || type == Type::NOT || type == Type::OF;
}

// The rules that end with `;` themselves: one that fails takes its `;` along.
bool ends_with_semicolon(size_t rule) {
  switch (rule) {
    case Parser::RuleLanguageDecl:
    case Parser::RuleIncludeDecl:
    case Parser::RuleLetDecl:
    case Parser::RuleMatchDecl:
    case Parser::RuleMatchProperty:
    case Parser::RuleEnding:
    case Parser::RuleBlock:
    case Parser::RuleStray:
      return true;
    default:
      return false;
  }
}

// Whether `statement` stands in the block of a cell, not of a layer in it.
bool is_in_cell(const antlr4::ParserRuleContext* statement) {
  const auto* c = static_cast<const antlr4::ParserRuleContext*>(statement->parent);
  while (c != nullptr && c->getRuleIndex() != Parser::RuleLayerDecl &&
         c->getRuleIndex() != Parser::RuleCellDecl)
    c = static_cast<const antlr4::ParserRuleContext*>(c->parent);
  return c != nullptr && c->getRuleIndex() == Parser::RuleCellDecl;
}

std::string_view first_word(antlr4::ParserRuleContext* context, std::string_view text) {
  const auto* token = static_cast<const Token*>(context->start);
  return text.substr(token->span.begin, token->span.end - token->span.begin);
}

}  // namespace

const Token& ErrorStrategy::previous() const {
  return stream_.index() > 0 ? stream_.at(stream_.index() - 1) : stream_.at(0);
}

antlr4::Token* ErrorStrategy::made_up(size_t type) {
  const uint32_t place = previous().span.end;
  made_up_.emplace_back(type, Span{reporter_.file(), place, place});
  return &made_up_.back();
}

void ErrorStrategy::missing_semicolon() {
  const uint32_t end = previous().span.end;
  const Span place{reporter_.file(), end, end};
  reporter_
      .report(Kind::kMissingSemicolon, place, "missing `;` after {}",
              describe_last_value(stream_.read(), reporter_.text()))
      .at("the statement ends here")
      .fix(place, ";")
      .repaired();
}

diag::Builder ErrorStrategy::report_unexpected(std::string_view where, std::string_view expected) {
  const Token& found = stream_.current();
  auto builder = reporter_.report(Kind::kUnexpectedToken, found.span, "unexpected {} {}",
                                  describe(found, reporter_.text()), where);
  if (!expected.empty()) builder.at(fmt::format("{} could stand here", expected));
  return builder;
}

void ErrorStrategy::missing_name(antlr4::ParserRuleContext* context) {
  auto* statement = statement_of(context);
  const Token& found = stream_.current();
  const std::string_view word = statement != nullptr ? first_word(statement, reporter_.text()) : "match";
  if (found.type == Type::AND || found.type == Type::OR || found.type == Type::NOT) {
    reporter_.report(Kind::kMissingName, found.span, "{} cannot be a name", describe(found, reporter_.text()))
        .at(fmt::format("the name of this `{}` belongs here", word));
    stream_.consume();  // the rest of the declaration is sound
    keep_position_ = true;
    return;
  }
  auto builder = reporter_.report(Kind::kMissingName, found.span, "`{}` without a name", word);
  builder.at(fmt::format("its name belongs here, found {}", describe(found, reporter_.text())));
  // What follows the name is there.
  const size_t rule = statement != nullptr ? statement->getRuleIndex() : Parser::RuleMatchDecl;
  if (found.type == (takes_block(rule) ? Type::LBRACE : Type::ASSIGN)) keep_position_ = true;
  if (found.type == Type::STRING) {
    builder.help("a name is written without quotes");
    stream_.consume();
    keep_position_ = true;
  }
}

void ErrorStrategy::missing_block(antlr4::ParserRuleContext* context) {
  auto* statement = statement_of(context);
  const Token& found = stream_.current();
  const std::string_view word = statement != nullptr ? first_word(statement, reporter_.text()) : "this";
  const bool ends =
      found.type == Type::SEMI || found.type == Type::RBRACE || found.type == antlr4::Token::EOF;
  if (ends) {
    reporter_.report(Kind::kMissingBlock, previous().span, "`{}` without its block", word)
        .at("`{ ... }` belongs after this");
    return;
  }
  report_unexpected(fmt::format("in `{}`", word), "`{`");
}

void ErrorStrategy::missing_condition() {
  const Token& found = stream_.current();
  const Token& before = previous();
  const std::string_view text = reporter_.text();
  const bool ends = found.type == Type::SEMI || found.type == Type::RBRACE || found.type == Type::RPAREN ||
                    found.type == antlr4::Token::EOF || found.type == Type::AND || found.type == Type::OR;
  if (ends) {
    const bool empty =
        before.type == Type::MATCH || before.type == Type::ASSIGN || before.type == Type::LPAREN;
    if (empty && before.type != Type::LPAREN) {
      reporter_.report(Kind::kEmptyMatch, before.span, "empty match expression")
          .at("a condition belongs after this")
          .help("`*` matches every task");
    } else if (empty) {
      reporter_.report(Kind::kEmptyMatch, join(before.span, found.span), "parentheses without a condition");
    } else {
      reporter_.report(Kind::kEmptyMatch, before.span, "no condition after {}", describe(before, text));
    }
    return;
  }
  auto builder = report_unexpected("at the beginning of a condition",
                                   "an attribute such as `comm`, a matcher, `not` or `(`");
  if (found.type == Type::STRING)
    builder.help(reporter_.text(found.span) == "\"*\"" ? "without quotes `*` matches every task"
                                                       : "say what to compare: `comm`, `cgroup under`, ...");
  if (found.type == Type::NUMBER) builder.help("the attribute stands before the number: `nice > 5`");
  if (found.type == Type::ASSIGN)
    builder.help("a condition stands right behind `match`: `match comm \"x\";`");
}

bool ErrorStrategy::report_connective() {
  const Token& before = previous();
  const bool begins = stream_.index() < 2 || begins_condition(stream_.at(stream_.index() - 2).type);
  if (before.type != Type::WORD || begins) return false;
  const std::string_view meant = diag::meant_connective(reporter_.text(before.span));
  if (meant.empty()) return false;
  reporter_
      .report(Kind::kUnexpectedToken, before.span, "unexpected {} in a condition",
              describe(before, reporter_.text()))
      .help(fmt::format("did you mean `{}`?", meant))
      .suggest(before.span, std::string(meant));
  return true;
}

void ErrorStrategy::unexpected_in_condition(antlr4::ParserRuleContext* context) {
  const Token& found = stream_.current();
  if ((found.type == Type::NOT || found.type == Type::LPAREN) && report_connective()) return;
  switch (found.type) {
    case Type::STAR:
      report_unexpected("in a condition", "")
          .help("a pattern is a string: `\"nginx*\"`; alone, `*` matches every task");
      return;
    case Type::NOT:
      report_unexpected("in a condition", "`and` or `or`")
          .help("`not` stands before a whole condition: `not comm \"x\"`; different from is `!=`");
      return;
    case Type::ASSIGN:
      if (const auto& next = *static_cast<Token*>(stream_.LT(2));
          next.type == Type::GT || next.type == Type::LT) {
        const std::string sign = next.type == Type::GT ? ">=" : "<=";
        reporter_
            .report(Kind::kForeignNotation, join(found.span, next.span), "comparison written with `={}`",
                    sign.substr(0, 1))
            .help(fmt::format("write `{}`", sign))
            .fix(join(found.span, next.span), sign);
        return;
      }
      if (statement_of(context)->getRuleIndex() == Parser::RuleMatchProperty &&
          previous().index == static_cast<Token*>(statement_of(context)->start)->index + 1) {
        report_unexpected("in a condition", "")
            .help("`match NAME = ...` stands outside of blocks; in a layer it is `match EXPRESSION;`");
        return;
      }
      report_equals_sign(reporter_, found.span);
      return;
    case Type::COMMA:
      report_unexpected("in a condition", "`and` or `or`")
          .help("several texts: `comm \"a\" or comm \"b\"`; numbers and words stand in a set: `uid {1, 2}`");
      return;
    case Type::LPAREN:
      report_unexpected("in a condition", "`and`, `or` or `;`")
          .help("parentheses hold whole conditions: `(comm \"a\" or comm \"b\") and nice < 0`");
      return;
    case Type::RPAREN:
      reporter_.report(Kind::kUnbalancedParentheses, found.span, "`)` without its `(`");
      return;
    default:
      report_unexpected("in a condition", "`and`, `or` or `;`");
      return;
  }
}

void ErrorStrategy::unexpected(antlr4::ParserRuleContext* context, size_t expected) {
  auto* statement = statement_of(context);
  const size_t rule = context->getRuleIndex();
  const std::string_view word = statement != nullptr ? first_word(statement, reporter_.text()) : "";
  switch (rule) {
    case Parser::RuleName:
      return missing_name(context);
    case Parser::RuleBlock:
      return missing_block(context);
    case Parser::RulePrimary:
      if (expected == Type::RPAREN) return unexpected_in_condition(context);
      return missing_condition();
    case Parser::RulePrefix:
      report_unexpected("after `child`", "`of`")
          .help("`child of CONDITION`: an ancestor matched when it forked");
      return;
    case Parser::RuleMatchDecl:
    case Parser::RuleMatchProperty:
      if (expected == Type::SEMI) return unexpected_in_condition(context);
      if (auto builder = report_unexpected("after the matcher's name", "`=`");
          stream_.current().type == Type::LBRACE)
        builder.help("a matcher has no block: `match NAME = CONDITION;`");
      return;
    case Parser::RuleTerm:
      report_unexpected(fmt::format("in `{}`", word), "a value");
      return;
    case Parser::RuleSet:
    case Parser::RuleMember:
      report_unexpected("in a set", "a number, a range, a string, a word or `,`")
          .help("a set is written `{1, 2, 10..20}`");
      return;
    case Parser::RuleTestDecl:
      reporter_.report(Kind::kMissingName, stream_.current().span, "`test` without its name in quotes")
          .at(fmt::format("a string such as `\"nginx in web\"` belongs here, found {}",
                          describe(stream_.current(), reporter_.text())));
      return;
    case Parser::RuleIncludeDecl:
      report_unexpected("in `include`", expected == Type::SEMI ? "`;`" : "the file's path in double quotes");
      return;
    case Parser::RuleLanguageDecl:
      report_unexpected("in `language`", expected == Type::SEMI ? "`;`" : "the version's number");
      return;
    case Parser::RuleLetDecl:
      report_unexpected("in `let`", expected == Type::SEMI ? "`;`" : "`=`");
      return;
    case Parser::RuleRootDecl:
      report_unexpected("after `root`", "`cell`");
      return;
    default:
      break;
  }
  auto builder = report_unexpected(word.empty() ? "here" : fmt::format("in `{}`", word), "`;` or `{`");
  const size_t found = stream_.current().type;
  if (found == Type::LPAREN || found == Type::RPAREN) builder.help("conditions stand after `match`");
  if (found == Type::ASSIGN) {
    const std::string_view near = closest(word, {"match", "let"});
    builder.help(!near.empty() ? fmt::format("did you mean `{}`?", near)
                 : statement != nullptr && statement->getRuleIndex() == Parser::RuleUnknownDecl
                     ? "a constant is `let NAME = VALUE;`, a condition `match NAME = CONDITION;`"
                     : "a property is its word and its value, without `=`");
  }
  if (found != Type::COMMA) return;
  if (word == "nodes" || word == "llcs")
    builder.help(fmt::format("several are a set: `{} {{0, 2}};`", word));
  else if (word != "cpus")
    builder.help("statements end with `;`, operands stand side by side");
  else if (is_in_cell(statement))
    builder.help("an amount is `cpus 3;` or `cpus 2..4;`, certain CPUs are a string: `cpus list \"0-3,8\";`");
  else
    builder.help("`cpus` takes amounts, never ids: `cpus 3;` or `cpus 2..4;`");
}

void ErrorStrategy::reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) {
  // A mismatch was reported by recoverInline, which threw it.
  if (dynamic_cast<const antlr4::InputMismatchException*>(&error) != nullptr || told()) return;
  auto* context = parser->getContext();
  const Token& found = stream_.current();
  if (context->getRuleIndex() == Parser::RuleEnding) {
    if (found.type == Type::RBRACE || found.type == antlr4::Token::EOF || found.first_on_line) {
      missing_semicolon();
      keep_position_ = true;
      return;
    }
  }
  unexpected(context, 0);
}

antlr4::Token* ErrorStrategy::recoverInline(antlr4::Parser* parser) {
  auto* context = parser->getContext();
  // Every call is for one token: the label of the state's only transition.
  const auto& expected_set = parser->getATN().nextTokens(parser->getATN().states[parser->getState()]);
  const size_t expected = expected_set.size() == 1 ? static_cast<size_t>(expected_set.getMinElement()) : 0;
  const Token& found = stream_.current();
  if (reporter_.full()) throw antlr4::InputMismatchException(parser);
  if (told()) {
    // Go on as if it were there, except into a block that is not.
    if (expected == Type::LBRACE) throw antlr4::InputMismatchException(parser);
    return made_up(expected);
  }
  const bool ends = found.type == Type::SEMI || found.type == Type::RBRACE || found.type == Type::LBRACE ||
                    found.type == antlr4::Token::EOF;
  if (expected == Type::SEMI &&
      (found.type == Type::RBRACE || found.type == antlr4::Token::EOF || found.first_on_line)) {
    missing_semicolon();
    return made_up(expected);
  }
  if (expected == Type::RPAREN && ends) {
    auto builder = reporter_.report(Kind::kUnbalancedParentheses, found.span, "missing `)` before {}",
                                    describe(found, reporter_.text()));
    builder.label(static_cast<Token*>(context->start)->span, "opened here");
    return made_up(expected);
  }
  unexpected(context, expected);
  switch (expected) {
    case Type::ASSIGN:  // `let a 5;`, `match a == ...`
      if (found.type == Type::EQ) stream_.consume();
      if (!ends) return made_up(expected);
      break;
    case Type::STRING:  // `test nginx {`
      if (context->getRuleIndex() != Parser::RuleTestDecl) break;
      if (found.type == Type::WORD || found.type == Type::NUMBER) stream_.consume();
      if (stream_.current().type == Type::LBRACE) return made_up(expected);
      break;
    case Type::CELL:  // `root {`
      if (found.type == Type::LBRACE) return made_up(expected);
      break;
    default:
      break;
  }
  throw antlr4::InputMismatchException(parser);
}

void ErrorStrategy::skip_statement(bool stops_at_block) {
  for (;;) {
    const Token& token = stream_.current();
    if (token.type == antlr4::Token::EOF || token.type == Type::SEMI || token.type == Type::RBRACE) return;
    if (token.type == Type::LBRACE) {
      if (stops_at_block) return;
      // A block where none can be: all of it goes, and with it the statement.
      size_t depth = 0;
      do {
        const size_t type = stream_.current().type;
        if (type == Type::LBRACE) ++depth;
        if (type == Type::RBRACE) --depth;
        if (type == antlr4::Token::EOF) return;
        stream_.consume();
      } while (depth > 0);
      return;
    }
    stream_.consume();
  }
}

void ErrorStrategy::recover(antlr4::Parser* parser, std::exception_ptr) {
  if (keep_position_) {
    keep_position_ = false;
    return;
  }
  if (reporter_.full()) {  // nothing that follows is told: to the end
    stream_.seek(stream_.size() - 1);
    told_.insert(stream_.index());
    return;
  }
  auto* context = parser->getContext();
  auto* statement = statement_of(context);
  skip_statement(statement != nullptr && takes_block(statement->getRuleIndex()));
  if (stream_.current().type == Type::SEMI && ends_with_semicolon(context->getRuleIndex())) {
    stream_.consume();
    return;
  }
  told_.insert(stream_.index());
}

}  // namespace scx::syntax
