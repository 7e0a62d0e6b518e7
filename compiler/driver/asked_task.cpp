#include "compiler/driver/asked_task.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <sstream>

#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/resource.h>

#include "compiler/analysis/policy_tests.h"
#include "compiler/model/ranges.h"
#include "runtime/base/closest.h"
#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/topology/topology.h"

namespace scx::driver {
namespace {

using abi::Attribute;
using analysis::AskedTask;

Error bad_task(std::string message, std::string help) {
  return refusal("bad-task", std::move(message), std::move(help));
}

constexpr const char* kExample = "for instance `--task comm=nginx,cgroup=/web.slice,nice=-5`";

struct Word {
  std::string key, value;
  bool has_value = false;
};

// A value may not hold a comma: names and paths with one are what a `test` block is for.
std::vector<Word> words_of(const std::vector<std::string>& texts) {
  std::vector<Word> out;
  for (const std::string& text : texts) {
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, ',');) {
      const size_t equals = part.find('=');
      const bool has_value = equals != std::string::npos;
      out.push_back({part.substr(0, equals), has_value ? part.substr(equals + 1) : "", has_value});
    }
  }
  return out;
}

class WordReader {
 public:
  WordReader(AskedTask& task, const model::Policy& policy) : task_(task) {
    task_.ids = analysis::test_name_ids(policy);
  }

  Result<void> read(const Word& word) {
    classify::TaskFacts& facts = task_.facts;
    const std::map<std::string, std::function<Result<void>(const Word&)>> readers = {
        {"comm", text(facts.comm)},
        {"leader-comm", text(facts.leader_comm)},
        {"cgroup", text(facts.cgroup)},
        {"pid", number(facts.pid, Attribute::kPid)},
        {"tgid", number(facts.tgid, Attribute::kTgid)},
        {"ppid", number(facts.ppid, Attribute::kPpid)},
        {"nice", number(facts.nice, Attribute::kNice)},
        {"uid", identity(facts.uid, task_.ids.users, Attribute::kUid)},
        {"gid", identity(facts.gid, task_.ids.groups, Attribute::kGid)},
        {"node", number(facts.affinity_node, Attribute::kAffinityNode)},
        {"llc", number(facts.affinity_llc, Attribute::kAffinityLlc)},
        {"gpu-thread", number(facts.gpu_thread, Attribute::kGpuThread)},
        {"gpu-process", number(facts.gpu_process, Attribute::kGpuProcess)},
        {"sched", [&](const Word& w) { return sched(w); }},
        {"kthread", flag(facts.kthread, true)},
        {"pinned", flag(facts.affinity_pinned, true)},
        {"not-full", flag(facts.affinity_full, false)},
        {"not-leader", flag(facts.leader, false)},
    };
    const auto found = readers.find(word.key);
    if (found != readers.end()) return found->second(word);
    std::vector<std::string_view> known;
    for (const auto& [key, reader] : readers) known.push_back(key);
    const std::string_view near = closest(word.key, known);
    return bad_task(fmt::format("a task has no attribute {}", scx::quoted(word.key)),
                    near.empty() ? kExample : fmt::format("did you mean `{}`?", near));
  }

 private:
  using Reader = std::function<Result<void>(const Word&)>;

  static Reader text(std::string& target) {
    return [&target](const Word& word) -> Result<void> {
      if (!word.has_value) return bad_task(fmt::format("`{}` needs a value", word.key), kExample);
      target = word.value;
      return {};
    };
  }

  static Reader flag(bool& target, bool value) {
    return [&target, value](const Word& word) -> Result<void> {
      if (word.has_value) return bad_task(fmt::format("`{}` takes no value", word.key), kExample);
      target = value;
      return {};
    };
  }

  static Reader number(int64_t& target, Attribute attribute) {
    return [&target, attribute](const Word& word) -> Result<void> {
      const abi::IntRange range = model::numbers_of(attribute);
      const char* const end = word.value.data() + word.value.size();
      const auto read = std::from_chars(word.value.data(), end, target);
      if (read.ec == std::errc{} && read.ptr == end && range.low <= target && target <= range.high) return {};
      return bad_task(fmt::format("`{}` is no value of `{}`", word.value, word.key),
                      fmt::format("a number from {} to {}", range.low, range.high));
    };
  }

  static Reader identity(int64_t& target, std::map<std::string, int64_t>& names, Attribute attribute) {
    return [&target, &names, attribute](const Word& word) -> Result<void> {
      const auto known = names.find(word.value);
      if (known == names.end()) return number(target, attribute)(word);
      target = known->second;
      return {};
    };
  }

  Result<void> sched(const Word& word) {
    static const std::map<std::string, int64_t> classes = {
        {"normal", abi::kSchedNormal}, {"batch", abi::kSchedBatch}, {"idle", abi::kSchedIdle}};
    const auto found = classes.find(word.value);
    if (found == classes.end())
      return bad_task(fmt::format("`{}` is no value of `sched`", word.value), "`normal`, `batch` or `idle`");
    task_.facts.sched = found->second;
    return {};
  }

  AskedTask& task_;
};

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

