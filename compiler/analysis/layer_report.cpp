#include "compiler/analysis/layer_report.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "runtime/base/closest.h"
#include "runtime/base/file.h"
#include "runtime/base/refusal.h"

namespace scx::analysis {
namespace {

using Kind = abi::Expression::Kind;

class Questions {
 public:
  Questions(const model::Policy& policy, const abi::Classifier& classifier, LayerId id)
      : matches_(classifier.cells[id.cell].layers), search_(policy, classifier), id_(id) {}

  void reach(LayerReport& out) {
    std::vector<Goal> goals = all_refuse(0, id_.layer);
    goals.push_back({&mine(), true});
    out.reached = find(goals, out.only_refused);
  }

  // What the layer would match and an earlier one takes.
  Rival taken_by(uint32_t earlier) {
    std::vector<Goal> goals = all_refuse(0, earlier);
    goals.push_back({&matches_[earlier].match, true});
    goals.push_back({&mine(), true});
    return rival(earlier, goals);
  }

  // What a later one would get without this layer.
  Rival kept_from(uint32_t later) {
    std::vector<Goal> goals = all_refuse(0, id_.layer);
    goals.push_back({&mine(), true});
    const std::vector<Goal> between = all_refuse(id_.layer + 1, later);
    goals.insert(goals.end(), between.begin(), between.end());
    goals.push_back({&matches_[later].match, true});
    return rival(later, goals);
  }

  [[nodiscard]] bool takes_rest(uint32_t layer) const { return matches_[layer].match.kind == Kind::kAll; }
  [[nodiscard]] uint32_t count() const { return static_cast<uint32_t>(matches_.size()); }

 private:
  Rival rival(uint32_t layer, const std::vector<Goal>& goals) {
    Rival out;
    out.layer = layer;
    out.task = find(goals, out.only_refused);
    return out;
  }

  // A task where families are not full is the simpler answer, but that there is none is true of both only.
  TaskFinding find(const std::vector<Goal>& goals, bool& only_refused) {
    TaskFinding out = search_.example(goals, World{{id_.cell}});
    if (out.answer != Answer::kNone) return out;
    out = search_.find_with_full_families(goals, id_.cell);
    only_refused = out.answer == Answer::kFound;
    return out;
  }

  [[nodiscard]] const abi::Expression& mine() const { return matches_[id_.layer].match; }

  [[nodiscard]] std::vector<Goal> all_refuse(uint32_t from, uint32_t to) const {
    std::vector<Goal> out;
    for (uint32_t i = from; i < to; ++i) out.push_back({&matches_[i].match, false});
    return out;
  }

  const std::vector<abi::DomainMatch>& matches_;
  TaskSearch search_;
  LayerId id_;
};

class PropertyList {
 public:
  PropertyList(const model::Policy& policy, const model::Layer& layer) : policy_(policy), layer_(layer) {}

  std::vector<Property> list() {
    using abi::to_string;
    const model::Layer& l = layer_;
    if (l.kind != abi::LayerKind::kOpen) {
      add("cpus", to_string(l.cpus));
      add("util", fmt::format("{}%..{}%", l.util.low, l.util.high));
      add("grow", std::string(abi::spelling(l.grow)));
      add("protected", yes_or_no(l.is_protected));
      add("nodes", l.nodes.empty() ? "all" : to_string(l.nodes));
      add("llcs", l.llcs.empty() ? "all" : to_string(l.llcs));
      add("place near gpu", yes_or_no(l.near_gpus));
      add("place near node", l.near_nodes.empty() ? "none" : to_string(l.near_nodes));
      add("resume-latency",
          l.resume_latency_ns ? model::duration_text(*l.resume_latency_ns) : "the machine's");
    }
    add("slice", model::duration_text(l.slice_ns));
    if (out_.back().from == Property::From::kDefault && policy_.slice_span) {
      out_.back().from = Property::From::kPolicy;
      out_.back().span = *policy_.slice_span;
    }
    add("weight", std::to_string(l.weight));
    add("order", std::string(abi::spelling(l.order)));
    add("preempt", yes_or_no(l.preempt));
    add("min-run", l.min_run_ns == 0 ? "0" : model::duration_text(l.min_run_ns));
    add("yield", abi::yield_text(l.yield_loss));
    return std::move(out_);
  }

 private:
  static std::string yes_or_no(bool value) { return value ? "yes" : "no"; }

  void add(std::string name, std::string value) {
    Property property{std::move(name), std::move(value)};
    const auto written =
        std::find_if(layer_.written.begin(), layer_.written.end(),
                     [&](const model::WrittenProperty& one) { return one.words == property.name; });
    if (written != layer_.written.end()) {
      property.from = Property::From::kLayer;
      property.span = written->span;
    }
    out_.push_back(std::move(property));
  }

  const model::Policy& policy_;
  const model::Layer& layer_;
  std::vector<Property> out_;
};

Error bad_layer(std::string message, std::string help) {
  return refusal("bad-layer", std::move(message), std::move(help));
}

}  // namespace

Result<LayerId> find_layer(const model::Policy& policy, std::string_view words) {
  std::vector<LayerId> found;
  std::vector<std::string> names, known, all;
  for (uint32_t cell = 0; cell < policy.cells.size(); ++cell)
    for (uint32_t layer = 0; layer < policy.cells[cell].layers.size(); ++layer) {
      const std::string& name = policy.cells[cell].layers[layer].name;
      const std::string full = policy.cells[cell].name + "/" + name;
      all.push_back(policy.cells.size() == 1 ? name : full);
      known.push_back(words.find('/') == std::string_view::npos ? name : full);
      if (name != words && full != words) continue;
      found.push_back({cell, layer});
      names.push_back("`" + full + "`");
    }
  if (found.size() == 1) return found.front();
  if (found.size() > 1)
    return bad_layer(fmt::format("several cells have a layer `{}`", words),
                     fmt::format("say which: {}", fmt::join(names, ", ")));
  const std::string_view near = closest(words, {known.begin(), known.end()});
  const std::string help = near.empty() ? fmt::format("layers: {}", fmt::join(all, ", "))
                                        : fmt::format("did you mean `{}`?", near);
  return bad_layer(fmt::format("the policy has no layer {}", quoted(std::string(words))), help);
}

LayerReport report_on_layer(const model::Policy& policy, const abi::Classifier& classifier, LayerId id) {
  LayerReport out;
  out.id = id;
  Questions questions(policy, classifier, id);
  questions.reach(out);
  for (uint32_t i = 0; i < id.layer; ++i) out.earlier.push_back(questions.taken_by(i));
  // The last one takes what is left, whatever that is.
  for (uint32_t i = id.layer + 1; i < questions.count(); ++i)
    if (!questions.takes_rest(i)) out.later.push_back(questions.kept_from(i));
  out.properties = PropertyList(policy, policy.cells[id.cell].layers[id.layer]).list();
  return out;
}

}  // namespace scx::analysis
