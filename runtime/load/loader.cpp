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
#include <grp.h>
#include <pwd.h>

#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/load/feed.h"
#include "runtime/load/gpu.h"
#include "runtime/load/host.h"
#include "runtime/load/libbpf_messages.h"

namespace scx::load {

namespace {

struct CloseObject {
  void operator()(bpf_object* o) const { bpf_object__close(o); }
};
struct DestroyLink {
  void operator()(bpf_link* l) const { bpf_link__destroy(l); }
};
using Object = std::unique_ptr<bpf_object, CloseObject>;
using Link = std::unique_ptr<bpf_link, DestroyLink>;

// What helps where the object and this program do not understand each other.
constexpr const char* kCompileAgain = "compile the policy again with the scxc of this scx-run's version";
constexpr const char* kKernelLog = "the kernel's log says more: `dmesg`";

std::string because(int error) {
  const std::string warning = last_libbpf_warning();
  return warning.empty() ? std::string(std::strerror(error))
                         : fmt::format("{} ({})", std::strerror(error), warning);
}

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

Result<bpf_map*> find_map(const Object& object, const char* name) {
  if (bpf_map* map = bpf_object__find_map_by_name(object.get(), name)) return map;
  return refusal("feed-mismatch", fmt::format("the object has no map `{}`", name), kCompileAgain);
}

// The writable bytes of .rodata before load.
class Constants {
 public:
  Constants(const ObjectFile& file, const Object& object) : file_(file) {
    if (bpf_map* map = bpf_object__find_map_by_name(object.get(), ".rodata"))
      bytes_ = static_cast<char*>(bpf_map__initial_value(map, &size_));
  }

  // An array of 32-bit numbers, zero where `values` ends.
  Result<void> set(const std::string& name, const std::vector<uint32_t>& values) {
    const auto it = file_.constants.find(name);
    if (it == file_.constants.end()) return {};
    const size_t bytes = values.size() * sizeof(uint32_t);
    if (it->second.size < bytes || bytes_ == nullptr || it->second.offset + bytes > size_)
      return refusal("corrupt-object",
                     fmt::format("the constant `{}` has no room for {} numbers", name, values.size()),
                     kCompileAgain);
    std::memcpy(bytes_ + it->second.offset, values.data(), bytes);
    return {};
  }

  // A constant that the object does not have was of no use to it, and the compiler dropped it.
  Result<void> set(const std::string& name, uint32_t value) {
    const auto it = file_.constants.find(name);
    if (it == file_.constants.end()) return {};
    if (it->second.size != sizeof value || bytes_ == nullptr || it->second.offset + sizeof value > size_)
      return refusal("corrupt-object", fmt::format("the constant `{}` is not a 32-bit number", name),
                     kCompileAgain);
    std::memcpy(bytes_ + it->second.offset, &value, sizeof value);
    return {};
  }

