#include "compiler/sema/layers.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/sema/properties.h"
#include "compiler/sema/tables.h"

namespace scx::sema {

using diag::Kind;

PolicySettings lower_policy(const Declarations& declarations, const Constants& constants,
                            diag::Diagnostics& diagnostics) {
  PolicySettings out;
  out.min_kernel = kernel_series().front();
  if (declarations.policy == nullptr) return out;
  out.name = declarations.policy->name.text;
  PropertyReader reader(constants, diagnostics);
  reader.read(declarations.policy->body, Place::kPolicy, [&](const PropertyUse& use) {
    if (use.row.property == Property::kSlice) {
      out.slice_ns = reader.duration(use).value_or(out.slice_ns);
      out.slice_span = use.written.span;
    }
    if (use.row.property == Property::kWatchdog)
      out.watchdog_ns = reader.duration(use).value_or(out.watchdog_ns);
    if (use.row.property == Property::kGpuDevices) {
      out.gpu_devices = reader.device_paths(use);
      out.gpu_span = use.written.span;
    }
    if (use.row.property == Property::kKernel) {
      out.min_kernel = reader.kernel(use).value_or(out.min_kernel);
      out.min_kernel_span = use.written.span;
    }
  });
  return out;
}

namespace {

class LayerReader {
 public:
  LayerReader(const Constants& constants, const PolicySettings& settings, Matchers& matchers,
              diag::Diagnostics& diagnostics)
      : properties_(constants, diagnostics),
        settings_(settings),
        matchers_(matchers),
        diagnostics_(diagnostics) {}

  LoweredLayer read(const ast::Layer& written) {
    LoweredLayer out;
    out.layer.name = written.name.text;
    out.layer.slice_ns = settings_.slice_ns;
    out.layer.span = {written.span.file, written.span.begin,
                      std::max(written.kind.span.end, written.name.span.end)};
    out.layer.match_span = out.layer.span;
    const bool kind_known = read_kind(written, out.layer);
    bool has_match = false;
    properties_.read(written.body, Place::kLayer, [&](const PropertyUse& use) {
      has_match = has_match || use.row.property == Property::kMatch;
      out.layer.written.push_back({std::string(use.row.words), use.written.span});
      // Which properties apply is only known with the kind.
      if (kind_known && (use.row.kinds & kind_bit(out.layer.kind)) == 0)
        report_without_effect(use, written, out.layer.kind);
      else
        read_property(use, out);
    });
    if (!has_match)
      diagnostics_
          .report(Kind::kMissingMatch, written.name.span, "the layer `{}` has no `match`", written.name.text)
          .help("say which tasks it takes: `match comm \"nginx*\";`, or `match *;` for all that are left");
    return out;
  }

 private:
  bool read_kind(const ast::Layer& written, model::Layer& out) {
    const auto& kinds = layer_kinds();
    if (written.kind.text.empty()) {
      diagnostics_
          .report(Kind::kMissingOperand, written.name.span, "the layer `{}` has no kind", written.name.text)
          .help(fmt::format("write it behind the name: {}", list_words(kinds)));
      return false;
    }
    const auto found = std::find(kinds.begin(), kinds.end(), written.kind.text);
    if (found == kinds.end()) {
      diagnostics_
          .report(Kind::kUnknownLayerKind, written.kind.span, "unknown layer kind `{}`", written.kind.text)
          .hint(did_you_mean(written.kind.text, kinds,
                             std::find(kinds.begin(), kinds.end(), written.name.text) == kinds.end()
                                 ? "kinds: " + list_words(kinds)
                                 : fmt::format("the name comes first: `layer {} {}`", written.kind.text,
                                               written.name.text)));
      return false;
    }
    out.kind = static_cast<abi::LayerKind>(found - kinds.begin());
    if (!written.family_terms.empty())
      diagnostics_
          .report(Kind::kUnexpectedOperand, ast::span_of(written.family_terms[0]),
                  "{} behind the layer's kind", describe(written.family_terms[0]))
          .help("properties stand inside the braces");
    return true;
  }

  void report_without_effect(const PropertyUse& use, const ast::Layer& written, abi::LayerKind kind) {
    std::vector<std::string_view> fitting;
    for (size_t i = 0; i < layer_kinds().size(); ++i)
      if ((use.row.kinds & kind_bit(static_cast<abi::LayerKind>(i))) != 0)
        fitting.push_back(layer_kinds()[i]);
    diagnostics_
        .report(Kind::kPropertyWithoutEffect, use.name_span(), "`{}` has no effect in {} layer",
                use.row.words,
                kind == abi::LayerKind::kOpen ? "an open" : fmt::format("a {}", model::spelling(kind)))
        .label(written.kind.span, "the layer's kind")
        .note(std::string(use.row.why_not_kinds))
        .help(fmt::format("leave it out, or make the layer {}", list_words(fitting, "or")));
  }

