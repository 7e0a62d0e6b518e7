#include "compiler/syntax/lexemes.h"

#include <algorithm>

#include "compiler/syntax/lex.h"
#include "compiler/syntax/shape.h"
#include "compiler/syntax/syntax.h"

namespace scx::syntax {
namespace {

using Kind = Lexeme::Kind;

Kind kind_of(size_t type) {
  switch (type) {
    case Type::NUMBER:
      return Kind::kNumber;
    case Type::STRING:
      return Kind::kString;
    case Type::EQ:
    case Type::NE:
    case Type::LT:
    case Type::LE:
    case Type::GT:
    case Type::GE:
      return Kind::kComparison;
    case Type::ASSIGN:
      return Kind::kAssign;
    case Type::STAR:
      return Kind::kStar;
    case Type::DOTDOT:
      return Kind::kDots;
    case Type::COMMA:
      return Kind::kComma;
    case Type::SEMI:
      return Kind::kSemicolon;
    case Type::LPAREN:
      return Kind::kOpenParenthesis;
    case Type::RPAREN:
      return Kind::kCloseParenthesis;
    case Type::SET_OPEN:
      return Kind::kOpenSet;
    case Type::SET_CLOSE:
      return Kind::kCloseSet;
    case Type::LBRACE:
      return Kind::kOpenBlock;
    case Type::RBRACE:
      return Kind::kCloseBlock;
    default:
      return Kind::kWord;
  }
}

}  // namespace

std::vector<Lexeme> lexemes(FileId file, const Sources& sources) {
  diag::Diagnostics ignored;
  Reporter reporter(file, sources, ignored);
  if (reporter.text().size() > kMaxFileSize) return {};
  std::vector<Span> comments;
  std::vector<Token> tokens = lex(reporter, &comments);
  shape(tokens, reporter, Forgotten::kNothing);
  std::vector<Lexeme> out;
  out.reserve(tokens.size() + comments.size());
  auto comment = comments.begin();
  for (const Token& token : tokens) {
    for (; comment != comments.end() && comment->begin < token.span.begin; ++comment)
      out.push_back({Kind::kComment, *comment});
    if (token.type != antlr4::Token::EOF) out.push_back({kind_of(token.type), token.span});
  }
  for (; comment != comments.end(); ++comment) out.push_back({Kind::kComment, *comment});
  return out;
}

}  // namespace scx::syntax
