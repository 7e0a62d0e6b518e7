#include "runtime/explain/proc_task.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <utility>
#include <vector>

#include <sched.h>
#include <sys/stat.h>

#include "runtime/base/accounts.h"
#include "runtime/base/file.h"
#include "runtime/base/refusal.h"

namespace scx::explain {
namespace {

// The value of a line `Name:<tab>value` of /proc/PID/status; empty if there is none.
std::string status_line(const std::string& status, const std::string& name) {
  std::istringstream lines(status);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  return "";
}

// The number before the first other character.
int64_t first_number(const std::string& text) { return std::strtoll(text.c_str(), nullptr, 10); }

// Of "real, effective, saved, file system's".
int64_t effective_id(const std::string& ids) {
  const size_t tab = ids.find('\t');
  return first_number(tab == std::string::npos ? ids : ids.substr(tab + 1));
}

std::string without_newline(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

// Its path in the default hierarchy.
std::string cgroup_path(const std::string& cgroups) {
  const size_t unified = ("\n" + cgroups).find("\n0::");
  if (unified == std::string::npos) return "/";
  return cgroups.substr(unified + 3, cgroups.find('\n', unified) - unified - 3);
}

// Fields behind the name, which may hold anything: the first is the state, number 3 of proc_pid_stat(5).
std::vector<std::string> fields_of(const std::string& stat) {
  std::istringstream fields(stat.substr(std::min(stat.rfind(')') + 1, stat.size())));
  std::vector<std::string> out;
  for (std::string one; fields >> one;) out.push_back(one);
  return out;
}

void read_stat(const std::string& stat, LiveTask& out) {
  const std::vector<std::string> field = fields_of(stat);
  constexpr unsigned long kKernelThread = 0x00200000;  // PF_KTHREAD
  constexpr size_t kFirst = 3, kFlags = 9, kNice = 19, kProcessor = 39;
  if (field.size() <= kProcessor - kFirst) return;
  out.state = field[0].empty() ? '?' : field[0][0];
  out.facts.kthread = (std::strtoul(field[kFlags - kFirst].c_str(), nullptr, 10) & kKernelThread) != 0;
  out.facts.nice = first_number(field[kNice - kFirst]);
  out.cpu = static_cast<uint32_t>(first_number(field[kProcessor - kFirst]));
}

// Its CPUs on this machine: the node and the cache that have all of them.
void read_affinity(int tid, const topology::Topology& machine, classify::TaskFacts& facts) {
  // Enough for any kernel: NR_CPUS is at most 8192.
  cpu_set_t allowed[8192 / CPU_SETSIZE];
  CPU_ZERO_S(sizeof allowed, allowed);
  if (::sched_getaffinity(tid, sizeof allowed, allowed) != 0) return;
  std::vector<const topology::Cpu*> cpus;
  for (const topology::Cpu& cpu : machine.cpus)
    if (cpu.online && cpu.id < sizeof allowed * 8 && CPU_ISSET_S(cpu.id, sizeof allowed, allowed))
      cpus.push_back(&cpu);
  if (cpus.empty()) return;
  const auto one = [&](auto member) {
    return std::all_of(cpus.begin(), cpus.end(),
                       [&](const auto* cpu) { return cpu->*member == cpus[0]->*member; });
  };
  facts.affinity_full = cpus.size() == machine.online_count();
  facts.affinity_pinned = cpus.size() == 1;
  facts.affinity_node = one(&topology::Cpu::node) ? int64_t{machine.node_ids[cpus[0]->node]} : -1;
  facts.affinity_llc = one(&topology::Cpu::llc) ? int64_t{cpus[0]->llc} : -1;
}

Error no_task(int tid) {
  return refusal("no-task", fmt::format("no task {}", tid), "a thread's id, as `ps -eLo lwp,comm` shows it");
}

}  // namespace

Result<LiveTask> read_task(int tid, const topology::Topology* machine) {
  const std::string folder = fmt::format("/proc/{}/", tid);
  const Result<std::string> status = read_file(folder + "status");
  if (!status) return no_task(tid);
  LiveTask out;
  classify::TaskFacts& facts = out.facts;
  facts.pid = tid;
  facts.tgid = first_number(status_line(*status, "Tgid"));
  facts.ppid = first_number(status_line(*status, "PPid"));
  facts.uid = effective_id(status_line(*status, "Uid"));
  facts.gid = effective_id(status_line(*status, "Gid"));
  facts.leader = facts.pid == facts.tgid;
  const Result<std::string> cgroups = read_file(folder + "cgroup");
  const Result<std::string> comm = read_file(folder + "comm");
  const Result<std::string> stat = read_file(folder + "stat");
  const Result<std::string> leader = read_file(fmt::format("/proc/{}/comm", facts.tgid));
  if (!cgroups || !comm || !stat || !leader) return no_task(tid);
  facts.cgroup = cgroup_path(*cgroups);
  read_stat(*stat, out);
  facts.comm = scheduled_name(without_newline(*comm), facts.kthread);
  facts.leader_comm = scheduled_name(without_newline(*leader), facts.kthread);
  out.scheduler = ::sched_getscheduler(tid) & ~SCHED_RESET_ON_FORK;
  facts.sched = out.scheduler;
  struct stat node{};
  if (::stat(("/sys/fs/cgroup" + facts.cgroup).c_str(), &node) == 0) out.cgroup = node.st_ino;
  if (machine != nullptr) read_affinity(tid, *machine, facts);
  return out;
}

std::string scheduled_name(std::string comm, bool kthread) {
  // wq_worker_comm() of kernel/workqueue.c; rescuers have a `-` of their own.
  if (kthread && comm.starts_with("kworker/") && !comm.starts_with("kworker/R-"))
    comm.resize(std::min(comm.find_first_of("+-"), comm.size()));
  return comm;
}

bool is_fair(int scheduler) {
  constexpr int kSchedExt = 7;  // SCHED_EXT of include/uapi/linux/sched.h
  return scheduler == abi::kSchedNormal || scheduler == abi::kSchedBatch || scheduler == abi::kSchedIdle ||
         scheduler == kSchedExt;
}

classify::NameIds resolve_names(const abi::Classifier& classifier) {
  classify::NameIds out;
  for (const abi::Predicate& predicate : classifier.predicates)
    for (const std::string& name : predicate.names) {
      if (predicate.attribute == abi::Attribute::kGid) {
        if (const auto id = group_id(name)) out.groups[name] = *id;
      } else if (const auto id = user_id(name)) {
        out.users[name] = *id;
      }
    }
  return out;
}

}  // namespace scx::explain
