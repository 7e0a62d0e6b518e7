#include "runtime/load/loader.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string_view>
#include <thread>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/load/bpf_object.h"
#include "runtime/load/gpu.h"
#include "runtime/load/host.h"
#include "runtime/load/libbpf_messages.h"
#include "runtime/load/plan_writer.h"
#include "runtime/load/prepare.h"

namespace scx::load {
namespace {

Result<Object> open_object(const ObjectFile& file) {
  forget_libbpf_messages();
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  options.object_name = "scx";
  Object object(bpf_object__open_mem(file.bytes.data(), file.bytes.size(), &options));
  if (object == nullptr)
    return refusal("corrupt-object",
                   fmt::format("{} cannot be opened: {}", quoted(file.path), because(errno)), kCompileAgain);
  return object;
}

bool is_struct_ops(const bpf_program* program) {
  return bpf_program__type(program) == BPF_PROG_TYPE_STRUCT_OPS;
}
bool is_syscall(const bpf_program* program) { return bpf_program__type(program) == BPF_PROG_TYPE_SYSCALL; }

std::vector<ProgramFacts> read_facts(const Object& object, const std::vector<std::vector<char>>& logs) {
  std::vector<ProgramFacts> facts;
  bpf_program* program = nullptr;
  size_t index = 0;
  bpf_object__for_each_program(program, object.get()) {
    const size_t at = index++;
    if (!bpf_program__autoload(program)) continue;
    ProgramFacts fact;
    fact.name = bpf_program__name(program);
    fact.section = bpf_program__section_name(program);
    bpf_prog_info info{};
    uint32_t size = sizeof info;
    if (bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0) {
      fact.instructions = info.xlated_prog_len / sizeof(bpf_insn);
      fact.verified_instructions = info.verified_insns;
    }
    if (at < logs.size()) {
      const VerifierCost cost = read_verifier_cost(logs[at].data());
      fact.total_states = cost.total_states;
      fact.peak_states = cost.peak_states;
      fact.verify_microseconds = cost.microseconds;
      fact.stack_bytes = cost.stack_bytes;
    }
    facts.push_back(std::move(fact));
  }
  return facts;
}

Error load_error(const ObjectFile& file, int error, const LoadOptions& options) {
  const RefusedProgram refused = refused_program();
  if (refused.name.empty())
    return refusal("load-refused",
                   fmt::format("the kernel refuses {}: {}", quoted(file.path), because(error)), kKernelLog);
  if (options.verifier_log != nullptr) *options.verifier_log = refused.log;
  return verifier_error(read_verifier_log(refused.name, refused.log), file.manifest.policy);
}

std::string bounded(const char* text, size_t size) { return {text, ::strnlen(text, size)}; }

}  // namespace

struct Scheduler::State {
  abi::Manifest manifest;
  GpuNodes gpus;
  uint64_t missed_opens = 0;  // of devices, by all that were looked for since
  std::vector<std::string> notes;
  Object object;
  std::vector<Link> tracing;
  Link ops;
  std::vector<ProgramFacts> programs;
  std::optional<EventRing> events;
  PlanWriter writer;
  std::chrono::microseconds load_time{};
  bool attached = false;
};

Scheduler::Scheduler(std::unique_ptr<State> state) : state_(std::move(state)) {}
Scheduler::Scheduler(Scheduler&&) noexcept = default;
Scheduler& Scheduler::operator=(Scheduler&&) noexcept = default;
Scheduler::~Scheduler() {
  if (state_ == nullptr) return;
  // The scheduler first: its programs must not run without the tracing that feeds them.
  state_->ops.reset();
  state_->tracing.clear();
}

Error verifier_error(const VerifierReport& report, const std::string& policy) {
  Error error;
  error.reason = "verifier-refused";
  const auto quote = [](const SourceLine& line) {
    return line.text.empty() ? std::string() : fmt::format(": `{}`", line.text);
  };
  if (report.policy.has_value())
    error.message =
        fmt::format("{}:{}: the kernel's verifier refuses `{}` of policy `{}`{}", report.policy->file,
                    report.policy->line, report.program, policy, quote(*report.policy));
  else if (report.source.has_value())
    error.message =
        fmt::format("{}:{}: the kernel's verifier refuses `{}` of policy `{}`{}", report.source->file,
                    report.source->line, report.program, policy, quote(*report.source));
  else
    error.message = fmt::format("the kernel's verifier refuses `{}` of policy `{}`", report.program, policy);
  error.message += fmt::format("\nthe verifier says: {}", report.sentence);
  if (!report.cause.empty()) error.message += fmt::format("\nin more words: {}", report.cause);
  error.help =
      "the whole log: `--verifier-log=FILE`; a policy that the compiler accepted should load: please report "
      "it";
  return error;
}

Result<Scheduler> Scheduler::load(const ObjectFile& file, const topology::Topology& topology,
                                  const plan::Plan& plan, const LoadOptions& options) {
  collect_libbpf_messages();
  auto state = std::make_unique<State>();
  state->manifest = file.manifest;
  SCX_TRY(state->object, open_object(file));
  if (has_program(state->object, "mark_gpu")) {
    SCX_TRY(state->gpus, find_gpu_nodes(Host::current().procfs, file.manifest.gpu_devices));
  }
  SCX_TRY_VOID(prepare(file, state->object, topology, state->gpus));

  std::vector<std::vector<char>> logs;
  if (options.measure) {
    constexpr uint32_t kLogStats = 4;  // BPF_LOG_STATS of include/linux/bpf_verifier.h
    // Besides its figures the verifier says a few things whatever the level, more of them for larger
    // programs; a log that is too small is an error.
    constexpr size_t kLogSize = 1U << 16;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, state->object.get()) {
      logs.emplace_back(kLogSize, '\0');
      bpf_program__set_log_level(program, kLogStats);
    }
    size_t at = 0;
    bpf_object__for_each_program(program, state->object.get()) {
      bpf_program__set_log_buf(program, logs[at].data(), logs[at].size());
      ++at;
    }
  }
  forget_libbpf_messages();
  const auto start = std::chrono::steady_clock::now();
  const int rc = bpf_object__load(state->object.get());
  state->load_time =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
  if (rc != 0) {
    // A measured load keeps no trace: load again for the log.
    if (options.measure) return load(file, topology, plan, {false, options.verifier_log});
    return load_error(file, -rc, options);
  }
  state->programs = read_facts(state->object, logs);

