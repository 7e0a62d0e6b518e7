#include "runtime/classify/task_text.h"

#include <fmt/format.h>

#include "runtime/base/file.h"

namespace scx::classify {
std::string task_text(const TaskFacts& task, const NameIds& ids) {
  const TaskFacts usual;
  std::string out;
  const auto say = [&](bool wanted, const std::string& statement) {
    if (wanted) out += " " + statement + ";";
  };
  say(task.cgroup != usual.cgroup, "cgroup " + quoted(task.cgroup));
  say(task.comm != usual.comm, "comm " + quoted(task.comm));
  say(!task.leader, "not leader");
  // A test's thread has its own name as its leader's, and 2 and 1 as its ids, unless it says so.
  say(!task.leader && task.leader_comm != task.comm, "leader comm " + quoted(task.leader_comm));
  const bool usual_ids = task.leader ? task.pid == usual.pid : task.pid == 2 && task.tgid == 1;
  say(!usual_ids, fmt::format("pid {}", task.pid));
  say(!usual_ids && !task.leader, fmt::format("tgid {}", task.tgid));
  say(task.ppid != usual.ppid, fmt::format("ppid {}", task.ppid));
  say(task.uid != usual.uid, "uid " + spelled_value(task, abi::Attribute::kUid, ids));
  say(task.gid != usual.gid, "gid " + spelled_value(task, abi::Attribute::kGid, ids));
  say(task.nice != usual.nice, fmt::format("nice {}", task.nice));
  say(task.sched != usual.sched, "sched " + spelled_value(task, abi::Attribute::kSched));
  say(task.kthread, "kthread");
  say(task.affinity_node >= 0, fmt::format("affinity within node {}", task.affinity_node));
  say(task.affinity_llc >= 0, fmt::format("affinity within llc {}", task.affinity_llc));
  say(task.affinity_pinned, "affinity pinned");
  say(!task.affinity_full && !task.affinity_pinned, "not affinity full");
  const uint64_t seconds = (task.gpu_age_ns + 999'999'999) / 1'000'000'000;
  const std::string ago = seconds == 0 ? "" : fmt::format(" (opened {}s ago)", seconds);
  say(task.gpu_thread >= 0, fmt::format("gpu thread device {}{}", task.gpu_thread, ago));
  say(task.gpu_process >= 0 && task.gpu_thread < 0,
      fmt::format("gpu process device {}{}", task.gpu_process, ago));
  return "task {" + out + " }";
}

}  // namespace scx::classify
