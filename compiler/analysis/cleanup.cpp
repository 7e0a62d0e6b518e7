#include "compiler/analysis/cleanup.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace scx::analysis {
namespace {

using diag::Kind;
using model::CleanupAction;
using model::CleanupRule;
using model::Event;
using model::Resource;
using model::Scope;
using To = CleanupAction::To;
using Verb = CleanupAction::Verb;

// The paths at which a claim begins: of a family its pattern, without what it excepts.
// False if a part of the claim is no path.
bool gather_paths(const model::Policy& policy, const model::Expression& claim,
                  std::vector<std::string>& out) {
  using ExpressionKind = model::Expression::Kind;
  using Op = model::StringTest::Op;
  switch (claim.kind) {
    case ExpressionKind::kTest: {
      const auto& test = policy.predicates[claim.predicate].string;
      if (!test || (test->op != Op::kUnder && test->op != Op::kExact && test->op != Op::kGlob)) return false;
      out.push_back(test->text);
      return true;
    }
    case ExpressionKind::kOr:
      return std::all_of(claim.operands.begin(), claim.operands.end(),
                         [&](const auto& operand) { return gather_paths(policy, operand, out); });
    case ExpressionKind::kAnd:
      // Any of them will do: all hold.
      for (const model::Expression& operand : claim.operands) {
        std::vector<std::string> found;
        if (!gather_paths(policy, operand, found)) continue;
        out.insert(out.end(), found.begin(), found.end());
        return true;
      }
      return false;
    case ExpressionKind::kNot:
    case ExpressionKind::kAll:
      return false;
  }
  return false;
}

std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> out;
  for (size_t at = 0; at < path.size();) {
    const size_t slash = std::min(path.find('/', at), path.size());
    if (slash > at) out.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return out;
}

// Whether every cgroup that `pattern` names lies below the one named `path`.
bool lies_below(std::string_view pattern, std::string_view path) {
  const auto inner = components(pattern);
  const auto outer = components(path);
  const bool literal = path.find_first_of("*?[\\") == std::string_view::npos;
  return literal && inner.size() > outer.size() && std::equal(outer.begin(), outer.end(), inner.begin());
}

std::string_view verb_words(const CleanupRule& rule) {
  return rule.action.verb == Verb::kReturnCpus ? "return cpus to" : "drain tasks to";
}

class Checker {
 public:
  Checker(const model::Policy& policy, diag::Diagnostics& diagnostics)
      : policy_(policy), diagnostics_(diagnostics) {}

  void run() {
    find_circles();
    for (const CleanupRule& rule : policy_.cleanup)
      // What a cell says stands once for each of its layers.
      if (rule.written && seen_.emplace(rule.span.begin, rule.resource).second) check(rule);
  }

 private:
  void check(const CleanupRule& rule) {
    if (!check_event(rule)) return;
    if (rule.action.verb == Verb::kRestore) return check_restore(rule);
    const bool sound = rule.action.to == To::kCell       ? check_cell(rule)
                       : rule.action.to == To::kSiblings ? check_siblings(rule)
                                                         : true;
    if (sound) check_implemented(rule);
  }

  [[nodiscard]] const model::Cell& cell(const CleanupRule& rule) const { return policy_.cells[rule.cell]; }

  bool check_event(const CleanupRule& rule) {
    if (!model::can_happen(policy_, rule.cell, rule.event)) {
      auto report = diagnostics_.report(Kind::kImpossibleEvent, rule.span, "`{}` cannot happen to {}",
                                        spelling(rule.event), subject(rule));
      if (rule.event == Event::kMemberExpire)
        report.note("no membership of this policy has an end: none is written with `for`");
      else if (cell(rule).kind == abi::CellKind::kRoot)
        report.note("it is there as long as the policy");
      else
        report.label(cell(rule).span, "takes no CPUs from a cpuset");
      report.help("leave the action out");
      return false;
    }
    if (rule.resource != Resource::kCpus || model::holds(policy_, rule.scope, rule.cell, rule.resource))
      return true;
    const bool root = cell(rule).kind == abi::CellKind::kRoot;
    diagnostics_.report(Kind::kImpossibleEvent, rule.span, "{} returns no CPUs", subject(rule))
        .note(root ? "it owns what no other cell owns: a CPU that comes back is its own"
                   : fmt::format("it has none of its own, it shares those of `{}`", *cell(rule).share_with))
        .help("leave the action out");
    return false;
  }

