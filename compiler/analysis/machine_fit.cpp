#include "compiler/analysis/machine_fit.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "compiler/diagnostics/words.h"

namespace scx::analysis {
namespace {

using Ranges = std::vector<abi::IntRange>;
using Ids = std::vector<uint32_t>;

Ids nodes_of(const topology::Topology& machine) {
  Ids out = machine.node_ids;
  std::sort(out.begin(), out.end());
  return out;
}

Ids llcs_of(const topology::Topology& machine) {
  Ids out(machine.llc_count);
  std::iota(out.begin(), out.end(), 0U);
  return out;
}

class Fit {
 public:
  Fit(const std::vector<NamedMachine>& machines, diag::Diagnostics& diagnostics)
      : machines_(machines), diagnostics_(diagnostics), reported_(machines.size()) {}

  void nodes(const Ranges& asked, Span span, const std::string& text) {
    check(asked, span, text, "nodes", nodes_of);
  }
  void llcs(const Ranges& asked, Span span, const std::string& text) {
    check(asked, span, text, "last-level caches", llcs_of);
  }
  [[nodiscard]] std::vector<bool> reported() const { return reported_; }

 private:
  void check(const Ranges& asked, Span span, const std::string& text, std::string_view what,
             Ids (*ids_of)(const topology::Topology&)) {
    if (asked.empty()) return;
    std::vector<std::string> notes;
    std::vector<std::string_view> names;
    for (size_t i = 0; i < machines_.size(); ++i) {
      const Ids ids = ids_of(machines_[i].topology);
      const bool has = std::any_of(ids.begin(), ids.end(), [&](uint32_t id) {
        return std::any_of(asked.begin(), asked.end(),
                           [&](const abi::IntRange& range) { return range.low <= id && id <= range.high; });
      });
      if (has) continue;
      reported_[i] = true;
      names.emplace_back(machines_[i].name);
      notes.push_back(fmt::format("the {} of `{}` are {}", what, machines_[i].name, topology::cpu_list(ids)));
    }
    if (names.empty()) return;
    auto report = diagnostics_.report(diag::Kind::kPlaceNotThere, span, "{} is nowhere on {}", text,
                                      diag::list_words(names));
    for (std::string& note : notes) report.note(std::move(note));
  }

  const std::vector<NamedMachine>& machines_;
  diag::Diagnostics& diagnostics_;
  std::vector<bool> reported_;
};

Span written_at(const model::Layer& layer, std::string_view words) {
  for (const model::WrittenProperty& property : layer.written)
    if (property.words == words) return property.span;
  return layer.span;
}

}  // namespace

std::vector<bool> check_places(const model::Policy& policy, const std::vector<NamedMachine>& machines,
                               diag::Diagnostics& diagnostics) {
  Fit fit(machines, diagnostics);
  for (const model::Predicate& predicate : policy.predicates) {
    const std::string text = fmt::format("`{}`", model::to_string(predicate));
    if (predicate.attribute == abi::Attribute::kAffinityNode)
      fit.nodes(predicate.ranges, predicate.span, text);
    if (predicate.attribute == abi::Attribute::kAffinityLlc) fit.llcs(predicate.ranges, predicate.span, text);
  }
  for (const model::Cell& cell : policy.cells) {
    fit.nodes(cell.nodes, cell.span, fmt::format("what `nodes` of the cell `{}` names", cell.name));
    fit.llcs(cell.llcs, cell.span, fmt::format("what `llcs` of the cell `{}` names", cell.name));
    for (const model::Layer& layer : cell.layers) {
      const auto of = [&](std::string_view word) {
        return fmt::format("what `{}` of the layer `{}` names", word, layer.name);
      };
      fit.nodes(layer.nodes, written_at(layer, "nodes"), of("nodes"));
      fit.llcs(layer.llcs, written_at(layer, "llcs"), of("llcs"));
      fit.nodes(layer.near_nodes, written_at(layer, "place near node"), of("place near node"));
    }
  }
  return fit.reported();
}

}  // namespace scx::analysis
