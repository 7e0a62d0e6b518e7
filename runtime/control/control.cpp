#include "runtime/control/control.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include <poll.h>

#include "runtime/base/file.h"
#include "runtime/base/output.h"
#include "runtime/control/demand.h"
#include "runtime/control/output.h"
#include "runtime/control/retry.h"
#include "runtime/load/host.h"
#include "runtime/report/events.h"
#include "runtime/report/render.h"
#include "runtime/settings/wanted.h"

namespace scx::control {
namespace {

using Clock = std::chrono::steady_clock;

// How often the kernel is asked for what it does not announce: an end, a hotplug.
constexpr std::chrono::milliseconds kWatch{200};
// Cgroups come in bursts: what comes within this time after a look is answered together.
constexpr std::chrono::milliseconds kBurst{50};
// A cell that has used no CPU of another one for so long has returned them: shorter pauses are no news.
constexpr std::chrono::seconds kLoanOver{5};
// How often layers that are sized by use are sized: often enough for a burst of a few seconds, and long
// enough for a busy layer of one CPU to be measured over some slices.
constexpr std::chrono::milliseconds kResize{500};

double seconds(Clock::duration d) { return std::chrono::duration<double>(d).count(); }

void note(const std::string& text) { say(text + "\n"); }

// A cell that uses CPUs of other cells.
struct Loan {
  cells::CellView cell;
  Clock::time_point last_used;
};

class Loop {
 public:
  Loop(Running running, const Signals& signals, const Options& options)
      : running_(std::move(running)),
        signals_(signals),
        options_(options),
        output_(signals),
        meter_(running_.manifest.domains),
        cell_meter_(running_.manifest.cells) {}

  Result<Outcome> run() {
    if (signals_.arrived()) return Outcome{true, std::nullopt, {}, {}};
    SCX_TRY_VOID(running_.scheduler.attach());
    // Nothing from here on needs a privilege: maps and programs are open, and detaching closes a descriptor.
    // Nor does anything depend on its being gone.
    if (const Result<void> given_up = load::keep_capabilities({}); !given_up.ok())
      note(fmt::format("scx-run: warning: {}", given_up.error().message));
    for (const std::string& text : running_.scheduler.notes()) note(fmt::format("scx-run: note: {}", text));
    start_ = last_frame_ = last_resize_ = Clock::now();
    counters_.assign(running_.manifest.domains.size(), report::Counters{});
    publish_record();
    apply_settings();
    follow_cells(start_);
    std::optional<load::ExitReport> exit = watch();
    const double elapsed = seconds(Clock::now() - start_);
    if (running_.settings != nullptr) tell(running_.settings->end());
    // Before another scheduler can be there.
    if (running_.record) running::withdraw();
    Result<void> detached = running_.scheduler.detach();
    bool orderly = !exit.has_value();
    if (!exit.has_value()) exit = running_.scheduler.exit_report();
    // It may have failed after the last look, just before it was asked to end.
    if (exit.has_value() && exit->is_error()) orderly = false;
    if (options_.stats == Stats::kJson) write_end(orderly, elapsed, exit);
    if (!detached.ok()) return std::move(detached).error();
    return Outcome{orderly, exit, report::cell_names(running_.manifest, running_.cells.views()),
                   log_.last(report::EventLog::kMost)};
  }

 private:
  // Without it everything runs as well.
  void publish_record() {
    if (!running_.record) return;
    const Result<void> published = running::publish(*running_.record);
    if (published.ok()) return;
    note(fmt::format("scx-run: note: `scx-run explain` will not know this scheduler: {}",
                     published.error().message));
    running_.record.reset();
  }

