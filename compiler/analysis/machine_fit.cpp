#include "compiler/analysis/machine_fit.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace scx::analysis {
namespace {

using Ranges = std::vector<abi::IntRange>;

// The nodes or the last-level caches of a machine.
struct Places {
  std::string_view what;
  std::vector<uint32_t> ids;  // rising
};

class Fit {
 public:
  Fit(const topology::Topology& machine, std::string_view name, diag::Diagnostics& diagnostics)
      : name_(name),
        diagnostics_(diagnostics),
        nodes_{"nodes", machine.node_ids},
        llcs_{"last-level caches", {}} {
    std::sort(nodes_.ids.begin(), nodes_.ids.end());
    llcs_.ids.resize(machine.llc_count);
    std::iota(llcs_.ids.begin(), llcs_.ids.end(), 0U);
  }

  void nodes(const Ranges& asked, Span span, const std::string& text) const {
    check(nodes_, asked, span, text);
  }
  void llcs(const Ranges& asked, Span span, const std::string& text) const {
    check(llcs_, asked, span, text);
  }

 private:
  void check(const Places& places, const Ranges& asked, Span span, const std::string& text) const {
    const auto has = [&](const abi::IntRange& range) {
      return std::any_of(places.ids.begin(), places.ids.end(),
                         [&](uint32_t id) { return range.low <= id && id <= range.high; });
    };
    if (asked.empty() || std::any_of(asked.begin(), asked.end(), has)) return;
    diagnostics_.report(diag::Kind::kPlaceNotThere, span, "{} is nowhere on the machine `{}`", text, name_)
        .note(fmt::format("its {} are {}", places.what, topology::cpu_list(places.ids)));
  }

  std::string_view name_;
  diag::Diagnostics& diagnostics_;
  Places nodes_, llcs_;
};

Span written_at(const model::Layer& layer, std::string_view words) {
  for (const model::WrittenProperty& property : layer.written)
    if (property.words == words) return property.span;
  return layer.span;
}

}  // namespace

void check_places(const model::Policy& policy, const topology::Topology& machine, std::string_view name,
                  diag::Diagnostics& diagnostics) {
  const Fit fit(machine, name, diagnostics);
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
}

}  // namespace scx::analysis
