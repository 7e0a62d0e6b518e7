// The life of a scheduler after load: attach, report figures, follow CPU
// hotplug, notice that the kernel ended it, end on a signal or after a time.
// One thread, one loop around poll. Called by scx-run.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "runtime/base/result.h"
#include "runtime/control/live_cells.h"
#include "runtime/control/signals.h"
#include "runtime/load/loader.h"
#include "runtime/plan/plan.h"
#include "runtime/report/render.h"
#include "runtime/running/record.h"
#include "runtime/settings/session.h"
#include "runtime/topology/topology.h"

namespace scx::control {

enum class Stats : uint8_t { kNone, kTable, kJson };

struct Options {
  Stats stats = Stats::kTable;
  std::chrono::milliseconds interval{1000};
  std::optional<std::chrono::milliseconds> duration;  // end orderly after this
};

// How it ended. `exit` is what ops.exit wrote, if it could be read.
struct Outcome {
  bool orderly = false;
  std::optional<load::ExitReport> exit;
  // For describe_exit().
  report::CellNames cell_names;
  std::vector<std::string> last_events;
};

// What runs: the loaded scheduler and what it was loaded with.
struct Running {
  load::Scheduler& scheduler;
  const abi::Manifest& manifest;
  topology::Topology topology;
  plan::Plan plan;
  LiveCells cells;
  settings::Session* settings = nullptr;  // for a policy that changes settings of the machine
  // For `scx-run explain`: published while the scheduler is attached.
  std::optional<running::Record> record = {};
};

// Attaches, runs until a signal, the duration, or the scheduler's end, and detaches. Figures go to standard
// output, everything else to standard error. An error is one of attaching or detaching; the scheduler's own
// end is in the outcome.
Result<Outcome> run(Running running, const Signals& signals, const Options& options);

// The end of a scheduler that the kernel took down, in the policy's terms; several lines, the dump last.
// There is an `outcome.exit`.
std::string describe_exit(const Outcome& outcome, const abi::Manifest& manifest);

}  // namespace scx::control
