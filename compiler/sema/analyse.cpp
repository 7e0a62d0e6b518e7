#include "compiler/sema/analyse.h"

#include <optional>

#include "compiler/sema/cleanup.h"
#include "compiler/sema/layers.h"
#include "compiler/sema/matchers.h"
#include "compiler/sema/names.h"
#include "compiler/sema/tests.h"
#include "compiler/sema/usage.h"
#include "runtime/base/check.h"

namespace scx::sema {
namespace {

// Gives predicates their final numbers, in the order in which they are met.
class Numbering {
 public:
  Numbering(const std::vector<model::Predicate>& from, std::vector<model::Predicate>& to)
      : from_(from), to_(to), numbers_(from.size()) {}

  model::Expression renumber(model::Expression expression) {
    if (expression.kind == model::Expression::Kind::kTest) {
      auto& number = numbers_[expression.predicate];
      if (!number) {
        number = static_cast<uint32_t>(to_.size());
        to_.push_back(from_[expression.predicate]);
      }
      expression.predicate = *number;
    }
    for (model::Expression& operand : expression.operands) operand = renumber(std::move(operand));
    return expression;
  }

 private:
  const std::vector<model::Predicate>& from_;
  std::vector<model::Predicate>& to_;
  std::vector<std::optional<uint32_t>> numbers_;
};

// Pass `assemble`.
// Reads: what the other passes wrote, without errors. Writes: the model.
// Invariant: every index of the model is within its table.
model::Policy assemble(const Declarations& declarations, const PolicySettings& settings, Matchers& matchers,
                       std::vector<LoweredLayer> layers, std::vector<model::Test> tests) {
  model::Policy out;
  out.name = settings.name;
  out.slice_ns = settings.slice_ns;
  out.watchdog_ns = settings.watchdog_ns;
  out.min_kernel = settings.min_kernel;
  Numbering numbering(matchers.predicates(), out.predicates);
  model::Cell root;
  root.name = "root";
  root.span = declarations.policy->name.span;
  for (LoweredLayer& lowered : layers) {
    lowered.layer.match = numbering.renumber(std::move(lowered.layer.match));
    root.layers.push_back(std::move(lowered.layer));
  }
  out.cells.push_back(std::move(root));
  out.number_domains();
  for (size_t i = 0; i < declarations.matchers.size(); ++i) {
    const auto& lowered = matchers.matcher(i);
    SCX_CHECK(lowered.has_value(), "a matcher that cannot be lowered was reported");
    const ast::Word& name = declarations.matchers[i]->name;
    out.matchers.push_back({name.text, numbering.renumber(lowered->expression), name.span});
  }
  out.tests = std::move(tests);
  return out;
}

}  // namespace

std::optional<model::Policy> analyse(const ast::Program& program, const Sources& sources,
                                     diag::Diagnostics& diagnostics) {
  const Declarations declarations = collect(program, sources, diagnostics);
  const Constants constants = resolve_constants(declarations, diagnostics);
  const PolicySettings settings = lower_policy(declarations, constants, diagnostics);
  Matchers matchers(declarations, constants, diagnostics);
  lower_matchers(declarations, matchers);
  std::vector<LoweredLayer> layers = lower_layers(declarations, constants, settings, matchers, diagnostics);
  complete_layers(layers, settings, declarations, diagnostics);
  std::vector<model::Test> tests = lower_tests(declarations, constants, layers, diagnostics);
  const std::vector<WrittenCleanup> cleanup = read_cleanup(program, declarations, constants, diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  // Only now: beside a misspelt use, the definition that it means looks unused.
  warn_unused(declarations, diagnostics);
  model::Policy policy = assemble(declarations, settings, matchers, std::move(layers), std::move(tests));
  complete_cleanup(cleanup, policy, diagnostics);
  return policy;
}

}  // namespace scx::sema
