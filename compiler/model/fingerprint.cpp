#include <algorithm>

#include <fmt/format.h>

#include "compiler/model/model.h"

namespace scx::model {
namespace {

// Text that is equal exactly for expressions that differ in spelling only:
// predicates by content, operands of `and` and `or` flattened, sorted and
// without repetition, double negation removed.
std::string canonical(const Policy& policy, const Expression& expression);

void gather(const Policy& policy, const Expression& expression, Expression::Kind kind,
            std::vector<std::string>& out) {
  for (const Expression& operand : expression.operands) {
    if (operand.kind == kind)
      gather(policy, operand, kind, out);
    else
      out.push_back(canonical(policy, operand));
  }
}

std::string canonical(const Policy& policy, const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::kAll:
      return "*";
    case Expression::Kind::kTest: {
      Predicate predicate = policy.predicates[expression.predicate];
      std::sort(predicate.names.begin(), predicate.names.end());
      return to_string(predicate);
    }
    case Expression::Kind::kNot: {
      const Expression& operand = expression.operands[0];
      if (operand.kind == Expression::Kind::kNot) return canonical(policy, operand.operands[0]);
      return "!(" + canonical(policy, operand) + ")";
    }
    case Expression::Kind::kAnd:
    case Expression::Kind::kOr:
      break;
  }
  std::vector<std::string> operands;
  gather(policy, expression, expression.kind, operands);
  std::sort(operands.begin(), operands.end());
  operands.erase(std::unique(operands.begin(), operands.end()), operands.end());
  if (operands.size() == 1) return operands[0];
  std::string out = expression.kind == Expression::Kind::kAnd ? "&(" : "|(";
  for (const std::string& operand : operands) out += operand + ";";
  return out + ")";
}

// FNV-1a, 128 bits wide (Fowler, Noll, Vo; the constants are the published ones).
std::string hash(std::string_view text) {
  using U128 = unsigned __int128;
  const U128 prime = (U128{1} << 88) + 0x13b;
  U128 value = (U128{0x6c62272e07bb0142} << 64) + 0x62b821756295c58d;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * prime;
  return fmt::format("{:016x}{:016x}", static_cast<uint64_t>(value >> 64), static_cast<uint64_t>(value));
}

// Nothing for a root cell that says nothing: cells changed no fingerprint of a policy without them.
std::string cell_text(const Policy& policy, const Cell& cell) {
  const bool root = cell.kind == abi::CellKind::kRoot;
  std::string properties;
  for (const std::string& property : property_texts(cell)) properties += " " + property;
  if (root && properties.empty()) return "";
  return fmt::format("cell {} {} max {} claim {}{}\n", cell.name, spelling(cell.kind), cell.max,
                     root ? "" : canonical(policy, cell.claim), properties);
}

}  // namespace

std::string canonical_text(const Policy& policy, const Expression& expression) {
  return canonical(policy, expression);
}

std::string fingerprint(const Policy& policy) {
  std::string text = fmt::format("policy {} watchdog {} kernel {}\n", policy.name, policy.watchdog_ns,
                                 to_string(policy.min_kernel));
  for (const std::string& path : policy.gpu_devices) text += "gpu device " + path + "\n";
  for (const Cell& cell : policy.cells) {
    text += cell_text(policy, cell);
    for (const Layer& layer : cell.layers) {
      std::string properties;
      for (const std::string& property : property_texts(layer)) properties += " " + property;
      text += fmt::format("cell {} layer {} {}{} match {}\n", cell.name, layer.name, spelling(layer.kind),
                          properties, canonical(policy, layer.match));
    }
  }
  for (const CleanupRule& rule : policy.cleanup)
    if (!rule.is_default())
      text += fmt::format("cleanup {} {} {} {}\n", scope_text(policy, rule), row_of(rule.resource).name,
                          spelling(rule.event), to_string(policy, rule));
  return hash(text);
}

}  // namespace scx::model
