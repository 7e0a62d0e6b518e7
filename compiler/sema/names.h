// The names of a program: what it declares, once, and what its constants stand
// for. The first two passes fill these; every later pass of sema/ reads them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diagnostics/diagnostics.h"
#include "compiler/diagnostics/words.h"
#include "compiler/support/source.h"

namespace scx::sema {

// A cell and its layers in file order; of two layers of one name the first.
struct CellDeclaration {
  const ast::Cell* written = nullptr;  // null for root without a `root cell`
  std::vector<const ast::Layer*> layers;
};

// The declarations of all files, in file order; of two of one name the first.
struct Declarations {
  FileId main{};
  const ast::PolicyBlock* policy = nullptr;
  std::vector<const ast::Let*> lets;
  std::vector<const ast::Matcher*> matchers;
  // Root first, whose layers stand at the top level or in its block.
  std::vector<CellDeclaration> cells{1};
  std::vector<const ast::Test*> tests;
  const ast::Cleanup* cleanup = nullptr;  // of the policy
  Span cleanup_head;                      // its keyword

  [[nodiscard]] const ast::Let* find_let(std::string_view name) const;
  [[nodiscard]] std::optional<size_t> find_matcher(std::string_view name) const;
  [[nodiscard]] std::optional<size_t> find_cell(std::string_view name) const;  // `root` is 0
  // For did-you-mean. None if there are more than a person wrote: a guess for
  // each mistake in a generated file would take seconds.
  [[nodiscard]] std::vector<std::string_view> let_names() const;
  [[nodiscard]] std::vector<std::string_view> matcher_names() const;
  [[nodiscard]] std::vector<std::string_view> cell_names() const;

  // Names of lets and matchers that were refused: what uses them only follows from that.
  std::set<std::string_view> refused;

  // Indexes into the lists above by name; only `collect` adds.
  std::map<std::string_view, size_t> let_index, matcher_index, cell_index, test_index;
};

// Pass `collect`.
// Reads: the program. Writes: Declarations.
// Invariant: names are unique within their namespace (lets with matchers, cells, the layers of each cell),
// none of lets and matchers is an attribute's word; only matchers and constants come from included files.
Declarations collect(const ast::Program& program, const Sources& sources, diag::Diagnostics& diagnostics);

// Constants by name; a constant whose definition is wrong has no value, and
// its uses are silent.
struct Constants {
  struct Constant {
    const ast::Let* let = nullptr;
    const ast::Term* value = nullptr;  // never a Word
  };
  std::map<std::string_view, Constant> by_name;
  [[nodiscard]] const Constant* find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> names() const;  // for did-you-mean, as Declarations::let_names
};

// Pass `resolve_constants`.
// Reads: the lets of Declarations. Writes: Constants.
// Invariant: every value is a number, a string, a range or a set; there are no cycles.
Constants resolve_constants(const Declarations& declarations, diag::Diagnostics& diagnostics);

// For did-you-mean: more names than a person wrote are not searched.
inline constexpr size_t kMostCandidates = 256;

using diag::did_you_mean;
using diag::list_words;

}  // namespace scx::sema
