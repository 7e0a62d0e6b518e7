// A scheduler in the kernel: opened, sized, loaded, fed, attached and taken
// down again. The only user of libbpf's object interface; nothing is pinned, so
// the kernel falls back to its own scheduler whenever this process ends.
// Called by scx-run and by the compiler's verify command.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/abi/feed.h"
#include "runtime/base/result.h"
#include "runtime/load/event_ring.h"
#include "runtime/load/object_file.h"
#include "runtime/load/verifier_log.h"
#include "runtime/plan/plan.h"
#include "runtime/topology/topology.h"

namespace scx::load {

// What one program cost to load. Times, states and stacks are there only if they were measured.
struct ProgramFacts {
  std::string name;
  std::string section;
  uint64_t instructions = 0;  // after load, what the kernel runs before it is turned into machine code
  uint64_t verified_instructions = 0;
  uint64_t total_states = 0;  // states of the machine that the verifier kept, and how many at a time
  uint64_t peak_states = 0;
  uint64_t verify_microseconds = 0;
  uint64_t stack_bytes = 0;
};

// Why the scheduler ended, as ops.exit saw it.
struct ExitReport {
  uint32_t kind = 0;  // enum scx_exit_kind
  uint64_t code = 0;
  std::string reason;
  std::string message;
  std::string dump;
  // Ended by an error (runtime error, scx_bpf_error, stall), not by request.
  [[nodiscard]] bool is_error() const { return kind >= 1024; }
  // The kernel wants the scheduler loaded anew (SCX_ECODE_ACT_RESTART), as after a hotplug.
  [[nodiscard]] bool asks_restart() const { return !is_error() && (code >> 48 & 1) != 0; }
};

// Counters of one domain, summed over CPUs, indexed by enum scx_stat.
using Counters = std::array<uint64_t, SCX_STAT_COUNT>;

struct LoadOptions {
  bool measure = false;  // ask the verifier for times, states and stack sizes
  // Filled with the whole log of a refused program.
  std::string* verifier_log = nullptr;
};

class Scheduler {
 public:
  // Reasons of errors: "corrupt-object" (libbpf cannot open it), "unknown-user", "unknown-group",
  // "verifier-refused", "load-refused", "feed-mismatch".
  static Result<Scheduler> load(const ObjectFile& object, const topology::Topology& topology,
                                const plan::Plan& plan, const LoadOptions& options);
  Scheduler(Scheduler&&) noexcept;
  Scheduler& operator=(Scheduler&&) noexcept;
  ~Scheduler();  // detaches

  // Tracing programs first, then the scheduler. Reasons: "scheduler-active", "attach-refused",
  // "cgroup-namespace", "load-refused", "feed-mismatch".
  Result<void> attach();
  // Publishes a new plan to the running scheduler: what differs from the one before. Of the topology only
  // where CPUs are.
  Result<void> push(const topology::Topology& topology, const plan::Plan& plan);
  // To be called a moment after each push: takes tasks along that were on their way into a queue meanwhile.
  Result<void> settle();
  // The next push publishes everything: the BPF side has changed its own part, as it does at hotplug.
  void forget_push();
  // False after that, and after a push that failed on its way: the next plan is to be pushed though it be the
  // same.
  [[nodiscard]] bool knows_plan() const;
  // Publishes the CPUs of the places that the policy compares affinities with. Nothing in policies without.
  Result<void> push_places(const topology::Topology& topology);
  // Looks for GPU users anew if an open of a device was missed since the last call. Nothing in policies
  // without.
  Result<void> follow_gpu_users();
  // By domain.
  [[nodiscard]] Result<std::vector<Counters>> counters() const;
  // Only with cells besides root. `slot` is one of the manifest's; reasons of errors: "cell-refused",
  // "load-refused", "feed-mismatch".
  // A cell begins in the slot, whose counters begin with it; it ends; the cgroup belongs to it (false: the
  // kernel knows no such cgroup); tasks that wait in its queues.
  Result<void> open_slot(uint32_t slot);
  Result<void> close_slot(uint32_t slot);
  Result<bool> assign_cgroup(uint64_t cgroup, uint32_t slot);
  [[nodiscard]] Result<uint32_t> queued(uint32_t slot) const;
  // What the kernel tells of cgroups from attach() on. The descriptor is readable while something waits, and
  // negative in a policy without such cells.
  [[nodiscard]] int events_descriptor() const;
  [[nodiscard]] std::vector<CgroupEvent> take_events();
  // How many were lost so far: then every cgroup is to be looked at.
  [[nodiscard]] uint64_t events_lost() const;
  // Empty while the scheduler runs.
  [[nodiscard]] std::optional<ExitReport> exit_report() const;
  // Detaches and waits until sched_ext is disabled, at most `limit`. Reason: "still-enabled".
  Result<void> detach(std::chrono::milliseconds limit = std::chrono::seconds(10));

  [[nodiscard]] const std::vector<ProgramFacts>& programs() const;
  [[nodiscard]] std::chrono::microseconds load_time() const;
  // The kernel's number of one of its maps, by which others find it. Reasons: "feed-mismatch",
  // "load-refused".
  [[nodiscard]] Result<uint32_t> map_id(const char* name) const;
  // Kernel memory of its maps, in bytes, as the kernel accounts for it; what it keeps for each task and
  // cgroup comes with them.
  [[nodiscard]] uint64_t map_bytes() const;
  // What attach() found that the user should know.
  [[nodiscard]] const std::vector<std::string>& notes() const;

 private:
  // Of how many processes nothing could be seen.
  Result<size_t> mark_gpu_users();
  struct State;
  explicit Scheduler(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A refused program in words: the policy line, the verifier's sentence, where the rest is.
Error verifier_error(const VerifierReport& report, const std::string& policy);

}  // namespace scx::load
