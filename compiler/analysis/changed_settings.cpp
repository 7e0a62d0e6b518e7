// What two policies say differently of what both have, in the words of the
// language: properties by their first word, and what cleanup does.
#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/analysis/policy_diff.h"
#include "runtime/base/file.h"

namespace scx::analysis {
namespace {

using model::Scope;
using Texts = std::map<std::string, std::string>;  // by name

// `place near gpu` is called by two words, `yield ignore` by one: what may stand twice needs the second.
std::string name_of(const std::string& property) {
  std::string first = property.substr(0, property.find(' '));
  if (first != "place") return first;
  const size_t second = property.find(' ', property.find(' ') + 1);
  return property.substr(0, property.find(' ', second + 1));
}

Texts by_name(const std::vector<std::string>& properties) {
  Texts out;
  for (const std::string& property : properties) out[name_of(property)] = property;
  return out;
}

Texts texts_of(const model::Policy& policy) {
  std::string devices;
  for (const std::string& path : policy.gpu_devices) devices += " " + quoted(path);
  return {{"policy", "policy " + policy.name},
          {"slice", "slice " + model::duration_text(policy.slice_ns)},
          {"watchdog", "watchdog " + model::duration_text(policy.watchdog_ns)},
          {"kernel", "kernel >= " + model::to_string(policy.min_kernel)},
          {"gpu devices", devices.empty() ? "" : "gpu devices" + devices}};
}

Texts texts_of(const model::Policy& policy, const model::Cell& cell) {
  Texts out = by_name(model::property_texts(cell));
  if (cell.kind == abi::CellKind::kRoot) return out;
  out["cgroup"] = (cell.kind == abi::CellKind::kFamily ? "for " : "") + model::to_string(policy, cell.claim);
  if (cell.kind == abi::CellKind::kFamily) out["max"] = fmt::format("max {}", cell.max);
  return out;
}

Texts texts_of(const model::Layer& layer) {
  Texts out = by_name(model::property_texts(layer));
  out["kind"] = std::string(model::spelling(layer.kind));
  return out;
}

class Comparison {
 public:
  Comparison(const model::Policy& old_policy, const model::Policy& new_policy,
             const std::vector<std::optional<uint32_t>>& cells, const Counterparts& layers)
      : old_(old_policy), new_(new_policy), cells_(cells), layers_(layers) {}

  std::vector<ChangedSetting> run() {
    compare(Scope::kPolicy, {}, {}, texts_of(old_), texts_of(new_));
    compare_cleanup(Scope::kPolicy, {}, {});
    for (uint32_t a = 0; a < cells_.size(); ++a)
      if (cells_[a]) compare_cells(a, *cells_[a]);
    return std::move(out_);
  }

 private:
  void compare_cells(uint32_t a, uint32_t b) {
    const model::Cell& before = old_.cells[a];
    const model::Cell& after = new_.cells[b];
    Texts olds = texts_of(old_, before), news = texts_of(new_, after);
    // The same claim in other words, and a cell that has only another name.
    if (olds.contains("cgroup") && canonical_text(old_, before.claim) == canonical_text(new_, after.claim))
      olds["cgroup"] = news["cgroup"];
    if (before.share_with && after.share_with && is_same_cell(*before.share_with, *after.share_with))
      olds["share"] = news["share"];
    compare(Scope::kCell, {a, 0}, {b, 0}, olds, news);
    compare_cleanup(Scope::kCell, {a, 0}, {b, 0});
    for (uint32_t i = 0; i < layers_[a].size(); ++i)
      if (layers_[a][i]) compare_layers({a, i}, *layers_[a][i]);
  }

  void compare_layers(LayerPlace a, LayerPlace b) {
    const model::Layer& before = old_.cells[a.cell].layers[a.layer];
    const model::Layer& after = new_.cells[b.cell].layers[b.layer];
    Texts olds = texts_of(before), news = texts_of(after);
    // The policy's own slice is told once.
    if (before.slice_ns == old_.slice_ns && after.slice_ns == new_.slice_ns) olds["slice"] = news["slice"];
    compare(Scope::kLayer, a, b, olds, news);
    compare_cleanup(Scope::kLayer, a, b);
  }