  void read_property(const PropertyUse& use, LoweredLayer& out) {
    model::Layer& layer = out.layer;
    switch (use.row.property) {
      case Property::kMatch:
        return read_match(use, out);
      case Property::kCpus:
        layer.cpus = properties_.cpu_range(use).value_or(layer.cpus);
        out.cpus_span = use.written.span;
        return;
      case Property::kWeight:
        if (const auto weight = properties_.integer(use)) {
          layer.weight = static_cast<uint32_t>(*weight);
          out.weight_span = use.written.span;
        }
        return;
      case Property::kSlice:
        layer.slice_ns = properties_.duration(use).value_or(layer.slice_ns);
        return;
      case Property::kOrder: {
        const std::vector<std::string_view> words = {model::spelling(abi::QueueOrder::kVtime),
                                                     model::spelling(abi::QueueOrder::kFifo)};
        if (const auto index = properties_.word(use, words))
          layer.order = static_cast<abi::QueueOrder>(*index);
        return;
      }
      case Property::kPreempt:
        layer.preempt = properties_.flag(use);
        return;
      case Property::kUtil:
        layer.util = properties_.util(use).value_or(layer.util);
        return;
      case Property::kProtected:
        layer.is_protected = properties_.flag(use);
        return;
      case Property::kNodes:
        layer.nodes = properties_.ids(use).value_or(layer.nodes);
        return;
      case Property::kLlcs:
        layer.llcs = properties_.ids(use).value_or(layer.llcs);
        return;
      case Property::kPlaceNearGpu:
        layer.near_gpus = properties_.flag(use);
        return;
      case Property::kPlaceNearNode:
        layer.near_nodes = properties_.ids(use).value_or(layer.near_nodes);
        return;
      case Property::kGrow:
        return read_grow(use, layer);
      case Property::kMinRun:
        layer.min_run_ns = properties_.duration(use).value_or(layer.min_run_ns);
        return;
      case Property::kYield:
        layer.yield_loss = properties_.yield(use).value_or(layer.yield_loss);
        return;
      case Property::kResumeLatency:
        layer.resume_latency_ns = properties_.whole_microseconds(use);
        return;
      default:
        return;
    }
  }

  void read_grow(const PropertyUse& use, model::Layer& layer) {
    const auto later = grow_orders().begin() + kImplementedGrowOrders;
    const std::vector<std::string_view> words(grow_orders().begin(), later);
    const auto& terms = use.written.terms;
    const auto* word = terms.size() > use.next ? std::get_if<ast::Word>(&terms[use.next]) : nullptr;
    if (word != nullptr && std::find(later, grow_orders().end(), word->text) != grow_orders().end()) {
      diagnostics_.report(Kind::kNotImplemented, word->span, "`grow {}` is not implemented yet", word->text)
          .help("orders in this version: " + list_words(words));
      return;
    }
    if (const auto index = properties_.word(use, words)) layer.grow = static_cast<abi::GrowOrder>(*index);
  }

  void read_match(const PropertyUse& use, LoweredLayer& out) {
    if (!use.written.match) return;  // the parser has said why
    out.layer.match_span = use.written.match->span;
    if (auto lowered = matchers_.lower(*use.written.match)) {
      out.layer.match = std::move(lowered->expression);
      out.matched = true;
    }
  }

