#include "compiler/sema/usage.h"

#include <set>
#include <string_view>

#include <fmt/format.h>

namespace scx::sema {
namespace {

using diag::Kind;

class Walker {
 public:
  explicit Walker(const Declarations& declarations) : declarations_(declarations) {}

  void visit(const ast::Block& block) {
    for (const ast::Property& property : block.properties) {
      visit(property.terms);
      if (property.match) visit(*property.match);
      if (property.block != nullptr) visit(*property.block);
    }
    for (const ast::Layer& layer : block.layers) visit(layer.body);
  }
  void visit(const ast::Cell& cell) {
    visit(cell.family_terms);
    visit(cell.body);
  }

  // Follows names to what they stand for.
  void finish() {
    while (!pending_.empty()) {
      const std::string_view name = pending_.back();
      pending_.pop_back();
      if (const ast::Let* let = declarations_.find_let(name)) visit(let->value);
      if (const auto matcher = declarations_.find_matcher(name))
        visit(declarations_.matchers[*matcher]->expression);
    }
  }

  [[nodiscard]] bool uses(std::string_view name) const { return used_.contains(name); }

 private:
  void visit(const ast::Expression& expression) {
    visit(expression.terms);
    for (const ast::Expression& operand : expression.operands) visit(operand);
  }

  // Any word that is a name counts as its use: a keyword that is spelt like a
  // constant costs a warning that is missing, not one that is wrong.
  void visit(const std::vector<ast::Term>& terms) {
    for (const ast::Term& term : terms) {
      const auto* word = std::get_if<ast::Word>(&term);
      if (word != nullptr && used_.insert(word->text).second) pending_.push_back(word->text);
    }
  }

  const Declarations& declarations_;
  std::set<std::string_view> used_;
  // A list and not recursion: a chain of names may be as long as the file.
  std::vector<std::string_view> pending_;
};

}  // namespace

void warn_unused(const Declarations& declarations, diag::Diagnostics& diagnostics) {
  Walker walker(declarations);
  if (declarations.policy != nullptr) walker.visit(declarations.policy->body);
  for (const CellDeclaration& cell : declarations.cells) {
    if (cell.written != nullptr) walker.visit(*cell.written);
    for (const ast::Layer* layer : cell.layers) walker.visit(layer->body);
  }
  if (declarations.cleanup != nullptr) walker.visit(declarations.cleanup->body);
  for (const ast::Test* test : declarations.tests) walker.visit(test->body);
  walker.finish();
  const auto warn = [&](Kind kind, const ast::Word& name, std::string_view what) {
    if (name.span.file != declarations.main || walker.uses(name.text)) return;
    diagnostics.report(kind, name.span, "the {} `{}` is never used", what, name.text)
        .help("remove it, or use it in a layer or a test");
  };
  for (const ast::Matcher* matcher : declarations.matchers)
    warn(Kind::kUnusedMatcher, matcher->name, "matcher");
  for (const ast::Let* let : declarations.lets) warn(Kind::kUnusedConstant, let->name, "constant");
}

}  // namespace scx::sema