  std::string subject(const CleanupRule& rule) const {
    if (rule.event == Event::kMemberExpire) return "a task of this policy";
    return cell(rule).kind == abi::CellKind::kRoot ? "the root cell"
                                                   : fmt::format("the cell `{}`", cell(rule).name);
  }

  void check_restore(const CleanupRule& rule) {
    if (model::holds(policy_, Scope::kPolicy, 0, rule.resource)) return;
    diagnostics_
        .report(Kind::kRestoreWithoutChange, rule.span, "the policy does not change {}", what_changes(rule))
        .note("nothing is done at the end: it stays as it is")
        .help("leave it out; what a policy changes is always restored");
  }

  static std::string_view what_changes(const CleanupRule& rule) {
    return rule.resource == Resource::kInterrupts    ? "where interrupts go"
           : rule.resource == Resource::kIdleLatency ? "the idle latency of any CPU"
                                                     : "the perf level of any CPU";
  }

  bool check_cell(const CleanupRule& rule) {
    const model::Cell& target = policy_.cells[rule.action.cell];
    if (in_circle_.contains({rule.action.verb, rule.cell, rule.action.cell})) return false;
    if (encloses(policy_, rule.action.cell, rule.cell)) return true;
    auto report =
        diagnostics_.report(Kind::kTargetMayBeGone, rule.span,
                            "the cell `{}` may be gone when `{}` gives back", target.name, cell(rule).name);
    if (target.kind == abi::CellKind::kFamily)
      report.label(target.span, "a family: none of its cells need exist");
    else if (encloses(policy_, rule.cell, rule.action.cell))
      report.label(target.span, "its cgroups lie below those that end, and are gone before them");
    else
      report.label(target.span, "it exists as long as its cgroup does");
    report.note("a cell is sure to be there if its cgroup encloses those of the cell that ends")
        .help(rule.action.verb == Verb::kDrainTasks
                  ? "`drain tasks to parent`, the enclosing cell, or to `root`"
                  : "`return cpus to root`, which is always there");
    return false;
  }

  bool check_siblings(const CleanupRule& rule) {
    const model::Cell& own = cell(rule);
    if (own.kind == abi::CellKind::kFamily && own.max > 1) return true;
    diagnostics_
        .report(Kind::kNoWayBack, rule.span, "the cell `{}` has no siblings to take its CPUs", own.name)
        .label(own.span, own.kind == abi::CellKind::kFamily ? "a family of one cell" : "not a family")
        .help("`return cpus to root`, or to `donors`, the cells that had them before");
    return false;
  }

  // The loader's part: what it does not do is refused, never ignored.
  void check_implemented(const CleanupRule& rule) {
    if (rule.action.verb == Verb::kDrainTasks) return check_one_drain(rule);
    if (rule.is_default()) return;
    diagnostics_
        .report(Kind::kNotImplemented, rule.span, "`{}` is not implemented yet", to_string(policy_, rule))
        .help(fmt::format("in this version: {}", standard_text(rule)));
  }

  // A cell drains as a whole.
  void check_one_drain(const CleanupRule& rule) {
    for (const CleanupRule& other : policy_.cleanup) {
      if (other.cell != rule.cell || other.resource != rule.resource || other.event != rule.event) continue;
      if (other.action == rule.action || !drains_apart_.emplace(rule.cell, rule.event).second) continue;
      diagnostics_
          .report(Kind::kNotImplemented, rule.span,
                  "layers of one cell that drain to different places are not implemented yet")
          .label(other.span, fmt::format("the layer `{}` has `{}`", cell(other).layers[other.layer].name,
                                         to_string(policy_, other)))
          .help("say it once, in the cleanup block of the cell");
      return;
    }
  }

