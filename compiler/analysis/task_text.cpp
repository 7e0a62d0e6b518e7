#include "compiler/analysis/task_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/model/model.h"
#include "runtime/base/file.h"

namespace scx::analysis {
namespace {

// A name that has the id, or the id.
std::string identity(int64_t id, const std::map<std::string, int64_t>& names) {
  const auto named =
      std::find_if(names.begin(), names.end(), [&](const auto& entry) { return entry.second == id; });
  return named == names.end() ? std::to_string(id) : quoted(named->first);
}

}  // namespace

std::string task_text(const TaskFinding& found) {
  const classify::TaskFacts& task = found.task;
  const classify::TaskFacts usual;
  std::string out;
  const auto say = [&](bool wanted, const std::string& statement) {
    if (wanted) out += " " + statement + ";";
  };
  say(task.cgroup != usual.cgroup, "cgroup " + quoted(task.cgroup));
  say(task.comm != usual.comm, "comm " + quoted(task.comm));
  say(!task.leader, "not leader");
  say(!task.leader && task.leader_comm != usual.leader_comm, "leader comm " + quoted(task.leader_comm));
  say(task.pid != usual.pid && (task.leader || task.pid != 2), fmt::format("pid {}", task.pid));
  say(task.tgid != usual.tgid && !task.leader, fmt::format("tgid {}", task.tgid));
  say(task.ppid != usual.ppid, fmt::format("ppid {}", task.ppid));
  say(task.uid != usual.uid || identity(task.uid, found.ids.users) != "0",
      "uid " + identity(task.uid, found.ids.users));
  say(task.gid != usual.gid || identity(task.gid, found.ids.groups) != "0",
      "gid " + identity(task.gid, found.ids.groups));
  say(task.nice != usual.nice, fmt::format("nice {}", task.nice));
  say(task.sched != usual.sched,
      fmt::format("sched {}", classify::spelled_value(task, abi::Attribute::kSched)));
  say(task.kthread, "kthread");
  say(task.affinity_node >= 0, fmt::format("affinity within node {}", task.affinity_node));
  say(task.affinity_llc >= 0, fmt::format("affinity within llc {}", task.affinity_llc));
  say(task.affinity_pinned, "affinity pinned");
  say(!task.affinity_full && task.affinity_node < 0 && task.affinity_llc < 0, "not affinity full");
  const std::string ago =
      task.gpu_age_ns == 0 ? "" : fmt::format(" (opened {} ago)", model::duration_text(task.gpu_age_ns));
  say(task.gpu_thread >= 0, fmt::format("gpu thread device {}{}", task.gpu_thread, ago));
  say(task.gpu_process >= 0 && task.gpu_thread < 0,
      fmt::format("gpu process device {}{}", task.gpu_process, ago));
  return "task {" + out + " }";
}

}  // namespace scx::analysis
