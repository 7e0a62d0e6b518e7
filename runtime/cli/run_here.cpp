#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "runtime/base/file.h"
#include "runtime/base/output.h"
#include "runtime/cli/commands.h"
#include "runtime/control/control.h"
#include "runtime/explain/proc_task.h"
#include "runtime/load/host.h"
#include "runtime/load/libbpf_messages.h"
#include "runtime/load/loader.h"
#include "runtime/load/object_file.h"
#include "runtime/load/preflight.h"
#include "runtime/plan/plan.h"
#include "runtime/report/dry_run.h"
#include "runtime/running/record.h"
#include "runtime/settings/process.h"
#include "runtime/settings/recover.h"
#include "runtime/settings/session.h"
#include "runtime/settings/wanted.h"
#include "runtime/topology/topology.h"

namespace scx::cli {
namespace {

// A scheduler in the kernel, and what it was made from.
struct Loaded {
  abi::Manifest manifest;
  topology::Topology topology;
  plan::Plan plan;
  std::optional<settings::Session> settings;  // only if the policy changes any
  load::Scheduler scheduler;
};

Error as_refusal(Error error, const char* reason) {
  if (error.reason.empty()) error.reason = reason;
  return error;
}

Result<load::Scheduler> load_reporting_log(const load::ObjectFile& object, const topology::Topology& topology,
                                           const plan::Plan& plan, const Options& options) {
  std::string log;
  Result<load::Scheduler> scheduler = load::Scheduler::load(object, topology, plan, {options.dry_run, &log});
  if (!scheduler.ok() && !log.empty() && !options.verifier_log.empty()) {
    Result<void> written = write_file_atomically(options.verifier_log, log);
    if (!written.ok()) return std::move(written).error();
    Error error = std::move(scheduler).error();
    // In the guest of --vm the file goes on to this place on the host.
    const char* shown = std::getenv("SCX_RUN_VERIFIER_LOG");
    error.help = fmt::format(
        "the verifier's whole log is in {}; a policy that the compiler accepted should load: "
        "please report it",
        quoted(shown != nullptr ? shown : options.verifier_log));
    return error;
  }
  return scheduler;
}

void tell(const settings::Notes& notes) {
  for (const settings::Note& note : notes)
    say(fmt::format("scx-run: {}: {}\n", note.warning ? "warning" : "note", note.text));
}

// Before anything is loaded: the guardian shall hold nothing of the kernel's. A policy that changes no
// settings only puts back what a scx-run that was killed has left, where it may.
Result<std::optional<settings::Session>> open_settings(const abi::Manifest& manifest,
                                                       const Options& options) {
  std::optional<settings::Session> session;
  if (options.dry_run) return session;
  settings::Notes notes;
  if (settings::changes_settings(manifest.domains)) {
    SCX_TRY(settings::Session begun,
            settings::Session::begin({}, [] { (void)load::keep_capabilities({}); }, notes));
    session.emplace(std::move(begun));
  } else {
    Result<settings::Recovery> recovery = settings::recover({}, std::chrono::milliseconds(0));
    if (recovery.ok())
      notes = recovery->notes;
    else if (recovery.error().reason == "corrupt-journal" || recovery.error().reason == "unsafe-journal")
      warn(recovery.error().message);
  }
  tell(notes);
  return session;
}

bool asks_for_gpus(const abi::Manifest& manifest) {
  const auto& predicates = manifest.classifier.predicates;
  return std::any_of(predicates.begin(), predicates.end(),
                     [](const abi::Predicate& predicate) { return is_gpu(predicate.attribute); });
}

topology::Devices devices_of(const abi::Manifest& manifest) {
  return std::any_of(manifest.domains.begin(), manifest.domains.end(),
                     [](const abi::Domain& domain) { return domain.near_gpus; })
             ? topology::Devices::kGpus
             : topology::Devices::kNone;
}

Result<Loaded> prepare(const Options& options) {
  load::collect_libbpf_messages();
  SCX_TRY(load::ObjectFile object, load::read_object(options.object));
  const load::Host host = load::Host::current();
  SCX_TRY(const std::vector<std::string> warnings, load::preflight(host, object, {options.dry_run}));
  for (const std::string& warning : warnings) warn(warning);
  Result<topology::Topology> live = topology::live(devices_of(object.manifest));
  if (!live.ok()) return as_refusal(std::move(live).error(), "no-topology");
  // Whether all cells that can be there at the same time fit, before any of them is.
  const std::vector<abi::Cell>& cells = object.manifest.cells;
  Result<plan::Plan> all =
      plan::plan(*live, plan::sample_requests(cells, object.manifest.domains), {}, nullptr);
  if (!all.ok()) return as_refusal(std::move(all).error(), "no-plan");
  const std::vector<abi::Cell> root(cells.begin(), cells.begin() + 1);
  Result<plan::Plan> plan =
      plan::plan(*live, plan::static_requests(root, object.manifest.domains), {}, nullptr);
  if (!plan.ok()) return as_refusal(std::move(plan).error(), "no-plan");
  SCX_TRY(std::optional<settings::Session> settings, open_settings(object.manifest, options));
  // Reading files needs no privilege from here on, loading needs these.
  std::vector<unsigned> needed = {load::kCapBpf, load::kCapPerfmon, load::kCapSysAdmin,
                                  load::kCapDacOverride};
  // Attaching looks at what other processes have open.
  if (asks_for_gpus(object.manifest)) needed.push_back(load::kCapSysPtrace);
  // What runs does not depend on the others being gone.
  if (const Result<void> given_up = load::keep_capabilities(needed); !given_up.ok())
    warn(given_up.error().message);
  SCX_TRY(load::Scheduler scheduler, load_reporting_log(object, *live, *plan, options));
  return Loaded{std::move(object.manifest), *std::move(live), *std::move(plan), std::move(settings),
                std::move(scheduler)};
}

// What `scx-run explain` will want to know of it.
Result<running::Record> record_of(const Loaded& loaded) {
  running::Record out;
  SCX_TRY(out.owner, settings::this_process());
  SCX_TRY(out.maps.tasks, loaded.scheduler.map_id("tasks"));
  SCX_TRY(out.maps.plan, loaded.scheduler.map_id("plan"));
  if (loaded.manifest.cells.size() > 1) {
    SCX_TRY(out.maps.cgroups, loaded.scheduler.map_id("cgroups"));
    SCX_TRY(out.maps.slots, loaded.scheduler.map_id("slots"));
  }
  out.ids = explain::resolve_names(loaded.manifest.classifier);
  out.manifest = loaded.manifest;
  return out;
}

// Without it everything runs as well.
std::optional<running::Record> record_or_note(const Loaded& loaded) {
  Result<running::Record> record = record_of(loaded);
  if (record.ok()) return *std::move(record);
  say(fmt::format("scx-run: note: `scx-run explain` will not know this scheduler: {}\n",
                  record.error().message));
  return std::nullopt;
}

void announce(const Loaded& loaded) {
  say(fmt::format("scx-run: policy `{}` ({}) on {}\n", loaded.manifest.policy, loaded.manifest.fingerprint,
                  topology::summary(loaded.topology)));
  say(fmt::format("{}", plan::explain(loaded.plan, loaded.topology)));
  for (const abi::Cell& cell : loaded.manifest.cells) {
    if (cell.kind == abi::CellKind::kFamily)
      say(fmt::format("  cells {}: begin with their cgroups, at most {} at a time\n", cell.name, cell.max));
    if (cell.kind == abi::CellKind::kStatic)
      say(fmt::format("  cell {}: begins with its cgroup\n", cell.name));
  }
  if (loaded.settings)
    say(fmt::format(
        "scx-run: changes settings of the machine; process {} puts them back if scx-run is killed\n",
        loaded.settings->guardian()));
}

}  // namespace

int fail(const Error& error, int code) {
  const std::string reason = error.reason.empty() ? "" : fmt::format("[{}]", error.reason);
  say(fmt::format("scx-run: error{}: {}\n", reason, error.message));
  if (!error.help.empty()) say(fmt::format("  help: {}\n", error.help));
  return code;
}

void warn(const std::string& text) { say(fmt::format("scx-run: warning: {}\n", text)); }

int run_here(const Options& options) {
  Result<control::Signals> signals = control::Signals::open();
  if (!signals.ok()) return fail(signals.error(), kExitRefused);
  Result<Loaded> loaded = prepare(options);
  if (!loaded.ok()) return fail(loaded.error(), kExitRefused);
  announce(*loaded);
  Result<control::LiveCells> cells = control::LiveCells::open(loaded->manifest);
  if (!cells.ok()) return fail(cells.error(), kExitRefused);
  const control::Running running{loaded->scheduler,      loaded->manifest,
                                 loaded->topology,       loaded->plan,
                                 *std::move(cells),      loaded->settings ? &*loaded->settings : nullptr,
                                 record_or_note(*loaded)};
  Result<control::Outcome> outcome = control::run(running, *signals, options.control);
  if (!outcome.ok())
    return fail(outcome.error(),
                outcome.error().reason == "still-enabled" ? kExitEndedByError : kExitRefused);
  if (!outcome->orderly) {
    say(fmt::format("scx-run: error[ended]: {}\n", control::describe_exit(*outcome, loaded->manifest)));
    return kExitEndedByError;
  }
  say(fmt::format("scx-run: policy `{}` ended, the kernel's own scheduler is back\n",
                  loaded->manifest.policy));
  return kExitOrderly;
}

int dry_run(const Options& options) {
  // What is wrong with the command line comes before what is wrong with the machine.
  std::optional<topology::Topology> other;
  if (!options.topology.empty()) {
    Result<topology::Topology> read = topology::from_source(options.topology);
    if (!read.ok()) return fail(as_refusal(read.error(), "bad-topology"), kExitUsage);
    other = *std::move(read);
  }
  Result<Loaded> loaded = prepare(options);
  if (!loaded.ok()) return fail(loaded.error(), kExitRefused);
  report::DryRun result;
  result.policy = loaded->manifest.policy;
  result.fingerprint = loaded->manifest.fingerprint;
  result.kernel = load::Host::current().release;
  result.load_us = static_cast<uint64_t>(loaded->scheduler.load_time().count());
  result.map_bytes = loaded->scheduler.map_bytes();
  for (const load::ProgramFacts& p : loaded->scheduler.programs())
    result.programs.push_back({p.name, p.section, p.instructions, p.verified_instructions,
                               p.verify_microseconds, p.stack_bytes, p.total_states, p.peak_states});
  const topology::Topology& topology = other ? *other : loaded->topology;
  const abi::Manifest& manifest = loaded->manifest;
  Result<plan::Plan> plan =
      plan::plan(topology, plan::static_requests(manifest.cells, manifest.domains), {}, nullptr);
  if (!plan.ok()) return fail(plan.error(), kExitRefused);
  result.plan = plan::explain(*plan, topology);
  for (const abi::Cell& cell : manifest.cells)
    if (cell.kind == abi::CellKind::kFamily) result.families.push_back({cell.name, cell.max});
  print_out(options.control.stats == control::Stats::kJson ? report::json(result) : report::text(result));
  return kExitOrderly;
}

int recover_settings() {
  // Nobody reads the record of a scx-run that was killed; it only lies there.
  (void)running::discard_stale();
  Result<settings::Recovery> recovery = settings::recover({}, std::chrono::seconds(5));
  if (!recovery.ok()) return fail(recovery.error(), kExitRefused);
  tell(recovery->notes);
  if (!recovery->found)
    say("scx-run: no settings to put back\n");
  else
    say(fmt::format("scx-run: settings put back: {}\n", recovery->restored));
  return recovery->stuck == 0 ? kExitOrderly : kExitEndedByError;
}

int show_status() {
  const load::Host host = load::Host::current();
  const std::string state = load::sched_ext_state(host);
  if (state.empty())
    return fail({fmt::format("kernel {} was built without sched_ext", host.release), "", "no-sched-ext"},
                kExitRefused);
  const std::string active = load::active_scheduler(host);
  print_out(fmt::format("kernel {}\nsched_ext {}\n", host.release, state));
  if (!active.empty()) print_out(fmt::format("scheduler {}\n", quoted(active)));
  return kExitOrderly;
}

}  // namespace scx::cli
