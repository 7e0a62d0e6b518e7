// Runs text through the parser and sema, as the driver does, for the tests of
// this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/model/model.h"
#include "compiler/support/source.h"
#include "runtime/abi/classifier.h"

namespace scx::test {

struct Compiled {
  Sources sources;
  diag::Diagnostics diagnostics;
  ast::Program program;
  std::optional<model::Policy> policy;

  // "E0205 `40s`": the code of each diagnostic and the text it points at, in file order.
  [[nodiscard]] std::vector<std::string> summary() const;
  [[nodiscard]] bool has(std::string_view code) const;
  // The only diagnostic of the code; fails the test if there is none.
  [[nodiscard]] const diag::Diagnostic& find(std::string_view code) const;
  // For messages of failing tests.
  [[nodiscard]] std::string rendered() const;
};

// With the classifier of a policy without errors.
struct Classified {
  explicit Classified(Compiled from);
  explicit Classified(std::string text);
  [[nodiscard]] bool sound() const { return compiled.policy && !compiled.diagnostics.has_errors(); }
  [[nodiscard]] const model::Policy& policy() const { return *compiled.policy; }
  Compiled compiled;
  abi::Classifier classifier;
};

// One file.
Compiled compile(std::string text);
// With a policy block before the text.
Compiled compile_body(std::string_view text);
// Parts begin with a line `# file: NAME`; the first is the main file. They are
// written to a folder of their own, because includes are read from there.
Compiled compile_files(std::string_view text);

}  // namespace scx::test