  SCX_TRY_VOID(write_map(state->object, "near", near_entries(topology)));
  Scheduler scheduler(std::move(state));
  SCX_TRY_VOID(scheduler.push(topology, plan));
  SCX_TRY_VOID(scheduler.push_places(topology));
  return scheduler;
}

Result<void> Scheduler::push_places(const topology::Topology& topology) {
  const std::vector<abi::Place>& places = state_->manifest.places;
  if (places.empty()) return {};
  SCX_TRY_VOID(write_map(state_->object, "place_words", place_entries(topology, places)));
  SCX_TRY(const int rc, run_program(state_->object, "apply_places"));
  if (rc != 0)
    return refusal("load-refused",
                   fmt::format("the scheduler refuses where CPUs are: {}", std::strerror(-rc)), kKernelLog);
  return {};
}

Result<void> Scheduler::push(const topology::Topology& topology, const plan::Plan& plan) {
  return state_->writer.push(state_->object, state_->manifest, topology, plan);
}

Result<void> Scheduler::settle() { return state_->writer.settle(state_->object); }

void Scheduler::forget_push() { state_->writer.forget(); }

bool Scheduler::knows_plan() const { return state_->writer.is_certain(); }

Result<void> Scheduler::attach() {
  forget_libbpf_messages();
  // Open before anything writes to it.
  if (const bpf_map* events = bpf_object__find_map_by_name(state_->object.get(), "events")) {
    SCX_TRY(state_->events, EventRing::open(bpf_map__fd(events)));
  }
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, state_->object.get()) {
    if (is_struct_ops(program) || is_syscall(program) || !bpf_program__autoload(program)) continue;
    Link link(bpf_program__attach(program));
    if (link == nullptr)
      return refusal("attach-refused",
                     fmt::format("`{}` cannot attach to {}: {}", bpf_program__name(program),
                                 bpf_program__section_name(program), because(errno)),
                     kKernelLog);
    state_->tracing.push_back(std::move(link));
  }
  int scanned = 0;
  if (has_program(state_->object, "scan_cgroups")) {
    SCX_TRY(scanned, run_program(state_->object, "scan_cgroups"));
  }
  if (scanned == -EINVAL)
    return refusal("cgroup-namespace", "the root of the cgroups cannot be seen: only a part of them can",
                   "run scx-run on the host, outside of containers");
  if (scanned != 0)
    return refusal("attach-refused",
                   fmt::format("the cgroups cannot be classified: {}", std::strerror(-scanned)), kKernelLog);

  if (has_program(state_->object, "mark_gpu")) {
    if (state_->gpus.majors.empty() && state_->gpus.nodes.empty())
      state_->notes.emplace_back(
          "the policy tests for GPU use, and no GPU driver is loaded: nothing will match");
    // Whoever opened a GPU before the tracing programs saw it.
    SCX_TRY(const size_t unreadable, mark_gpu_users());
    if (unreadable != 0)
      state_->notes.push_back(fmt::format(
          "{} processes do not let us see whether they use a GPU: they match when they next open one",
          unreadable));
  }

  bpf_map* map = nullptr;
  bpf_map* ops = nullptr;
  bpf_object__for_each_map(map, state_->object.get()) if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS) ops =
      map;
  if (ops == nullptr) return refusal("feed-mismatch", "the object has no scheduler in it", kCompileAgain);
  state_->ops.reset(bpf_map__attach_struct_ops(ops));
  if (state_->ops != nullptr) {
    state_->attached = true;
    return {};
  }
  const int error = errno;
  if (error == EBUSY)
    return refusal("scheduler-active",
                   fmt::format("another scheduler is active: {}", quoted(active_scheduler(Host::current()))),
                   "end it first: sched_ext runs one scheduler at a time");
  Error refused = refusal("attach-refused",
                          fmt::format("the kernel refuses the scheduler: {}", because(error)), kKernelLog);
  if (const std::optional<ExitReport> report = exit_report(); report.has_value() && !report->message.empty())
    refused.message += fmt::format(": {}", report->message);
  return refused;
}

