#include "compiler/driver/asked_task.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string_view>

#include <fmt/ranges.h>

#include "compiler/analysis/policy_tests.h"
#include "compiler/model/ranges.h"
#include "runtime/base/closest.h"
#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/explain/proc_task.h"
#include "runtime/topology/topology.h"

namespace scx::driver {
namespace {

using abi::Attribute;
using explain::AskedTask;

Error bad_task(std::string message, std::string help) {
  return refusal("bad-task", std::move(message), std::move(help));
}

constexpr const char* kExample = "for instance `--task comm=nginx,cgroup=/web.slice,nice=-5`";

struct Word {
  std::string key, value;
  bool has_value = false;
};

// Words are apart by commas; `\,` is one in a name or path. Other backslashes are their own: paths of
// systemd's cgroups have them.
std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> out(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 2) == "\\,")
      out.back() += text[++i];
    else if (text[i] == ',')
      out.emplace_back();
    else
      out.back() += text[i];
  }
  return out;
}

std::vector<Word> words_of(const std::vector<std::string>& texts) {
  std::vector<Word> out;
  for (const std::string& text : texts)
    for (const std::string& part : parts_of(text)) {
      const size_t equals = part.find('=');
      const bool has_value = equals != std::string::npos;
      out.push_back({part.substr(0, equals), has_value ? part.substr(equals + 1) : "", has_value});
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
        {"comm", comm(facts.comm)},
        {"leader-comm", comm(facts.leader_comm)},
        {"cgroup", text(facts.cgroup)},
        {"pid", number(facts.pid, Attribute::kPid)},
        {"tgid", number(facts.tgid, Attribute::kTgid)},
        {"ppid", number(facts.ppid, Attribute::kPpid)},
        {"nice", number(facts.nice, Attribute::kNice)},
        {"uid", identity(facts.uid, task_.ids.users, Attribute::kUid)},
        {"gid", identity(facts.gid, task_.ids.groups, Attribute::kGid)},
        {"node", number(facts.affinity_node, Attribute::kAffinityNode, 0)},
        {"llc", number(facts.affinity_llc, Attribute::kAffinityLlc, 0)},
        {"gpu-thread", gpu(facts.gpu_thread, Attribute::kGpuThread)},
        {"gpu-process", gpu(facts.gpu_process, Attribute::kGpuProcess)},
        {"sched", [&](const Word& w) { return sched(w); }},
        {"kthread", flag(facts.kthread, true)},
        {"pinned", flag(facts.affinity_pinned, true)},
        {"not-full", flag(facts.affinity_full, false)},
        {"not-leader", flag(facts.leader, false)},
    };
    const auto found = readers.find(word.key);
    if (found != readers.end()) {
      if (!seen_.insert(word.key).second)
        return bad_task(fmt::format("`{}` is said twice", word.key), "a task has one value of each");
      return found->second(word);
    }
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

  // As in a test, where it is E0209.
  static Reader comm(std::string& target) {
    return [&target](const Word& word) -> Result<void> {
      if (word.value.size() > abi::kCommBytes)
        return bad_task(fmt::format("{} bytes for `{}` of a task", word.value.size(), word.key),
                        "the kernel keeps the first 15 bytes of a thread's name (`TASK_COMM_LEN` is 16, with "
                        "a final zero)");
      return text(target)(word);
    };
  }

  // Alone it is device 0.
  static Reader gpu(int64_t& target, Attribute attribute) {
    return [&target, attribute](const Word& word) -> Result<void> {
      if (word.has_value) return number(target, attribute, 0)(word);
      target = 0;
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

  // `lowest` is where -1 stands for none, which leaving it out says.
  static Reader number(int64_t& target, Attribute attribute, int64_t lowest = INT64_MIN) {
    return [&target, attribute, lowest](const Word& word) -> Result<void> {
      abi::IntRange range = model::numbers_of(attribute);
      range.low = std::max(range.low, lowest);
      if (!word.has_value)
        return bad_task(fmt::format("`{}` needs a value", word.key),
                        fmt::format("a number from {} to {}", range.low, range.high));
      const char* const end = word.value.data() + word.value.size();
      const auto read = std::from_chars(word.value.data(), end, target);
      if (read.ec == std::errc{} && read.ptr == end && range.low <= target && target <= range.high) return {};
      return bad_task(fmt::format("{} is no value of `{}`", scx::quoted(word.value), word.key),
                      fmt::format("a number from {} to {}", range.low, range.high));
    };
  }

  static Reader identity(int64_t& target, std::map<std::string, int64_t>& names, Attribute attribute) {
    return [&target, &names, attribute](const Word& word) -> Result<void> {
      if (const auto known = names.find(word.value); known != names.end()) {
        target = known->second;
        return {};
      }
      if (word.value.empty() || word.value.find_first_not_of("-0123456789") == std::string::npos)
        return number(target, attribute)(word);
      std::vector<std::string> all;
      for (const auto& [name, id] : names) all.push_back(scx::quoted(name));
      return bad_task(fmt::format("the policy names no {} {}",
                                  attribute == Attribute::kGid ? "group" : "user", scx::quoted(word.value)),
                      all.empty() ? "write a number" : fmt::format("a number, or {}", fmt::join(all, ", ")));
    };
  }

  Result<void> sched(const Word& word) {
    static const std::map<std::string, int64_t> classes = {
        {"normal", abi::kSchedNormal}, {"batch", abi::kSchedBatch}, {"idle", abi::kSchedIdle}};
    const auto found = classes.find(word.value);
    if (found == classes.end())
      return bad_task(fmt::format("{} is no value of `sched`", scx::quoted(word.value)),
                      "`normal`, `batch` or `idle`");
    task_.facts.sched = found->second;
    return {};
  }

  AskedTask& task_;
  std::set<std::string> seen_;
};

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

Result<AskedTask> task_of_pid(int pid, const abi::Classifier& classifier) {
  const Result<topology::Topology> machine = topology::live();
  SCX_TRY(const explain::LiveTask task, explain::read_task(pid, machine ? &*machine : nullptr));
  return AskedTask{task.facts, explain::resolve_names(classifier)};
}

}  // namespace scx::driver