 private:
  const ObjectFile& file_;
  char* bytes_ = nullptr;
  size_t size_ = 0;
};

Result<uint32_t> resolve_id(const abi::Predicate& predicate, const std::string& name) {
  const std::string where = fmt::format("{}:{}", predicate.where.file, predicate.where.line);
  if (predicate.attribute == abi::Attribute::kUid) {
    if (const passwd* entry = ::getpwnam(name.c_str())) return uint32_t{entry->pw_uid};
    return refusal("unknown-user", fmt::format("{}: this machine has no user {}", where, quoted(name)),
                   "make the user, or write the number of one in the policy");
  }
  if (const group* entry = ::getgrnam(name.c_str())) return uint32_t{entry->gr_gid};
  return refusal("unknown-group", fmt::format("{}: this machine has no group {}", where, quoted(name)),
                 "make the group, or write the number of one in the policy");
}

Result<void> set_constants(const ObjectFile& file, const Object& object, const topology::Topology& topology,
                           const GpuNodes& gpus) {
  Constants constants(file, object);
  SCX_TRY_VOID(constants.set("gpu_majors", gpus.majors));
  SCX_TRY_VOID(constants.set("gpu_nodes", gpus.nodes));
  SCX_TRY_VOID(constants.set("nr_cpu_ids", topology.id_limit()));
  SCX_TRY_VOID(constants.set("nr_llcs", topology.llc_count));
  SCX_TRY_VOID(constants.set("row_words", row_words(topology)));
  const auto& predicates = file.manifest.classifier.predicates;
  for (size_t p = 0; p < predicates.size(); ++p)
    for (size_t k = 0; k < predicates[p].names.size(); ++k) {
      SCX_TRY(const uint32_t id, resolve_id(predicates[p], predicates[p].names[k]));
      SCX_TRY_VOID(constants.set(fmt::format("id_{}_{}", p, k), id));
    }
  return {};
}

Result<void> set_size(const Object& object, const char* name, uint32_t entries) {
  SCX_TRY(bpf_map * map, find_map(object, name));
  if (const int rc = bpf_map__set_max_entries(map, entries); rc != 0)
    return refusal("feed-mismatch",
                   fmt::format("map `{}` cannot have {} entries: {}", name, entries, because(-rc)),
                   kCompileAgain);
  return {};
}

Result<void> set_sizes(const ObjectFile& file, const Object& object, const topology::Topology& topology) {
  const auto domains = static_cast<uint32_t>(file.manifest.domains.size());
  const std::pair<const char*, uint32_t> sizes[] = {
      {"cpus", topology.id_limit()},       {"plan", row_count(file.manifest)},
      {"masks", row_count(file.manifest)}, {"near", topology.llc_count * topology.llc_count},
      {"llcs", topology.llc_count},        {"homes", domains * topology.llc_count},
  };
  for (const auto& [name, entries] : sizes) SCX_TRY_VOID(set_size(object, name, entries));
  if (const auto places = static_cast<uint32_t>(file.manifest.places.size()); places != 0)
    SCX_TRY_VOID(set_size(object, "place_words", places * row_words(topology)));
  SCX_TRY(bpf_map * plan, find_map(object, "plan"));
  if (const int rc = bpf_map__set_value_size(plan, row_words(topology) * sizeof(uint64_t)); rc != 0)
    return refusal("feed-mismatch", fmt::format("map `plan` cannot have rows for all CPUs: {}", because(-rc)),
                   kCompileAgain);
  return {};
}

Result<void> write_entry(const bpf_map* map, uint32_t key, const void* value, size_t size) {
  const char* name = bpf_map__name(map);
  if (bpf_map__value_size(map) != size)
    return refusal(
        "feed-mismatch",
        fmt::format("map `{}` has values of {} bytes instead of {}", name, bpf_map__value_size(map), size),
        kCompileAgain);
  if (const int rc = bpf_map__update_elem(map, &key, sizeof key, value, size, BPF_ANY); rc != 0)
    return refusal("load-refused", fmt::format("map `{}` cannot be written: {}", name, std::strerror(-rc)),
                   kKernelLog);
  return {};
}

template <typename Entry>
Result<void> write_map(const Object& object, const char* name, const std::vector<Entry>& entries) {
  SCX_TRY(const bpf_map* map, find_map(object, name));
  for (uint32_t key = 0; key < entries.size(); ++key)
    SCX_TRY_VOID(write_entry(map, key, &entries[key], sizeof(Entry)));
  return {};
}

// Entries of `cpus` on the way from one plan to the next: each CPU serves whom it served and whom it will.
// Without them a domain could be without any CPU between two writes, and among its tasks might be the one
// that writes.
std::vector<std::vector<uint64_t>> both_homes(const std::vector<std::vector<uint64_t>>& before,
                                              std::vector<std::vector<uint64_t>> now) {
  for (size_t cpu = 0; cpu < now.size() && cpu < before.size(); ++cpu)
    for (size_t word = sizeof(scx_cpu) / sizeof(uint64_t); word < now[cpu].size(); ++word)
      now[cpu][word] |= before[cpu][word];
  return now;
}

bool is_struct_ops(const bpf_program* program) {
  return bpf_program__type(program) == BPF_PROG_TYPE_STRUCT_OPS;
}
bool is_syscall(const bpf_program* program) { return bpf_program__type(program) == BPF_PROG_TYPE_SYSCALL; }

bool has_program(const Object& object, const char* name) {
  return bpf_object__find_program_by_name(object.get(), name) != nullptr;
}

// Runs a SYSCALL program by name; what it returned. -ENOENT if the object has none.
int run_program(const Object& object, const char* name, const void* context = nullptr, size_t size = 0) {
  const bpf_program* program = bpf_object__find_program_by_name(object.get(), name);
  if (program == nullptr) return -ENOENT;
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.ctx_in = context;
  options.ctx_size_in = static_cast<uint32_t>(size);
  if (const int rc = bpf_prog_test_run_opts(bpf_program__fd(program), &options); rc != 0) return rc;
  return static_cast<int>(options.retval);
}
template <typename Context>
int run_program(const Object& object, const char* name, const Context& context) {
  return run_program(object, name, &context, sizeof context);
}

// Writes the entries that differ from those before; their keys, in `changed`.
Result<void> write_changes(const Object& object, const char* name,
                           const std::vector<std::vector<uint64_t>>& before,
                           const std::vector<std::vector<uint64_t>>& now, std::vector<uint32_t>& changed) {
  SCX_TRY(const bpf_map* map, find_map(object, name));
  for (uint32_t key = 0; key < now.size(); ++key) {
    if (key < before.size() && before[key] == now[key]) continue;
    SCX_TRY_VOID(write_entry(map, key, now[key].data(), now[key].size() * sizeof(uint64_t)));
    changed.push_back(key);
  }
  return {};
}

void sort_unique(std::vector<uint32_t>& keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
}

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
  std::vector<std::string> notes;
  Object object;
  std::vector<Link> tracing;
  Link ops;
  std::vector<ProgramFacts> programs;
  std::optional<EventRing> events;
  Feed fed;                         // what the BPF side was told last
  bool certain = false;             // that it has `fed` and nothing else
  std::vector<uint32_t> unsettled;  // rows that changed with it
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
  SCX_TRY_VOID(set_constants(file, state->object, topology, state->gpus));
  SCX_TRY_VOID(set_sizes(file, state->object, topology));

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
  if (const int rc = run_program(state_->object, "apply_places"); rc != 0)
    return refusal("load-refused",
                   fmt::format("the scheduler refuses where CPUs are: {}", std::strerror(-rc)), kKernelLog);
  return {};
}

Result<void> Scheduler::push(const topology::Topology& topology, const plan::Plan& plan) {
  Feed feed = make_feed(topology, state_->manifest, plan);
  const std::vector<std::vector<uint64_t>> between = both_homes(state_->fed.cpus, feed.cpus);
  // While it is uncertain what the BPF side has, everything is written. Homes are joined all the same, and
  // stay joined until a push has gone through.
  const Feed before = state_->certain ? std::exchange(state_->fed, {}) : Feed{};
  state_->fed.cpus = between;
  state_->certain = false;
  std::vector<uint32_t> rows, cpus, widened;
  SCX_TRY_VOID(write_changes(state_->object, "plan", before.rows, feed.rows, rows));
  SCX_TRY_VOID(write_changes(state_->object, "cpus", before.cpus, between, widened));
  const auto refused = [](int rc) {
    return refusal("load-refused",
                   fmt::format("the scheduler refuses the plan of its CPUs: {}", std::strerror(-rc)),
                   "please report it, with the output of `lstopo`");
  };
  for (const uint32_t row : rows)
    if (const int rc = run_program(state_->object, "apply_row", scx_apply_row{row}); rc != 0)
      return refused(rc);
  SCX_TRY_VOID(write_changes(state_->object, "cpus", between, feed.cpus, cpus));
  cpus.insert(cpus.end(), widened.begin(), widened.end());
  sort_unique(cpus);
  for (const uint32_t cpu : cpus)
    if (const int rc = run_program(state_->object, "apply_cpu", scx_apply_cpu{cpu}); rc != 0)
      return refused(rc);
  state_->fed = std::move(feed);
  state_->certain = true;
  state_->unsettled.insert(state_->unsettled.end(), rows.begin(), rows.end());
  return {};
}

Result<void> Scheduler::settle() {
  std::vector<uint32_t>& rows = state_->unsettled;
  sort_unique(rows);
  for (; !rows.empty(); rows.pop_back())
    if (const int rc = run_program(state_->object, "apply_row", scx_apply_row{rows.back()}); rc != 0)
      return make_error("a row of the plan cannot be applied again: {}", std::strerror(-rc));
  return {};
}

void Scheduler::forget_push() { state_->certain = false; }

bool Scheduler::knows_plan() const { return state_->certain; }

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
  const bool scans = has_program(state_->object, "scan_cgroups");
  const int scanned = scans ? run_program(state_->object, "scan_cgroups") : 0;
  if (scanned == -EINVAL)
    return refusal("cgroup-namespace", "the root of the cgroups cannot be seen: only a part of them can",
                   "run scx-run on the host, outside of containers");
  if (scanned != 0)
    return refusal("attach-refused",
                   fmt::format("the cgroups cannot be classified: {}", std::strerror(-scanned)), kKernelLog);

