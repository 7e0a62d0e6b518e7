#include "compiler/sema/analyse.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "compiler/sema/cells.h"
#include "compiler/sema/claims.h"
#include "compiler/sema/cleanup.h"
#include "compiler/sema/layers.h"
#include "compiler/sema/limits.h"
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
                       std::vector<LoweredCell> cells, std::vector<model::Test> tests) {
  model::Policy out;
  out.name = settings.name;
  out.slice_ns = settings.slice_ns;
  out.slice_span = settings.slice_span;
  out.watchdog_ns = settings.watchdog_ns;
  out.min_kernel = settings.min_kernel;
  out.min_kernel_span = settings.min_kernel_span;
  out.gpu_devices = settings.gpu_devices;
  Numbering numbering(matchers.predicates(), out.predicates);
  for (LoweredCell& lowered : cells) {
    model::Cell& cell = lowered.cell;
    cell.claim = numbering.renumber(std::move(cell.claim));
    for (LoweredLayer& layer : lowered.layers) {
      layer.layer.match = numbering.renumber(std::move(layer.layer.match));
      cell.layers.push_back(std::move(layer.layer));
    }
    out.cells.push_back(std::move(cell));
  }
  out.number_domains();
  for (size_t i = 0; i < declarations.matchers.size(); ++i) {
    const auto& lowered = matchers.matcher(i);
    SCX_CHECK(lowered.has_value(), "a matcher that cannot be lowered was reported");
    const ast::Word& name = declarations.matchers[i]->name;
    out.matchers.push_back({name.text, numbering.renumber(lowered->expression), name.span,
                            declarations.matchers[i]->expression.span});
  }
  out.tests = std::move(tests);
  return out;
}

// Whether tasks of a cell meet another cell's on their CPUs.
bool is_alone(const std::vector<LoweredCell>& cells, size_t index) {
  const LoweredCell& cell = cells[index];
  return !cell.shares_with && !cell.cell.borrow &&
         std::none_of(cells.begin(), cells.end(),
                      [&](const LoweredCell& c) { return c.shares_with == index; });
}

// Of the main file.
std::string folder_of(const Sources& sources) {
  return std::filesystem::path(sources.display_path(FileId{})).parent_path().string();
}

}  // namespace

std::optional<model::Policy> analyse(const ast::Program& program, const Sources& sources,
                                     diag::Diagnostics& diagnostics) {
  const Declarations declarations = collect(program, sources, diagnostics);
  const Constants constants = resolve_constants(declarations, diagnostics);
  const PolicySettings settings = lower_policy(declarations, constants, diagnostics);
  Matchers matchers(declarations, constants, diagnostics);
  lower_matchers(declarations, matchers);
  std::vector<LoweredCell> cells = lower_cells(declarations, constants, matchers, diagnostics);
  for (size_t i = 0; i < cells.size(); ++i) {
    std::vector<LoweredLayer>& layers = cells[i].layers;
    layers = lower_layers(declarations.cells[i].layers, constants, settings, matchers, diagnostics);
    complete_layers(layers, settings, {cells[i].cell.span, i == 0, is_alone(cells, i)}, diagnostics);
  }
  check_cells(cells, diagnostics);
  check_claims(cells, matchers.predicates(), diagnostics);
  std::vector<model::Test> tests =
      lower_tests(declarations, constants, cells, folder_of(sources), diagnostics);
  const std::vector<WrittenCleanup> cleanup = read_cleanup(declarations, constants, diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  // Only now: beside a misspelt use, the definition that it means looks unused.
  warn_unused(declarations, diagnostics);
  model::Policy policy = assemble(declarations, settings, matchers, std::move(cells), std::move(tests));
  complete_cleanup(cleanup, policy, diagnostics);
  check_limits(policy, settings, diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  return policy;
}

}  // namespace scx::sema
