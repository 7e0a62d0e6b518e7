#include "compiler/format/format.h"

#include <algorithm>
#include <vector>

#include "compiler/format/layout.h"
#include "compiler/format/statements.h"
#include "compiler/syntax/lexemes.h"

namespace scx::format {
namespace {

using Kind = syntax::Lexeme::Kind;

// The texts of the tokens, and those of the comments without spaces at their ends.
struct Content {
  std::vector<std::pair<Kind, std::string_view>> tokens;
  std::vector<std::string_view> comments;
  bool operator==(const Content&) const = default;
};

Content content_of(FileId file, const Sources& sources) {
  Content out;
  for (const syntax::Lexeme& lexeme : syntax::lexemes(file, sources)) {
    const std::string_view text = sources.text(lexeme.span);
    if (lexeme.kind == Kind::kComment) {
      out.comments.push_back(text.substr(0, text.find_last_not_of(" \t\f\v") + 1));
    } else {
      out.tokens.emplace_back(lexeme.kind, text);
    }
  }
  return out;
}

}  // namespace

std::string format(FileId file, const Sources& sources) {
  return print(lay_out(read_statements(file, sources)));
}

bool same_content(FileId before, FileId after, const Sources& sources) {
  return content_of(before, sources) == content_of(after, sources);
}

}  // namespace scx::format