  std::string standard_text(const CleanupRule& rule) const {
    CleanupRule standard = rule;
    standard.action = model::row_of(rule.resource).standard;
    if (standard.action.verb == Verb::kDropStats) return "the figures of a cell end with it";
    return fmt::format("`{}`", to_string(policy_, standard));
  }

  // Rules of one verb that lead from cell to cell and back to the first.
  void find_circles() {
    for (const Verb verb : {Verb::kReturnCpus, Verb::kDrainTasks}) {
      std::map<uint32_t, std::vector<const CleanupRule*>> edges;
      for (const CleanupRule& rule : policy_.cleanup)
        if (rule.written && rule.action.verb == verb && rule.action.to == To::kCell)
          edges[rule.cell].push_back(&rule);
      for (const auto& [start, rules] : edges)
        for (const CleanupRule* rule : rules) follow(edges, start, *rule);
    }
  }

  using Edges = std::map<uint32_t, std::vector<const CleanupRule*>>;

  // Reports the shortest circle that begins with `first`, once for all its cells.
  void follow(const Edges& edges, uint32_t start, const CleanupRule& first) {
    std::vector<std::pair<const CleanupRule*, size_t>> reached = {{&first, 0}};
    std::set<uint32_t> visited;
    for (size_t i = 0; i < reached.size(); ++i) {
      const uint32_t at = reached[i].first->action.cell;
      if (at == start) return report_circle(reached, i);
      const auto next = edges.find(at);
      if (next == edges.end() || !visited.insert(at).second) continue;
      for (const CleanupRule* rule : next->second) reached.emplace_back(rule, i);
    }
  }

  void report_circle(const std::vector<std::pair<const CleanupRule*, size_t>>& reached, size_t last) {
    std::vector<const CleanupRule*> circle;
    for (size_t i = last;; i = reached[i].second) {
      circle.push_back(reached[i].first);
      if (i == 0) break;
    }
    std::reverse(circle.begin(), circle.end());
    bool known = false;
    for (const CleanupRule* rule : circle)
      known = !in_circle_.insert({rule->action.verb, rule->cell, rule->action.cell}).second || known;
    if (known) return;
    const CleanupRule& first = *circle.front();
    auto report = circle.size() == 1
                      ? diagnostics_.report(Kind::kCleanupCycle, first.span,
                                            "the cell `{}` would give back to itself", cell(first).name)
                      : diagnostics_.report(Kind::kCleanupCycle, first.span,
                                            "`{}` gives back to itself by way of others", cell(first).name);
    for (const CleanupRule* rule : circle)
      if (rule != &first)
        report.label(rule->span, fmt::format("`{}` goes on to `{}`", cell(*rule).name,
                                             policy_.cells[rule->action.cell].name));
    report.help(fmt::format("let one of them `{} root`", verb_words(first)));
  }

  const model::Policy& policy_;
  diag::Diagnostics& diagnostics_;
  std::set<std::pair<uint32_t, Resource>> seen_;
  std::set<std::pair<uint32_t, Event>> drains_apart_;  // cells that have been told
  std::set<std::tuple<Verb, uint32_t, uint32_t>> in_circle_;
};

}  // namespace

bool encloses(const model::Policy& policy, uint32_t outer, uint32_t inner) {
  const model::Cell& target = policy.cells[outer];
  if (target.kind == abi::CellKind::kRoot) return true;
  std::vector<std::string> above, below;
  if (target.kind != abi::CellKind::kStatic || !gather_paths(policy, target.claim, above) ||
      !gather_paths(policy, policy.cells[inner].claim, below))
    return false;
  return std::all_of(below.begin(), below.end(), [&](const std::string& path) {
    return std::any_of(above.begin(), above.end(),
                       [&](const std::string& by) { return lies_below(path, by); });
  });
}

void check_cleanup(const model::Policy& policy, diag::Diagnostics& diagnostics) {
  Checker(policy, diagnostics).run();
}

}  // namespace scx::analysis