Result<size_t> Scheduler::mark_gpu_users() {
  const GpuUsers found = find_gpu_users(Host::current().procfs, state_->gpus);
  for (const scx_gpu_user& user : found.users) {
    SCX_TRY(const int rc, run_program(state_->object, "mark_gpu", user));
    if (rc != 0)
      return refusal("attach-refused", fmt::format("GPU users cannot be marked: {}", std::strerror(-rc)),
                     kKernelLog);
  }
  return found.unreadable;
}

// The kernel passes over a tracing program on a CPU where another task was preempted just inside it
// (__bpf_prog_enter_recur), and counts that.
Result<void> Scheduler::follow_gpu_users() {
  if (state_->gpus.majors.empty() && state_->gpus.nodes.empty()) return {};
  const bpf_program* opens = bpf_object__find_program_by_name(state_->object.get(), "pol_chrdev_open");
  if (opens == nullptr) return {};
  bpf_prog_info info{};
  uint32_t size = sizeof info;
  if (bpf_prog_get_info_by_fd(bpf_program__fd(opens), &info, &size) != 0)
    return make_error("opens of GPUs may be missed: {}", because(errno));
  if (info.recursion_misses == state_->missed_opens) return {};
  state_->missed_opens = info.recursion_misses;
  SCX_TRY_VOID(mark_gpu_users());
  return {};
}

const std::vector<std::string>& Scheduler::notes() const { return state_->notes; }

Result<std::vector<Counters>> Scheduler::counters() const {
  SCX_TRY(bpf_map * map, find_map(state_->object, "stats"));
  const int cpus = libbpf_num_possible_cpus();
  if (cpus <= 0 || bpf_map__value_size(map) != sizeof(scx_stats))
    return refusal("feed-mismatch", "the statistics of the object have another form", kCompileAgain);
  std::vector<scx_stats> per_cpu(static_cast<size_t>(cpus));
  std::vector<Counters> result(state_->manifest.domains.size(), Counters{});
  for (uint32_t domain = 0; domain < result.size(); ++domain) {
    const int rc = bpf_map__lookup_elem(map, &domain, sizeof domain, per_cpu.data(),
                                        per_cpu.size() * sizeof(scx_stats), 0);
    if (rc != 0) return make_error("statistics cannot be read: {}", std::strerror(-rc));
    for (const scx_stats& one : per_cpu)
      for (size_t k = 0; k < SCX_STAT_COUNT; ++k) result[domain][k] += one.count[k];
  }
  return result;
}

namespace {

Result<void> cell_result(const char* what, uint32_t slot, int rc) {
  if (rc >= 0) return {};
  return refusal("cell-refused", fmt::format("slot {} cannot {}: {}", slot, what, std::strerror(-rc)),
                 kKernelLog);
}

}  // namespace

Result<void> Scheduler::open_slot(uint32_t slot) {
  SCX_TRY(bpf_map * map, find_map(state_->object, "stats"));
  const std::vector<scx_stats> none(static_cast<size_t>(std::max(1, libbpf_num_possible_cpus())));
  for (uint32_t domain = 0; domain < state_->manifest.domains.size(); ++domain) {
    if (state_->manifest.domains[domain].slot != slot) continue;
    const int rc = bpf_map__update_elem(map, &domain, sizeof domain, none.data(),
                                        none.size() * sizeof(scx_stats), BPF_ANY);
    SCX_TRY_VOID(cell_result("begin to count", slot, rc));
  }
  SCX_TRY(const int rc, run_program(state_->object, "open_slot", scx_open_slot{slot}));
  return cell_result("be opened", slot, rc);
}