  void compare(Scope scope, LayerPlace a, LayerPlace b, const Texts& olds, const Texts& news) {
    Texts names = olds;
    names.insert(news.begin(), news.end());
    for (const auto& [name, unused] : names) {
      const auto before = olds.find(name), after = news.find(name);
      std::string old_text = before == olds.end() ? "" : before->second;
      std::string new_text = after == news.end() ? "" : after->second;
      if (old_text != new_text) out_.push_back({scope, a, b, name, std::move(old_text), std::move(new_text)});
    }
  }

  [[nodiscard]] bool is_same_cell(const std::string& before, const std::string& after) const {
    for (uint32_t a = 0; a < cells_.size(); ++a)
      if (cells_[a] && old_.cells[a].name == before && new_.cells[*cells_[a]].name == after) return true;
    return false;
  }

  [[nodiscard]] bool is_same(const model::CleanupAction& before, const model::CleanupAction& after) const {
    model::CleanupAction moved = before;
    if (before.to == model::CleanupAction::To::kCell && cells_[before.cell])
      moved.cell = *cells_[before.cell];
    return moved == after;
  }

  // What is done with a resource on an event.
  void compare_cleanup(Scope scope, LayerPlace a, LayerPlace b) {
    const auto rules_of = [scope](const model::Policy& policy, LayerPlace place) {
      std::map<std::string, const model::CleanupRule*> out;
      for (const model::CleanupRule& rule : policy.cleanup) {
        if (rule.scope != scope) continue;
        if (scope != Scope::kPolicy && rule.cell != place.cell) continue;
        if (scope == Scope::kLayer && rule.layer != place.layer) continue;
        out[fmt::format("{} on {}", model::row_of(rule.resource).name, spelling(rule.event))] = &rule;
      }
      return out;
    };
    const auto olds = rules_of(old_, a), news = rules_of(new_, b);
    Texts before, after;
    for (const auto& [name, rule] : olds) before[name] = text_of(old_, *rule);
    for (const auto& [name, rule] : news) {
      after[name] = text_of(new_, *rule);
      const auto old_rule = olds.find(name);
      if (old_rule != olds.end() && is_same(old_rule->second->action, rule->action))
        before[name] = after[name];
      // A resource that there was not: what is done with it by default goes without saying.
      if (old_rule == olds.end() && rule->is_default()) after.erase(name);
    }
    std::erase_if(before, [&](const auto& entry) {
      return !after.contains(entry.first) && olds.at(entry.first)->is_default();
    });
    forget_what_follows(before, after);
    compare(scope, a, b, before, after);
  }

  // On `cgroup exit` a cell does what it does on `cell end`, unless something else is written.
  static void forget_what_follows(Texts& before, Texts& after) {
    const std::string exit = fmt::format(" on {}", spelling(model::Event::kCgroupExit));
    const std::string end = fmt::format(" on {}", spelling(model::Event::kCellEnd));
    const auto action = [](const Texts& texts, const std::string& name) {
      const auto found = texts.find(name);
      return found == texts.end() ? "" : found->second.substr(found->second.find('{'));
    };
    Texts names = before;
    names.insert(after.begin(), after.end());
    for (const auto& [name, unused] : names) {
      if (!name.ends_with(exit)) continue;
      const std::string other = name.substr(0, name.size() - exit.size()) + end;
      if (action(before, name) != action(before, other) || action(after, name) != action(after, other))
        continue;
      before.erase(name);
      after.erase(name);
    }
  }

  static std::string text_of(const model::Policy& policy, const model::CleanupRule& rule) {
    return fmt::format("on {} {{ {}; }}", spelling(rule.event), to_string(policy, rule));
  }

  const model::Policy& old_;
  const model::Policy& new_;
  const std::vector<std::optional<uint32_t>>& cells_;
  const Counterparts& layers_;
  std::vector<ChangedSetting> out_;
};

}  // namespace

std::vector<ChangedSetting> find_changed_settings(const model::Policy& old_policy,
                                                  const model::Policy& new_policy,
                                                  const std::vector<std::optional<uint32_t>>& cells,
                                                  const Counterparts& layers) {
  return Comparison(old_policy, new_policy, cells, layers).run();
}

}  // namespace scx::analysis
