#include "runtime/audit/policy_place.h"

#include <initializer_list>

namespace scx::audit {
namespace {

using abi::Attribute;
using Place = std::optional<abi::Location>;

Place test_of(const abi::Manifest& manifest, std::initializer_list<Attribute> attributes) {
  for (const abi::Predicate& predicate : manifest.classifier.predicates)
    for (const Attribute attribute : attributes)
      if (predicate.attribute == attribute) return predicate.where;
  return std::nullopt;
}

Place of_cells(const abi::Manifest& manifest) {
  for (const abi::Cell& cell : manifest.cells)
    if (cell.kind != abi::CellKind::kRoot) return cell.where;
  return std::nullopt;
}

Place of_names(const abi::Manifest& m) { return test_of(m, {Attribute::kComm, Attribute::kLeaderComm}); }
Place of_cgroups(const abi::Manifest& m) {
  const Place test = test_of(m, {Attribute::kCgroup});
  return test ? test : of_cells(m);
}
Place of_ids(const abi::Manifest& m) { return test_of(m, {Attribute::kUid, Attribute::kGid}); }
Place of_weights(const abi::Manifest& m) { return test_of(m, {Attribute::kNice, Attribute::kSched}); }
Place of_parents(const abi::Manifest& m) { return test_of(m, {Attribute::kPpid}); }
Place of_gpus(const abi::Manifest& m) { return test_of(m, {Attribute::kGpuThread, Attribute::kGpuProcess}); }
Place of_affinities(const abi::Manifest& m) {
  return test_of(m, {Attribute::kAffinityNode, Attribute::kAffinityLlc, Attribute::kAffinityFull,
                     Attribute::kAffinityPinned});
}
Place of_yields(const abi::Manifest& m) {
  for (const abi::Domain& domain : m.domains)
    if (domain.yield_loss != abi::kYieldAll) return domain.where;
  return std::nullopt;
}

// What of the kernel is there for one thing of the language; bpf_templates/ says so with its conditions.
struct Reason {
  std::string_view name;
  Place (*place)(const abi::Manifest&);
};
constexpr Reason kReasons[] = {
    // attach points
    {"task_rename", of_names},
    {"cgroup_mkdir", of_cgroups},
    {"cgroup_attach_task", of_cgroups},
    {"cgroup_rmdir", of_cells},
    {"cpuset_write_resmask", of_cells},
    {"commit_creds", of_ids},
    {"chrdev_open", of_gpus},
    {"sched_process_fork", of_gpus},
    {"sched_prepare_exec", of_gpus},
    // operations
    {"set_weight", of_weights},
    {"set_cpumask", of_affinities},
    {"yield", of_yields},
    // kernel functions
    {"bpf_cgroup_from_id", of_cgroups},
    {"bpf_cgroup_ancestor", of_cgroups},
    {"bpf_cgroup_release", of_cgroups},
    {"bpf_iter_css_new", of_cgroups},
    {"bpf_iter_css_next", of_cgroups},
    {"bpf_iter_css_destroy", of_cgroups},
    {"bpf_task_from_pid", of_gpus},
    // types and fields
    {"cgroup", of_cgroups},
    {"cgroup_root", of_cgroups},
    {"kernfs_node", of_cgroups},
    {"css_set", of_cgroups},
    {"cgroup_subsys_state", of_cgroups},
    {"cred", of_ids},
    {"inode", of_gpus},
    {"task_struct.comm", of_names},
    {"task_struct.real_parent", of_parents},
};

}  // namespace

std::optional<abi::Location> policy_place(std::string_view name, const abi::Manifest& manifest) {
  for (const Reason& reason : kReasons)
    if (reason.name == name) return reason.place(manifest);
  return std::nullopt;
}

}  // namespace scx::audit