// Its CPUs on this machine: the node and the cache that have all of them.
void read_affinity(int pid, classify::TaskFacts& facts) {
  const Result<topology::Topology> machine = topology::live();
  if (!machine) return;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(pid, sizeof allowed, &allowed) != 0) return;
  std::vector<const topology::Cpu*> cpus;
  for (const topology::Cpu& cpu : machine->cpus)
    if (cpu.online && cpu.id < CPU_SETSIZE && CPU_ISSET(cpu.id, &allowed)) cpus.push_back(&cpu);
  if (cpus.empty()) return;
  const auto one = [&](auto member) {
    return std::all_of(cpus.begin(), cpus.end(),
                       [&](const auto* cpu) { return cpu->*member == cpus[0]->*member; });
  };
  facts.affinity_full = cpus.size() == machine->online_count();
  facts.affinity_pinned = cpus.size() == 1;
  facts.affinity_node = one(&topology::Cpu::node) ? machine->node_ids[cpus[0]->node] : -1;
  facts.affinity_llc = one(&topology::Cpu::llc) ? cpus[0]->llc : -1;
}

}  // namespace

Result<AskedTask> task_of_words(const std::vector<std::string>& words, const model::Policy& policy) {
  AskedTask out;
  WordReader reader(out, policy);
  const std::vector<Word> all = words_of(words);
  for (const Word& word : all) SCX_TRY_VOID(reader.read(word));
  const auto named = [&](const char* key) {
    return std::any_of(all.begin(), all.end(), [&](const Word& word) { return word.key == key; });
  };
  classify::TaskFacts& facts = out.facts;
  if (facts.leader && named("pid") != named("tgid"))
    (named("pid") ? facts.tgid : facts.pid) = named("pid") ? facts.pid : facts.tgid;
  if (!facts.leader && facts.pid == facts.tgid) facts.pid = facts.tgid + 1;
  if (facts.leader && !named("leader-comm")) facts.leader_comm = facts.comm;
  if (facts.gpu_thread >= 0) facts.gpu_process = facts.gpu_thread;
  if (facts.leader && (facts.pid != facts.tgid || facts.leader_comm != facts.comm))
    return bad_task("a task that cannot exist: a leader has its process's id and name", "add `not-leader`");
  if (!facts.cgroup.starts_with('/'))
    return bad_task(fmt::format("{} is no cgroup's path", scx::quoted(facts.cgroup)),
                    "as in /proc/PID/cgroup behind `0::`: it begins with `/`");
  return out;
}

Result<AskedTask> task_of_pid(int pid, const model::Policy& policy) {
  const std::string folder = fmt::format("/proc/{}/", pid);
  const Result<std::string> status = read_file(folder + "status");
  if (!status)
    return refusal("no-task", fmt::format("no task {}", pid),
                   "a thread's id, as `ps -eLo lwp,comm` shows it");
  AskedTask out;
  classify::TaskFacts& facts = out.facts;
  SCX_TRY(const std::string cgroups, read_file(folder + "cgroup"));
  SCX_TRY(const std::string comm, read_file(folder + "comm"));
  SCX_TRY(const std::string stat, read_file(folder + "stat"));
  facts.comm = without_newline(comm);
  facts.pid = pid;
  facts.tgid = first_number(status_line(*status, "Tgid"));
  facts.ppid = first_number(status_line(*status, "PPid"));
  facts.uid = effective_id(status_line(*status, "Uid"));
  facts.gid = effective_id(status_line(*status, "Gid"));
  facts.leader = facts.pid == facts.tgid;
  SCX_TRY(const std::string leader_comm, read_file(fmt::format("/proc/{}/comm", facts.tgid)));
  facts.leader_comm = without_newline(leader_comm);
  const size_t unified = ("\n" + cgroups).find("\n0::");
  if (unified != std::string::npos)
    facts.cgroup = cgroups.substr(unified + 3, cgroups.find('\n', unified) - unified - 3);
  // Fields behind the name, which may hold anything: the ninth from the first is `flags` (proc_pid_stat(5)).
  std::istringstream fields(stat.substr(std::min(stat.rfind(')') + 1, stat.size())));
  std::vector<std::string> field;
  for (std::string one; fields >> one;) field.push_back(one);
  constexpr unsigned long kKernelThread = 0x00200000;  // PF_KTHREAD
  if (field.size() > 16) {
    facts.kthread = (std::strtoul(field[6].c_str(), nullptr, 10) & kKernelThread) != 0;
    facts.nice = first_number(field[16]);
  }
  facts.sched = ::sched_getscheduler(pid) & ~SCHED_RESET_ON_FORK;
  read_affinity(pid, facts);
  for (const model::Predicate& predicate : policy.predicates)
    for (const std::string& name : predicate.names) {
      if (predicate.attribute == Attribute::kGid) {
        if (const group* entry = ::getgrnam(name.c_str())) out.ids.groups[name] = entry->gr_gid;
      } else if (const passwd* entry = ::getpwnam(name.c_str())) {
        out.ids.users[name] = entry->pw_uid;
      }
    }
  return out;
}

}  // namespace scx::driver
