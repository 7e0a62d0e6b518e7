#include <algorithm>

#include "compiler/syntax/error_strategy.h"
#include "compiler/syntax/lex.h"
#include "compiler/syntax/other_formats.h"
#include "compiler/syntax/reader.h"
#include "compiler/syntax/shape.h"
#include "compiler/syntax/syntax.h"
#include "runtime/base/check.h"
#include "runtime/base/file.h"

namespace scx::syntax {
namespace {

ast::File parse_tokens(std::vector<Token>& tokens, Reporter& reporter) {
  TokenStream stream(tokens);
  grammar::ScxParser parser(&stream);
  parser.removeErrorListeners();
  const auto strategy = std::make_shared<ErrorStrategy>(stream, reporter);
  parser.setErrorHandler(strategy);
  // Every decision needs one token, so the prediction mode never matters in
  // practice; should one ever need more, the fast mode is the right one.
  parser.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(
      antlr4::atn::PredictionMode::SLL);
  grammar::ScxParser::FileContext* tree = parser.file();
  return read_tree(*tree, *strategy, reporter);
}

}  // namespace

ast::File parse(FileId file, const Sources& sources, diag::Diagnostics& diagnostics, Forgotten forgotten) {
  ast::File none;
  none.id = file;
  Reporter reporter(file, sources, diagnostics);
  if (reporter.text().size() > kMaxFileSize) {
    reporter.report(diag::Kind::kFileTooLarge, Span{file, 0, 0}, "file of {} bytes, more than {}",
                    reporter.text().size(), kMaxFileSize);
    return none;
  }
  if (const auto other = recognise_other_format(reporter.text())) {
    const auto begin =
        static_cast<uint32_t>(std::min(reporter.text().find_first_not_of(" \t\r\n"), reporter.text().size()));
    const auto end =
        static_cast<uint32_t>(std::min(reporter.text().find('\n', begin), reporter.text().size()));
    reporter
        .report(diag::Kind::kNotAPolicy, Span{file, begin, end}, "this is no policy: it looks like {}",
                other->name)
        .help(other->help);
    return none;
  }
  // ANTLR uses exceptions inside; none is expected to come out of it.
  try {
    std::vector<Token> tokens = lex(reporter, &none.comments);
    if (reporter.full() || !shape(tokens, reporter, forgotten) || reporter.full()) return none;
    ast::File tree = parse_tokens(tokens, reporter);
    tree.comments = std::move(none.comments);
    return tree;
  } catch (const std::exception& error) {
    scx::check_failed("no exception in the parser", __FILE__, __LINE__, error.what());
  }
}

std::string dump_tokens(FileId file, const Sources& sources) {
  diag::Diagnostics ignored;
  Reporter reporter(file, sources, ignored);
  if (reporter.text().size() > kMaxFileSize) return {};
  std::vector<Token> tokens = lex(reporter);
  shape(tokens, reporter, Forgotten::kPutIn);
  const grammar::ScxLexer names(nullptr);
  std::string out;
  for (const Token& token : tokens) {
    const LineColumn place = sources.position(file, token.span.begin);
    const bool end = token.type == antlr4::Token::EOF;
    fmt::format_to(std::back_inserter(out), "{}:{} {}", place.line, place.column,
                   end ? "END" : names.getVocabulary().getSymbolicName(token.type));
    if (!end) fmt::format_to(std::back_inserter(out), " {}", reporter.text(token.span));
    out += '\n';
  }
  return out;
}

}  // namespace scx::syntax
