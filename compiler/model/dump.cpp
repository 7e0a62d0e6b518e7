#include <fmt/format.h>

#include "compiler/model/model.h"
#include "runtime/base/file.h"

namespace scx::model {
namespace {

void dump_layer(std::string& out, const Policy& policy, uint32_t id) {
  const Layer& layer = policy.layer(id);
  out += fmt::format("  domain {} layer {} {}{}\n", id, layer.name, spelling(layer.kind),
                     layer.implicit ? " implicit" : "");
  out += fmt::format("    match {}\n", to_string(policy, layer.match));
  for (const std::string& property : property_texts(layer)) out += fmt::format("    {}\n", property);
}

void dump_cell(std::string& out, const Policy& policy, const Cell& cell) {
  out += fmt::format("cell {}", cell.name);
  if (cell.kind == abi::CellKind::kStatic) out += fmt::format(" static slot {}", cell.first_slot);
  if (cell.kind == abi::CellKind::kFamily)
    out += fmt::format(" family slots {}..{}", cell.first_slot, cell.first_slot + cell.max - 1);
  out += "\n";
  if (cell.kind != abi::CellKind::kRoot)
    out += fmt::format("  begins at {}\n", to_string(policy, cell.claim));
  for (const std::string& property : property_texts(cell)) out += fmt::format("  {}\n", property);
}

void dump_test(std::string& out, const Policy& policy, const Test& test) {
  const TestTask& task = test.task;
  out += fmt::format("test {}\n", quoted(test.name));
  out += fmt::format("  task cgroup {} comm {} leader comm {} pid {} tgid {} ppid {}", quoted(task.cgroup),
                     quoted(task.comm), quoted(task.leader_comm), task.pid, task.tgid, task.ppid);
  out += task.uid_name.empty() ? fmt::format(" uid {}", task.uid)
                               : fmt::format(" uid {}", quoted(task.uid_name));
  out += task.gid_name.empty() ? fmt::format(" gid {}", task.gid)
                               : fmt::format(" gid {}", quoted(task.gid_name));
  out +=
      fmt::format(" nice {} {}{}{}\n", task.nice,
                  to_string(Predicate{abi::Attribute::kSched, {}, {{task.sched, task.sched}}, {}, false, {}}),
                  task.kthread ? " kthread" : "", task.leader ? " leader" : "");
  if (!test.host.empty())
    out += fmt::format("  host {} node {} llc {}{}{}\n", quoted(test.host), task.affinity_node,
                       task.affinity_llc, task.affinity_full ? " full" : "",
                       task.affinity_pinned ? " pinned" : "");
  if (task.gpu_process >= 0)
    out += fmt::format("  gpu process {} thread {}\n", task.gpu_process, task.gpu_thread);
  for (const Expectation& expectation : test.expectations) {
    if (expectation.kind == Expectation::Kind::kMatch) {
      out += fmt::format("  expect {}match {}\n", expectation.negated ? "not " : "",
                         policy.matchers[expectation.matcher].name);
    } else {
      const Domain& domain = policy.domains[expectation.domain];
      out += fmt::format("  expect layer {} in {}\n", policy.layer(expectation.domain).name,
                         policy.cells[domain.cell].name);
    }
  }
}

}  // namespace

std::string dump(const Policy& policy) {
  std::string out = fmt::format("policy {}\n  slice {}\n  watchdog {}\n  kernel >= {}\n", policy.name,
                                duration_text(policy.slice_ns), duration_text(policy.watchdog_ns),
                                to_string(policy.min_kernel));
  for (const std::string& path : policy.gpu_devices) out += fmt::format("  gpu device {}\n", quoted(path));
  for (size_t i = 0; i < policy.predicates.size(); ++i)
    out += fmt::format("predicate {} {}\n", i, to_string(policy.predicates[i]));
  for (const Matcher& matcher : policy.matchers)
    out += fmt::format("match {} = {}\n", matcher.name, to_string(policy, matcher.expression));
  for (const Cell& cell : policy.cells) {
    dump_cell(out, policy, cell);
    for (uint32_t k = 0; k < cell.layers.size(); ++k) dump_layer(out, policy, cell.first_domain + k);
  }
  for (const CleanupRule& rule : policy.cleanup)
    if (rule.written)
      out += fmt::format("cleanup {} on {} {}\n", scope_text(policy, rule), spelling(rule.event),
                         to_string(policy, rule));
  for (const Test& test : policy.tests) dump_test(out, policy, test);
  return out;
}

}  // namespace scx::model