Result<void> Scheduler::close_slot(uint32_t slot) {
  SCX_TRY(const int rc, run_program(state_->object, "close_slot", scx_open_slot{slot}));
  return cell_result("be closed", slot, rc);
}

Result<bool> Scheduler::assign_cgroup(uint64_t cgroup, uint32_t slot) {
  SCX_TRY(const int rc, run_program(state_->object, "assign_cgroup", scx_assign_cgroup{cgroup, slot, 0}));
  if (rc == -ENOENT) return false;
  SCX_TRY_VOID(cell_result("take a cgroup", slot, rc));
  return true;
}

Result<uint32_t> Scheduler::queued(uint32_t slot) const {
  SCX_TRY(const int rc, run_program(state_->object, "count_queued", scx_count_queued{slot}));
  SCX_TRY_VOID(cell_result("be counted", slot, rc));
  return static_cast<uint32_t>(rc);
}

int Scheduler::events_descriptor() const { return state_->events ? state_->events->descriptor() : -1; }

std::vector<CgroupEvent> Scheduler::take_events() {
  return state_->events ? state_->events->take() : std::vector<CgroupEvent>{};
}

uint64_t Scheduler::events_lost() const {
  const bpf_map* map = bpf_object__find_map_by_name(state_->object.get(), "events_lost");
  const uint32_t key = 0;
  uint64_t lost = 0;
  if (map != nullptr) (void)bpf_map__lookup_elem(map, &key, sizeof key, &lost, sizeof lost, 0);
  return lost;
}

std::optional<ExitReport> Scheduler::exit_report() const {
  bpf_map* map = bpf_object__find_map_by_name(state_->object.get(), "exit_info");
  if (map == nullptr || bpf_map__value_size(map) != sizeof(scx_exit_report)) return std::nullopt;
  auto raw = std::make_unique<scx_exit_report>();
  const uint32_t key = 0;
  if (bpf_map__lookup_elem(map, &key, sizeof key, raw.get(), sizeof *raw, 0) != 0 || raw->kind == 0)
    return std::nullopt;
  ExitReport report;
  report.kind = raw->kind;
  report.code = raw->exit_code;
  report.reason = bounded(raw->reason, sizeof raw->reason);
  report.message = bounded(raw->message, sizeof raw->message);
  report.dump = bounded(raw->dump, sizeof raw->dump);
  return report;
}

Result<void> Scheduler::detach(std::chrono::milliseconds limit) {
  if (!state_->attached) return {};
  state_->ops.reset();
  state_->tracing.clear();
  state_->attached = false;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  const Host host = Host::current();
  std::string now;
  for (;;) {
    now = sched_ext_state(host);
    if (now == "disabled" || now.empty()) return {};
    // Someone else's scheduler may have started at once: then ours has ended.
    if (now == "enabled" && active_scheduler(host) != state_->manifest.policy) return {};
    if (std::chrono::steady_clock::now() >= deadline) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return refusal("still-enabled", fmt::format("sched_ext is still {} after {} s", now, limit.count() / 1000),
                 kKernelLog);
}

const std::vector<ProgramFacts>& Scheduler::programs() const { return state_->programs; }

Result<uint32_t> Scheduler::map_id(const char* name) const {
  SCX_TRY(const bpf_map* map, find_map(state_->object, name));
  bpf_map_info info{};
  uint32_t size = sizeof info;
  if (const int rc = bpf_map_get_info_by_fd(bpf_map__fd(map), &info, &size); rc != 0)
    return refusal("load-refused", fmt::format("map `{}` cannot be looked at: {}", name, because(-rc)));
  return info.id;
}

uint64_t Scheduler::map_bytes() const {
  uint64_t sum = 0;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, state_->object.get()) {
    const Result<std::string> info = read_file(fmt::format("/proc/self/fdinfo/{}", bpf_map__fd(map)));
    constexpr std::string_view kField = "memlock:";
    const size_t at = info.ok() ? info->find(kField) : std::string::npos;
    if (at != std::string::npos) sum += std::strtoull(info->c_str() + at + kField.size(), nullptr, 10);
  }
  return sum;
}

std::chrono::microseconds Scheduler::load_time() const { return state_->load_time; }

}  // namespace scx::load