  // Until a signal or the duration (nothing), or the scheduler's own end (why).
  std::optional<load::ExitReport> watch() {
    const bool reports = options_.stats != Stats::kNone;
    auto next_frame = start_ + options_.interval;
    auto next_watch = start_ + kWatch;
    for (;;) {
      const bool resizes = sized_by_use(running_.plan, running_.manifest.cells);
      auto wake = next_watch;
      const bool hears = Clock::now() >= deaf_until_;
      if (!hears) wake = std::min(wake, deaf_until_);
      if (resizes) wake = std::min(wake, last_resize_ + kResize);
      if (reports) wake = std::min(wake, next_frame);
      if (options_.duration.has_value()) wake = std::min(wake, start_ + *options_.duration);
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(wake - Clock::now()).count();
      pollfd sources[] = {{signals_.descriptor(), POLLIN, 0},
                          {hears ? running_.scheduler.events_descriptor() : -1, POLLIN, 0}};
      ::poll(sources, std::size(sources), static_cast<int>(std::clamp<int64_t>(left, 0, 60'000)));
      if ((sources[0].revents & POLLIN) != 0) return std::nullopt;

      const auto now = Clock::now();
      const bool over = options_.duration.has_value() && now >= start_ + *options_.duration;
      if ((sources[1].revents & POLLIN) != 0) {
        follow_cells(now);
        deaf_until_ = Clock::now() + kBurst;
      }
      if (now >= next_watch || over) {
        next_watch = now + kWatch;
        if (auto exit = running_.scheduler.exit_report()) return exit;
        tell(settle_, now, running_.scheduler.settle());
        follow_hotplug(now);
        follow_cells(now);
        tell(gpu_users_, now, running_.scheduler.follow_gpu_users());
        if (running_.settings != nullptr) tell(running_.settings->watch());
      }
      if (resizes && now >= last_resize_ + kResize) resize(now);
      if (reports && now >= next_frame) {
        // Late by several intervals: the missed ones are not made up.
        while (next_frame <= now) next_frame += options_.interval;
        if (!report(now)) return std::nullopt;
      }
      if (over) return std::nullopt;
    }
  }

  bool report(Clock::time_point now) {
    Result<std::vector<load::Counters>> counters = running_.scheduler.counters();
    if (!counters.ok()) {
      note(fmt::format("scx-run: warning: {}", counters.error().message));
      return true;
    }
    const std::vector<cells::CellView> views = running_.cells.views();
    const report::Frame frame =
        report::make_frame({running_.manifest, running_.plan, views, queued(views), counters_, *counters,
                            std::max(1e-3, seconds(now - last_frame_)), seconds(now - start_)});
    tell_loans(frame, now);
    counters_ = *std::move(counters);
    last_frame_ = now;
    if (options_.stats == Stats::kJson) return output_.write(report::json(frame));
    constexpr size_t kEventsShown = 5;
    if (output_.is_terminal()) {
      const Output::Screen screen = output_.screen();
      return output_.redraw(
          report::table(frame, {output_.color(), screen.columns, screen.lines}, log_.last(kEventsShown)));
    }
    return output_.write(report::plain_lines(frame));
  }

  // Tasks that wait in the queues of each cell. Root alone has no program that counts them.
  std::vector<std::optional<uint32_t>> queued(const std::vector<cells::CellView>& views) const {
    std::vector<std::optional<uint32_t>> counts;
    if (running_.manifest.cells.size() < 2) return counts;
    for (const cells::CellView& view : views) {
      const Result<uint32_t> waiting = running_.scheduler.queued(view.slot);
      counts.push_back(waiting.ok() ? std::optional(*waiting) : std::nullopt);
    }
    return counts;
  }

  // Cells that begin to use other cells' CPUs, and those that have used none for a while.
  void tell_loans(const report::Frame& frame, Clock::time_point now) {
    const auto tell = [&](cells::EventKind kind, const cells::CellView& cell) {
      record({kind, now - start_, cell.slot, cell.name});
    };
    for (const report::CellFigures& cell : frame.cells) {
      if (cell.borrowed <= 0) continue;
      const auto [loan, is_new] = loans_.try_emplace(cell.view.slot, Loan{cell.view, now});
      if (is_new) tell(cells::EventKind::kLent, cell.view);
      loan->second.last_used = now;
    }
    std::erase_if(loans_, [&](const auto& entry) {
      const Loan& loan = entry.second;
      if (now - loan.last_used < kLoanOver) return false;
      tell(cells::EventKind::kReturned, loan.cell);
      return true;
    });
  }

  void write_end(bool orderly, double elapsed, const std::optional<load::ExitReport>& exit) {
    report::EndFigures end{
        running_.manifest.policy, running_.manifest.fingerprint, elapsed, orderly, 0, 0, "", ""};
    if (exit.has_value()) {
      end.exit_kind = exit->kind;
      end.exit_code = exit->code;
      end.reason = exit->reason;
      end.message = report::in_policy_terms(exit->message, running_.manifest,
                                            report::cell_names(running_.manifest, running_.cells.views()));
    }
    (void)output_.write(report::json(end));  // the reader may have gone: then nobody misses it
  }

  // True when CPUs came or went since the last call, also when as many are online as before: the BPF side has
  // emptied its own part for each of them.
  bool online_changed() {
    Result<std::string> online = read_file("/sys/devices/system/cpu/online");
    Result<std::string> count = read_file("/sys/kernel/sched_ext/hotplug_seq");
    if (!online.ok()) return false;
    const std::string now = *online + (count.ok() ? *count : "");
    const bool first = online_.empty();
    if (now == online_) return false;
    online_ = now;
    return !first || *online != topology::cpu_list(running_.plan.online) + "\n";
  }

  void follow_hotplug(Clock::time_point now) {
    if (!online_changed() && !replan_.due(now)) return;
    running_.scheduler.forget_push();
    running_.cells.look_again();
    tell(replan_, now, follow_online());
  }

  // Cells begin, end and change with their cgroups.
  void follow_cells(Clock::time_point now) {
    const Result<bool> changed = running_.cells.follow(running_.scheduler, now - start_);
    for (const uint32_t slot : running_.cells.take_opened()) restart_figures(slot);
    tell_events();
    if (!changed.ok()) return tell(cells_, now, Result<void>(changed.error()));
    if (*changed || cells_.due(now)) tell(cells_, now, plan_anew(running_.topology));
  }

  void restart_figures(uint32_t slot) {
    meter_.restart(slot);
    cell_meter_.restart(slot);
    for (size_t id = 0; id < counters_.size(); ++id)
      if (running_.manifest.domains[id].slot == slot) counters_[id] = {};
  }

  void tell_events() {
    for (cells::Event& event : running_.cells.take_events()) {
      record(std::move(event));
    }
  }

  // For the reader of JSON or of lines now, for the table and the last words later.
  void record(cells::Event event) {
    if (options_.stats == Stats::kJson)
      (void)output_.write(report::json(event, running_.manifest.policy, running_.manifest.fingerprint));
    else if (!output_.is_terminal())
      note("scx-run: " + report::line(event));
    log_.add(std::move(event));
  }

  // Says a failed plan once, and when it is tried again.
  void tell(Retry& retry, Clock::time_point now, const Result<void>& planned) {
    if (planned.ok()) return retry.succeeded();
    if (!retry.failed(now)) return;
    output_.leave();
    note(fmt::format("scx-run: warning: {}; the last good plan stays, a new one is tried every {} s",
                     planned.error().message, Retry::kPause.count()));
  }

  // A plan for the CPUs that are online now; what ran before stays on an error.
  Result<void> follow_online() {
    SCX_TRY(const topology::Topology now, topology::live());
    SCX_TRY_VOID(plan_anew(topology::refreshed(running_.topology, now)));
    SCX_TRY_VOID(running_.scheduler.push_places(running_.topology));
    output_.leave();
    note(fmt::format("scx-run: online CPUs are now {}", topology::cpu_list(running_.plan.online)));
    for (const plan::Note& one : running_.plan.notes)
      note(fmt::format("scx-run: note: {}", plan::text_of(one)));
    return {};
  }

  // Gives layers the CPUs that their use since the last call asks for.
  void resize(Clock::time_point now) {
    const double since = seconds(now - last_resize_);
    last_resize_ = now;
    const Result<std::vector<load::Counters>> counters = running_.scheduler.counters();
    if (!counters.ok()) return tell(resize_, now, Result<void>(counters.error()));
    demand_ = meter_.update(*counters, running_.plan, since);
    cell_meter_.update(running_.plan, seconds(now - start_), demand_);
    tell(resize_, now, plan_anew(running_.topology));
  }

  Result<void> plan_anew(topology::Topology topology) {
    std::vector<uint32_t> online;
    for (const topology::Cpu& cpu : topology.cpus)
      if (cpu.online) online.push_back(cpu.id);
    SCX_TRY(plan::Plan plan, plan::plan(topology, running_.cells.requests(online), demand_, &running_.plan));
    const bool changed = plan != running_.plan;
    if (changed || !running_.scheduler.knows_plan()) SCX_TRY_VOID(running_.scheduler.push(topology, plan));
    running_.topology = std::move(topology);
    if (changed) tell_changes(plan);
    running_.plan = std::move(plan);
    if (changed) apply_settings();
    return running_.cells.assign(running_.scheduler, running_.plan);
  }

  // Cells that own other CPUs than before.
  void tell_changes(const plan::Plan& plan) {
    if (running_.manifest.cells.size() < 2) return;
    for (const cells::CellView& view : running_.cells.views()) {
      const plan::CellPlan* before = running_.plan.find_cell(view.slot);
      const plan::CellPlan* now = plan.find_cell(view.slot);
      if (now == nullptr || (before != nullptr && before->owned == now->owned)) continue;
      cells::Event event{cells::EventKind::kChanged, Clock::now() - start_, view.slot, view.name};
      event.cpus = now->owned;
      event.cpus_before = before == nullptr ? 0 : static_cast<uint32_t>(before->owned.size());
      record(std::move(event));
    }
  }

  // Settings follow the plan that the kernel has.
  void apply_settings() {
    if (running_.settings == nullptr) return;
    tell(running_.settings->apply(settings::wanted(running_.plan, running_.manifest.domains)));
  }

  void tell(const settings::Notes& notes) {
    if (!notes.empty()) output_.leave();
    for (const settings::Note& one : notes)
      note(fmt::format("scx-run: {}: {}", one.warning ? "warning" : "note", one.text));
  }

  Running running_;
  const Signals& signals_;
  Options options_;
  Output output_;
  Clock::time_point start_;
  Clock::time_point last_frame_;
  Clock::time_point last_resize_;
  std::vector<report::Counters> counters_;
  std::string online_;
  Clock::time_point deaf_until_;
  std::map<uint32_t, Loan> loans_;  // by slot
  report::EventLog log_;
  DemandMeter meter_;
  CellDemandMeter cell_meter_;
  plan::Demand demand_;
  Retry replan_;
  Retry resize_;
  Retry settle_;
  Retry gpu_users_;
  Retry cells_;
};

}  // namespace

Result<Outcome> run(Running running, const Signals& signals, const Options& options) {
  return Loop(std::move(running), signals, options).run();
}

std::string describe_exit(const Outcome& outcome, const abi::Manifest& manifest) {
  const load::ExitReport& exit = *outcome.exit;
  const auto terms = [&](const std::string& text) {
    return report::in_policy_terms(text, manifest, outcome.cell_names);
  };
  std::string text =
      fmt::format("the kernel ended policy `{}`: {}", manifest.policy, report::exit_kind(exit.kind));
  if (!exit.reason.empty()) text += fmt::format(" ({})", terms(exit.reason));
  if (!exit.message.empty()) text += fmt::format("\n  {}", terms(exit.message));
  if (exit.asks_restart())
    text += "\n  the kernel asks for a fresh start, as it does after CPUs came or went: run `scx-run` again";
  if (!outcome.last_events.empty()) text += "\n  what happened to cells before:";
  for (const std::string& line : outcome.last_events) text += "\n    " + line;
  if (!exit.dump.empty()) {
    text += "\n  state at that moment:\n";
    std::string dump = terms(exit.dump);
    while (!dump.empty() && dump.back() == '\n') dump.pop_back();
    std::string line_start = "    ";
    text += line_start;
    for (char c : dump) {
      text += c;
      if (c == '\n') text += line_start;
    }
  }
  return text;
}

}  // namespace scx::control