  SCX_TRY_VOID(mark_gpu_users());

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

// Whoever opened a GPU before the tracing programs saw it.
Result<void> Scheduler::mark_gpu_users() {
  if (!has_program(state_->object, "mark_gpu")) return {};
  if (state_->gpus.majors.empty() && state_->gpus.nodes.empty())
    state_->notes.emplace_back(
        "the policy tests for GPU use, and no GPU driver is loaded: nothing will match");
  const GpuUsers found = find_gpu_users(Host::current().procfs, state_->gpus);
  for (const scx_gpu_user& user : found.users)
    if (const int rc = run_program(state_->object, "mark_gpu", &user, sizeof user); rc != 0)
      return refusal("attach-refused", fmt::format("GPU users cannot be marked: {}", std::strerror(-rc)),
                     kKernelLog);
  if (found.unreadable != 0)
    state_->notes.push_back(fmt::format(
        "{} processes do not let us see whether they use a GPU: they match when they next open one",
        found.unreadable));
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
  return cell_result("be opened", slot, run_program(state_->object, "open_slot", scx_open_slot{slot}));
}

Result<void> Scheduler::close_slot(uint32_t slot) {
  return cell_result("be closed", slot, run_program(state_->object, "close_slot", scx_open_slot{slot}));
}

Result<bool> Scheduler::assign_cgroup(uint64_t cgroup, uint32_t slot) {
  const int rc = run_program(state_->object, "assign_cgroup", scx_assign_cgroup{cgroup, slot, 0});
  if (rc == -ENOENT) return false;
  SCX_TRY_VOID(cell_result("take a cgroup", slot, rc));
  return true;
}

Result<uint32_t> Scheduler::queued(uint32_t slot) const {
  const int rc = run_program(state_->object, "count_queued", scx_count_queued{slot});
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
