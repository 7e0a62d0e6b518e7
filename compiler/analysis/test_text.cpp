#include "compiler/analysis/test_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "runtime/base/file.h"

namespace scx::analysis {
namespace {

// `name` as UTF-8 without control characters.
std::string readable(const std::string& name) {
  using nlohmann::json;
  // What is no UTF-8 becomes U+FFFD.
  const std::string valid = json(name).dump(-1, ' ', false, json::error_handler_t::replace);
  std::string out = json::parse(valid).get<std::string>();
  for (size_t i = 0; i < out.size(); ++i) {
    const auto byte = [&](size_t at) { return at < out.size() ? static_cast<unsigned char>(out[at]) : 0; };
    // U+0080 to U+009F are control characters, too.
    const bool is_c1 = byte(i) == 0xc2 && byte(i + 1) < 0xa0;
    if (byte(i) < 0x20 || byte(i) == 0x7f || is_c1) out.replace(i, is_c1 ? 2 : 1, "?");
  }
  return out;
}

// `nginx`; what would not read well in quotes.
std::string plain(const std::string& name) {
  const std::string shown = readable(name);
  const bool reads_well = !name.empty() && shown == name && name.find_first_of(" '\"") == std::string::npos;
  return reads_well ? name : "'" + shown + "'";
}

}  // namespace

std::string description(const TestTaskFinding& found) {
  const classify::TaskFacts& task = found.found.task;
  const classify::TaskFacts usual;
  std::string out = task.kthread ? "a kernel thread" : task.leader ? "a process" : "a thread";
  std::vector<std::string> parts;
  const auto say = [&](bool wanted, std::string part) {
    if (wanted) parts.push_back(std::move(part));
  };
  say(task.comm != usual.comm, "called " + plain(task.comm));
  say(!task.leader && task.leader_comm != task.comm, "of " + plain(task.leader_comm));
  say(task.cgroup != usual.cgroup, "in " + plain(task.cgroup));
  say(task.nice != usual.nice, fmt::format("with nice {}", task.nice));
  say(task.sched != usual.sched, "of class " + classify::spelled_value(task, abi::Attribute::kSched));
  const auto id = [&](int64_t value, const std::map<std::string, int64_t>& names, std::string_view word) {
    std::string text = std::to_string(value);
    for (const auto& [name, known] : names)
      if (value != 0 && known == value) text = plain(name);
    say(value != 0, fmt::format("with {} {}", word, text));
  };
  id(task.uid, found.found.ids.users, "uid");
  id(task.gid, found.found.ids.groups, "gid");
  const int64_t usual_pid = task.leader ? 1 : 2;
  say(task.pid != usual_pid, fmt::format("with pid {}", task.pid));
  say(!task.leader && task.tgid != 1, fmt::format("with tgid {}", task.tgid));
  say(task.ppid != usual.ppid, fmt::format("with ppid {}", task.ppid));
  say(task.gpu_thread >= 0, fmt::format("that opened GPU {} itself", task.gpu_thread));
  say(task.gpu_process >= 0 && task.gpu_thread < 0,
      fmt::format("{} uses GPU {}", task.leader ? "that" : "whose process", task.gpu_process));
  say(!found.found.place.cpus.empty(), "on CPUs " + found.found.place.cpus);
  if (parts.empty() && !task.kthread && task.leader) return "any process";
  for (const std::string& part : parts) out += " " + part;
  return out;
}

}  // namespace scx::analysis
