// `scx-run explain PID`: where the running scheduler has a thread, beside where
// the reference classifier puts it, and why.
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/output.h"
#include "runtime/base/refusal.h"
#include "runtime/cli/commands.h"
#include "runtime/explain/comparison.h"
#include "runtime/explain/host_plan.h"
#include "runtime/load/host.h"
#include "runtime/running/maps.h"
#include "runtime/running/record.h"
#include "runtime/running/thread.h"
#include "runtime/topology/topology.h"

namespace scx::cli {
namespace {

using explain::Agreement;
using nlohmann::json;

// A thread that changes while it is looked at gets that many looks, so far apart.
constexpr int kLooks = 5;
constexpr std::chrono::milliseconds kBetweenLooks{50};

// What one look found.
struct Look {
  explain::LiveTask task;
  std::optional<explain::KernelTask> kernel;  // nothing: the scheduler does not know it
  explain::Comparison comparison;
  std::vector<uint32_t> home;
};

// What does not change between looks.
struct Asked {
  running::Record record;
  running::Maps maps;
  std::optional<topology::Topology> machine;
  classify::NameIds ids_now;
};

// The record of a scheduler of that name. The kernel runs it a moment before scx-run says so.
Result<std::optional<running::Record>> record_of(const std::string& policy) {
  for (int i = 0; i < 20; ++i) {
    if (i != 0) std::this_thread::sleep_for(kBetweenLooks);
    SCX_TRY(std::optional<running::Record> record, running::find_record());
    if (record && record->manifest.policy == policy) return record;
  }
  return std::optional<running::Record>();
}

// The scheduler that runs, if it is one of scx-run's.
Result<running::Record> find_scheduler() {
  const load::Host host = load::Host::current();
  const std::string active = load::active_scheduler(host);
  if (load::sched_ext_state(host).empty())
    return refusal("no-sched-ext", fmt::format("kernel {} was built without sched_ext", host.release));
  if (active.empty())
    return refusal("no-scheduler", "sched_ext runs no scheduler now",
                   "`scx-run OBJECT` runs one; `scxc explain POLICY --pid PID` needs none");
  if (::geteuid() != 0)
    return refusal("no-privileges", "only root may look into the running scheduler", "run it as root");
  SCX_TRY(std::optional<running::Record> record, record_of(active));
  if (!record)
    return refusal(
        "foreign-scheduler",
        fmt::format("the scheduler {} is not one that a scx-run of this machine runs", quoted(active)),
        "only those say what their policy is");
  return *std::move(record);
}

Result<Asked> prepare() {
  SCX_TRY(running::Record record, find_scheduler());
  SCX_TRY(running::Maps maps, running::Maps::open(record.maps));
  // What follows reads files of /proc, which may be hidden from whoever cannot trace their owners.
  SCX_TRY_VOID(load::keep_capabilities({load::kCapSysPtrace}));
  Result<topology::Topology> live = topology::live();
  std::optional<topology::Topology> machine;
  if (live.ok()) machine = *std::move(live);
  classify::NameIds ids_now = explain::resolve_names(record.manifest.classifier);
  return Asked{std::move(record), std::move(maps), std::move(machine), std::move(ids_now)};
}

// The thread cannot become another one between the looks: its number is its own as long as it lives.
Result<Look> look(const Asked& asked, const running::Thread& thread) {
  const abi::Manifest& manifest = asked.record.manifest;
  Look out;
  SCX_TRY(out.task, explain::read_task(thread.tid(), asked.machine ? &*asked.machine : nullptr));
  if (!thread.lives()) return refusal("no-task", fmt::format("the thread {} has just ended", thread.tid()));
  SCX_TRY(out.kernel, asked.maps.task(manifest, thread, static_cast<int>(out.task.facts.tgid)));
  if (out.kernel) {
    SCX_TRY(out.kernel->slots, asked.maps.slots_of(manifest, out.task.facts.cgroup));
  }
  const explain::KernelTask known = out.kernel.value_or(explain::KernelTask{});
  out.comparison = explain::compare(manifest, out.task, asked.record.ids, asked.ids_now, known);
  if (known.classified) {
    SCX_TRY(out.home, asked.maps.home(known.domain));
  }
  return out;
}

Result<Look> settled_look(const Asked& asked, const running::Thread& thread) {
  for (int i = 1;; ++i) {
    Result<Look> found = look(asked, thread);
    if (!found.ok() || found->comparison.agreement != Agreement::kDiffer || i == kLooks) return found;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

std::string cpus_text(const Asked& asked, const std::vector<uint32_t>& cpus) {
  const std::string where = asked.machine ? ", " + explain::where_text(cpus, *asked.machine) : "";
  return fmt::format("{} CPU{} ({}){}", cpus.size(), cpus.size() == 1 ? "" : "s", topology::cpu_list(cpus),
                     where);
}

std::string scheduler_text(const Asked& asked, const Look& found) {
  const bool known = found.kernel.has_value() && found.kernel->classified;
  const std::string on =
      fmt::format("it {} CPU {} (state {})", found.task.state == 'R' ? "is on" : "was last on",
                  found.task.cpu, found.task.state);
  if (!known) return "the scheduler has it in no layer yet\n    " + on + "\n";
  const abi::Domain& domain = asked.record.manifest.domains[found.kernel->domain];
  std::string out = fmt::format("the scheduler has it in the layer `{}` of `{}` (domain {}, slot {})\n",
                                domain.layer, domain.cell, found.kernel->domain, domain.slot);
  out += "    " + on + "\n";
  if (found.kernel->queue_llc)
    out += fmt::format("    it waits in the layer's queue of LLC {}\n", *found.kernel->queue_llc);
  return out + "    the layer is at home on " + cpus_text(asked, found.home) + "\n";
}

std::string_view verdict_text(Agreement agreement) {
  switch (agreement) {
    case Agreement::kAgree:
      return "the reference classifier agrees";
    case Agreement::kDiffer:
      return "the reference classifier does not agree";
    case Agreement::kNotYet:
      break;
  }
  return "there is nothing to compare";
}

std::string text_of(const Asked& asked, const Look& found, int pid) {
  const abi::Manifest& manifest = asked.record.manifest;
  std::string out =
      fmt::format("thread {} under the policy `{}` ({})\n", pid, manifest.policy, manifest.fingerprint);
  out += scheduler_text(asked, found);
  out += fmt::format("{}\n", verdict_text(found.comparison.agreement));
  for (const std::string& note : found.comparison.notes) out += fmt::format("    {}\n", note);
  return out + "\nby what it is now\n" + explain::task_text(manifest, found.comparison.reference);
}

json scheduler_json(const Asked& asked, const Look& found) {
  if (!found.kernel || !found.kernel->classified) return nullptr;
  const abi::Domain& domain = asked.record.manifest.domains[found.kernel->domain];
  return {{"domain", found.kernel->domain},
          {"slot", domain.slot},
          {"cell", domain.cell},
          {"layer", domain.layer},
          {"home", topology::cpu_list(found.home)},
          {"queue_llc", found.kernel->queue_llc ? json(*found.kernel->queue_llc) : json(nullptr)},
          {"marked", found.kernel->marked}};
}

std::string json_of(const Asked& asked, const Look& found, int pid) {
  const abi::Manifest& manifest = asked.record.manifest;
  return explain::json_line({{"schema", "scx-run.explain"},
                             {"version", 1},
                             {"policy", manifest.policy},
                             {"fingerprint", manifest.fingerprint},
                             {"pid", pid},
                             {"cpu", found.task.cpu},
                             {"state", std::string(1, found.task.state)},
                             {"comparison", explain::spelling(found.comparison.agreement)},
                             {"notes", found.comparison.notes},
                             {"scheduler", scheduler_json(asked, found)},
                             {"reference", explain::task_json(manifest, found.comparison.reference)}});
}

}  // namespace

int explain_task(const Options& options) {
  Result<Asked> asked = prepare();
  if (!asked.ok()) return fail(asked.error(), kExitRefused);
  const Result<running::Thread> thread = running::Thread::open(options.pid);
  if (!thread.ok()) return fail(thread.error(), kExitRefused);
  const Result<Look> found = settled_look(*asked, *thread);
  if (!found.ok()) return fail(found.error(), kExitRefused);
  print_out(options.json ? json_of(*asked, *found, options.pid) : text_of(*asked, *found, options.pid));
  return found->comparison.agreement == Agreement::kDiffer ? kExitEndedByError : kExitOrderly;
}

}  // namespace scx::cli