  PropertyReader properties_;
  const PolicySettings& settings_;
  Matchers& matchers_;
  diag::Diagnostics& diagnostics_;
};

bool is_catch_all(const LoweredLayer& layer) {
  return layer.matched && layer.layer.match.kind == model::Expression::Kind::kAll;
}

void report_after_catch_all(const std::vector<LoweredLayer>& layers, diag::Diagnostics& diagnostics) {
  const auto catch_all = std::find_if(layers.begin(), layers.end(), is_catch_all);
  if (catch_all == layers.end()) return;
  const auto first = catch_all + 1;
  if (first == layers.end()) return;
  std::vector<std::string_view> names;
  for (auto after = first; after != layers.end(); ++after) names.push_back(after->layer.name);
  auto report =
      diagnostics.report(Kind::kLayerAfterCatchAll, first->layer.span, "the layer{} {} take{} no task",
                         names.size() == 1 ? "" : "s", list_words(names), names.size() == 1 ? "s" : "");
  report.at("unreachable")
      .label(catch_all->layer.match_span,
             fmt::format("the layer `{}` takes every task that gets here", catch_all->layer.name))
      .note("the first layer that matches takes the task");
  // Moved behind another one of its like it would take none itself.
  const auto second = std::find_if(first, layers.end(), is_catch_all);
  if (second == layers.end())
    report.help(fmt::format("move `{}` to the end", catch_all->layer.name));
  else
    report.label(second->layer.match_span, fmt::format("so would `{}`", second->layer.name))
        .help(fmt::format("one layer matches `*`, the last one: say which tasks `{}` takes, or take it out",
                          catch_all->layer.name));
}

void add_default(std::vector<LoweredLayer>& layers, const PolicySettings& settings, const LayersOf& cell,
                 diag::Diagnostics& diagnostics) {
  if (std::any_of(layers.begin(), layers.end(), is_catch_all)) return;
  // A layer whose match is wrong may be the catch-all.
  if (std::any_of(layers.begin(), layers.end(), [](const LoweredLayer& layer) { return !layer.matched; }))
    return;
  std::string name = "default";
  const auto taken = [&](const LoweredLayer& layer) { return layer.layer.name == name; };
  for (int i = 2; std::any_of(layers.begin(), layers.end(), taken); ++i) name = fmt::format("default-{}", i);
  const Span span = layers.empty() ? cell.span : layers.back().layer.span;
  // That a cell has one open layer where none is written is what cells are.
  if (cell.root || !layers.empty())
    diagnostics.report(Kind::kImplicitLayer, span, "no layer takes the remaining tasks: `{}` is added", name)
        .help(fmt::format("write it: `layer {} open {{ match *; }}`", name));
  LoweredLayer added;
  added.layer.name = name;
  added.layer.slice_ns = settings.slice_ns;
  added.layer.implicit = true;
  added.layer.span = added.layer.match_span = span;
  added.matched = true;
  layers.push_back(std::move(added));
}

// Counts are known to fit only on a machine; shares of one cell add up anywhere.
void check_floors(const std::vector<LoweredLayer>& layers, diag::Diagnostics& diagnostics) {
  uint32_t percent = 0;
  std::vector<const LoweredLayer*> sharing;
  const LoweredLayer* counting = nullptr;
  for (const LoweredLayer& layer : layers) {
    if (layer.layer.kind == abi::LayerKind::kOpen) continue;
    const abi::CpuAmount floor = layer.layer.cpus.floor;
    if (floor.unit != abi::CpuAmount::Unit::kPercent) {
      if (floor.value > 0) counting = &layer;
      continue;
    }
    percent += floor.value;
    sharing.push_back(&layer);
  }
  // Several shares are rounded down each, and may leave a CPU; all of it leaves none.
  if (percent == 100 && sharing.size() == 1 && counting != nullptr) {
    diagnostics
        .report(Kind::kFloorsExceedCell, sharing[0]->cpus_span,
                "the layer `{}` asks for all of the cell's CPUs, and `{}` for at least {} more",
                sharing[0]->layer.name, counting->layer.name, counting->layer.cpus.floor.value)
        .label(counting->layer.span, "no CPU is left for it")
        .help("write `..100%` for as many as there are, or a floor below 100%");
    return;
  }
  if (percent <= 100) return;
  auto report = diagnostics.report(Kind::kFloorsExceedCell, sharing.back()->cpus_span,
                                   "the floors of the layers are {}% of the cell's CPUs", percent);
  for (const LoweredLayer* layer : sharing) {
    const std::string text =
        fmt::format("`{}` asks for {}%", layer->layer.name, layer->layer.cpus.floor.value);
    if (layer == sharing.back())
      report.at(text);
    else
      report.label(layer->cpus_span, text);
  }
  report.help("lower them to 100% together; a ceiling may be as high as you like");
}

}  // namespace

std::vector<LoweredLayer> lower_layers(const std::vector<const ast::Layer*>& layers,
                                       const Constants& constants, const PolicySettings& settings,
                                       Matchers& matchers, diag::Diagnostics& diagnostics) {
  LayerReader reader(constants, settings, matchers, diagnostics);
  std::vector<LoweredLayer> out;
  for (const ast::Layer* layer : layers) out.push_back(reader.read(*layer));
  return out;
}

void complete_layers(std::vector<LoweredLayer>& layers, const PolicySettings& settings, const LayersOf& cell,
                     diag::Diagnostics& diagnostics) {
  report_after_catch_all(layers, diagnostics);
  add_default(layers, settings, cell, diagnostics);
  check_floors(layers, diagnostics);
  if (cell.alone && layers.size() == 1 && layers[0].matched &&
      layers[0].weight_span.begin != layers[0].weight_span.end)
    diagnostics
        .report(Kind::kWeightAlone, layers[0].weight_span, "the weight of `{}` has no effect",
                layers[0].layer.name)
        .note("weights divide CPUs that layers share, and this is the only layer");
  if (layers.size() > kMaxLayers)
    diagnostics
        .report(Kind::kTooManyLayers, layers[kMaxLayers].layer.span, "{} layers in a cell, the limit is {}",
                layers.size(), kMaxLayers)
        .at("one too many")
        .note(
            "a task is compared with one layer after the other each time that it is classified; the implicit "
            "default layer counts");
}

}  // namespace scx::sema
