// Parses a text and keeps what belongs together alive: for the tests of syntax.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/syntax/syntax.h"

namespace scx::syntax {

struct Parsed {
  explicit Parsed(std::string text) {
    file = sources.add("test.scx", "test.scx", std::move(text));
    tree = parse(file, sources, diagnostics);
  }

  // "line:column CODE message" of each error, in the order of the text.
  [[nodiscard]] std::vector<std::string> errors() const {
    std::vector<std::string> out;
    for (const diag::Diagnostic* d : diagnostics.sorted()) {
      const LineColumn place = sources.position(d->span.file, d->span.begin);
      out.push_back(
          fmt::format("{}:{} {} {}", place.line, place.column, diag::info(d->kind).code, d->message));
    }
    return out;
  }
  [[nodiscard]] std::string dump() const { return ast::dump(tree, sources); }

  // The text after all fixes of all diagnostics.
  [[nodiscard]] std::string fixed() const {
    std::string text(sources.text(file));
    std::vector<diag::Fix> fixes;
    for (const diag::Diagnostic& d : diagnostics.all())
      fixes.insert(fixes.end(), d.fixes.begin(), d.fixes.end());
    std::sort(fixes.begin(), fixes.end(),
              [](const diag::Fix& a, const diag::Fix& b) { return a.span.begin > b.span.begin; });
    for (const diag::Fix& fix : fixes)
      text.replace(fix.span.begin, fix.span.end - fix.span.begin, fix.replacement);
    return text;
  }

  Sources sources;
  diag::Diagnostics diagnostics;
  FileId file{};
  ast::File tree;
};

// The example of the language's design: every kind of statement once.
extern const std::string kExample;

}  // namespace scx::syntax
