#include <nlohmann/json.hpp>

#include "compiler/model/model.h"

namespace scx::model {
namespace {

using Json = nlohmann::json;

Json ranges(const std::vector<abi::IntRange>& ranges) {
  Json out = Json::array();
  for (const abi::IntRange& range : ranges) out.push_back({range.low, range.high});
  return out;
}

Json to_json(const Predicate& predicate) {
  Json out = {{"attribute", abi::spelling(predicate.attribute)}, {"text", to_string(predicate)}};
  if (predicate.string) {
    out["operator"] = spelling(predicate.string->op);
    out["value"] = predicate.string->text;
    return out;
  }
  out["ranges"] = ranges(predicate.ranges);
  if (predicate.device) out["device"] = *predicate.device;
  if (predicate.for_ns != 0) out["for_ns"] = predicate.for_ns;
  if (!predicate.names.empty()) out["names"] = predicate.names;
  if (predicate.negated_names) out["negated_names"] = true;
  return out;
}

Json to_json(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::kAll:
      return "*";
    case Expression::Kind::kTest:
      return {{"test", expression.predicate}};
    case Expression::Kind::kNot:
      return {{"not", to_json(expression.operands[0])}};
    case Expression::Kind::kAnd:
    case Expression::Kind::kOr:
      break;
  }
  Json operands = Json::array();
  for (const Expression& operand : expression.operands) operands.push_back(to_json(operand));
  return {{expression.kind == Expression::Kind::kAnd ? "and" : "or", operands}};
}

// Where a cell's CPUs come from.
Json cpus(const abi::CellSettings& settings) {
  Json out = {{"source", spelling(settings.source)}};
  if (settings.source == abi::CellCpus::kAmount) out["amount"] = to_string(settings.cpus);
  if (settings.source == abi::CellCpus::kList) out["list"] = ranges(settings.cpu_list);
  return out;
}

Json to_json(const Policy& policy, uint32_t id) {
  const Layer& layer = policy.layer(id);
  Json out = {{"domain", id},
              {"name", layer.name},
              {"kind", spelling(layer.kind)},
              {"match", to_json(layer.match)},
              {"slice_ns", layer.slice_ns},
              {"weight", layer.weight},
              {"order", spelling(layer.order)},
              {"preempt", layer.preempt},
              {"min_run_ns", layer.min_run_ns},
              {"yield_loss", layer.yield_loss},
              {"implicit", layer.implicit}};
  if (layer.kind != abi::LayerKind::kOpen) {
    out["cpus"] = to_string(layer.cpus);
    out["util"] = {layer.util.low, layer.util.high};
    out["grow"] = spelling(layer.grow);
    out["protected"] = layer.is_protected;
    out["nodes"] = ranges(layer.nodes);
    out["llcs"] = ranges(layer.llcs);
    if (layer.near_gpus) out["near_gpus"] = true;
    if (!layer.near_nodes.empty()) out["near_nodes"] = ranges(layer.near_nodes);
    if (layer.resume_latency_ns) out["resume_latency_ns"] = *layer.resume_latency_ns;
  }
  return out;
}

Json to_json(const Policy& policy, const Cell& cell) {
  Json layers = Json::array();
  for (uint32_t k = 0; k < cell.layers.size(); ++k) layers.push_back(to_json(policy, cell.first_domain + k));
  Json out = {{"name", cell.name},          {"kind", spelling(cell.kind)}, {"max", cell.max},
              {"slot", cell.first_slot},    {"cpus", cpus(cell)},          {"weight", cell.weight},
              {"min", to_string(cell.min)}, {"nodes", ranges(cell.nodes)}, {"llcs", ranges(cell.llcs)},
              {"lends", cell.lends},        {"layers", std::move(layers)}};
  if (cell.kind != abi::CellKind::kRoot) {
    out["begins"] = to_json(cell.claim);
    out["align"] = spelling(cell.align);
    out["affinity"] = spelling(cell.affinity);
  }
  if (cell.borrow) {
    out["borrow"] = Json::object();
    if (cell.borrow->return_within_ns) out["borrow"]["return_within_ns"] = *cell.borrow->return_within_ns;
  }
  if (cell.rebalance)
    out["rebalance"] = {{"threshold", cell.rebalance->threshold},
                        {"every_ns", cell.rebalance->every_ns},
                        {"smoothing", cell.rebalance->smoothing},
                        {"cooldown_ns", cell.rebalance->cooldown_ns}};
  if (cell.share_with) out["share_with"] = *cell.share_with;
  if (cell.overflow) out["overflow"] = spelling(*cell.overflow);
  return out;
}

Json to_json(const TestTask& task) {
  Json out = {{"cgroup", task.cgroup}, {"comm", task.comm},   {"leader comm", task.leader_comm},
              {"pid", task.pid},       {"tgid", task.tgid},   {"ppid", task.ppid},
              {"nice", task.nice},     {"sched", task.sched}, {"kthread", task.kthread},
              {"leader", task.leader}};
  out["uid"] = task.uid_name.empty() ? Json(task.uid) : Json(task.uid_name);
  out["gid"] = task.gid_name.empty() ? Json(task.gid) : Json(task.gid_name);
  if (task.gpu_thread >= 0) out["gpu thread"] = task.gpu_thread;
  if (task.gpu_process >= 0) out["gpu process"] = task.gpu_process;
  return out;
}

Json to_json(const Policy& policy, const Test& test) {
  Json expectations = Json::array();
  for (const Expectation& expectation : test.expectations) {
    if (expectation.kind == Expectation::Kind::kMatch)
      expectations.push_back(
          {{"match", policy.matchers[expectation.matcher].name}, {"negated", expectation.negated}});
    else
      expectations.push_back({{"domain", expectation.domain}});
  }
  Json out = {{"name", test.name}, {"task", to_json(test.task)}, {"expect", expectations}};
  if (!test.host.empty()) out["host"] = test.host;
  return out;
}

Json to_json(const Policy& policy, const CleanupRule& rule) {
  Json out = {{"scope", spelling(rule.scope)},
              {"resource", row_of(rule.resource).name},
              {"event", spelling(rule.event)},
              {"action", to_string(policy, rule)},
              {"default", !rule.written}};
  if (rule.scope != Scope::kPolicy) out["cell"] = policy.cells[rule.cell].name;
  if (rule.scope == Scope::kLayer) out["layer"] = policy.cells[rule.cell].layers[rule.layer].name;
  return out;
}

}  // namespace

std::string to_json(const Policy& policy) {
  Json out = {{"policy", policy.name},
              {"slice_ns", policy.slice_ns},
              {"watchdog_ns", policy.watchdog_ns},
              {"min_kernel", to_string(policy.min_kernel)},
              {"fingerprint", fingerprint(policy)}};
  if (!policy.gpu_devices.empty()) out["gpu_devices"] = policy.gpu_devices;
  out["predicates"] = Json::array();
  for (const Predicate& predicate : policy.predicates) out["predicates"].push_back(to_json(predicate));
  out["matchers"] = Json::array();
  for (const Matcher& matcher : policy.matchers)
    out["matchers"].push_back({{"name", matcher.name}, {"expression", to_json(matcher.expression)}});
  out["cells"] = Json::array();
  for (const Cell& cell : policy.cells) out["cells"].push_back(to_json(policy, cell));
  out["tests"] = Json::array();
  for (const Test& test : policy.tests) out["tests"].push_back(to_json(policy, test));
  out["cleanup"] = Json::array();
  for (const CleanupRule& rule : policy.cleanup) out["cleanup"].push_back(to_json(policy, rule));
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace scx::model
