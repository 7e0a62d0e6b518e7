#include "compiler/driver/host_engine.h"

#include "bpf_templates/host_task.h"
#include "compiler/codegen/codegen.h"

namespace scx::driver {

namespace {

long long id_of(const std::map<std::string, int64_t>& ids, const std::string& name) {
  const auto found = ids.find(name);
  return found == ids.end() ? -1 : found->second;
}

std::vector<long long> ids_in_order(const model::Policy& policy) {
  const classify::NameIds known = analysis::test_name_ids(policy);
  std::vector<long long> ids;
  for (const model::Predicate& predicate : policy.predicates) {
    const auto& table = predicate.attribute == abi::Attribute::kUid ? known.users : known.groups;
    for (const std::string& name : predicate.names) ids.push_back(id_of(table, name));
  }
  return ids;
}

}  // namespace

Result<HostEngine> HostEngine::compile(const Options& options, const Compilation& compilation) {
  SCX_TRY(const codegen::Templates templates, codegen::Templates::load(options.templates));
  const std::string text =
      codegen::emit_host(*compilation.policy, *compilation.classifier, compilation.sources, templates);
  Result<backend::HostFunction> function = backend::HostFunction::compile(text, "scx_classify");
  if (!function) {
    return Error{"internal error: the emitted classifier does not compile for this machine",
                 function.error().message, "internal"};
  }
  HostEngine result;
  result.code_ = std::make_shared<const Code>(Code{*std::move(function), ids_in_order(*compilation.policy)});
  return result;
}

analysis::Engine HostEngine::engine() const {
  return [code = code_](const classify::TaskFacts& facts) -> Result<uint32_t> {
    scx_host_task task{};
    task.cgroup = facts.cgroup.c_str();
    task.comm = facts.comm.c_str();
    task.leader_comm = facts.leader_comm.c_str();
    task.pid = facts.pid;
    task.tgid = facts.tgid;
    task.ppid = facts.ppid;
    task.uid = facts.uid;
    task.gid = facts.gid;
    task.nice = facts.nice;
    task.sched = facts.sched;
    task.kthread = facts.kthread ? 1 : 0;
    task.leader = facts.leader ? 1 : 0;
    task.affinity_node = facts.affinity_node;
    task.affinity_llc = facts.affinity_llc;
    task.affinity_full = facts.affinity_full ? 1 : 0;
    task.affinity_pinned = facts.affinity_pinned ? 1 : 0;
    task.gpu_thread = facts.gpu_thread;
    task.gpu_process = facts.gpu_process;
    task.ids = code->ids.data();
    return code->function.as<unsigned(const scx_host_task*)>()(&task);
  };
}

}  // namespace scx::driver
