#include "runtime/running/maps.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <set>
#include <string_view>
#include <utility>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/abi/feed.h"
#include "runtime/base/refusal.h"

namespace scx::running {
namespace {

constexpr unsigned kPidfdThread = O_EXCL;  // PIDFD_THREAD of include/uapi/linux/pidfd.h, since Linux 6.9
// enum task_flag of bpf_templates/state.h.
constexpr uint64_t kTaskStale = 1;

Error gone() { return refusal("no-scheduler", "the scheduler has just ended"); }

Error other_form(const std::string& what) {
  return refusal("feed-mismatch", fmt::format("the running scheduler is not as scx-run left it: {}", what),
                 "use the scx-run that runs it");
}

// Read only: nothing can go wrong with it.
Result<int> open_map(uint32_t id) {
  bpf_get_fd_by_id_opts options{};
  options.sz = sizeof options;
  options.open_flags = BPF_F_RDONLY;
  const int fd = bpf_map_get_fd_by_id_opts(id, &options);
  if (fd >= 0) return fd;
  if (fd == -EPERM || fd == -EACCES)
    return refusal("no-privileges", "scx-run explain may not look into the running scheduler",
                   "run it as root");
  if (fd == -ENOENT) return gone();
  return make_error("the scheduler's map {} cannot be opened: {}", id, std::strerror(-fd));
}

Result<bpf_map_info> check_map(int fd, bpf_map_type type, std::string_view name) {
  bpf_map_info info{};
  uint32_t size = sizeof info;
  if (const int rc = bpf_map_get_info_by_fd(fd, &info, &size); rc != 0)
    return make_error("the scheduler's map `{}` cannot be looked at: {}", name, std::strerror(-rc));
  if (info.type != type || std::string_view(info.name) != name)
    return other_form(fmt::format("map {} is not `{}`", info.id, name));
  return info;
}

uint64_t now_ns() {
  // The scheduler's clock is the CPU's own, which nobody slews.
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC_RAW, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

std::string opened_text(uint64_t opened, uint64_t now) {
  if (opened == 0) return "opened none";
  return fmt::format("opened one {}s ago", now > opened ? (now - opened) / 1'000'000'000 : 0);
}

void close_once(int& fd) {
  if (fd >= 0) ::close(std::exchange(fd, -1));
}

}  // namespace

std::vector<uint32_t> gpu_slots(const abi::Classifier& classifier) {
  std::set<uint32_t> devices;
  const auto add = [&](const abi::Expression& expression) {
    for (const uint32_t index : classify::predicates_of(expression)) {
      const abi::Predicate& predicate = classifier.predicates[index];
      if (is_gpu(predicate.attribute) && predicate.device) devices.insert(*predicate.device);
    }
  };
  for (const abi::CellMatch& cell : classifier.cells) {
    if (&cell != &classifier.cells.front()) add(cell.claim);
    for (const abi::DomainMatch& layer : cell.layers) add(layer.match);
  }
  return {devices.begin(), devices.end()};
}

Maps::Maps(Maps&& other) noexcept
    : tasks_(std::exchange(other.tasks_, -1)),
      plan_(std::exchange(other.plan_, -1)),
      task_size_(other.task_size_),
      row_size_(other.row_size_),
      rows_(other.rows_),
      btf_(other.btf_),
      value_type_(other.value_type_),
      members_(std::move(other.members_)) {}

Maps::~Maps() {
  close_once(tasks_);
  close_once(plan_);
}

Result<Maps> Maps::open(const MapIds& ids) {
  Maps out;
  SCX_TRY(out.tasks_, open_map(ids.tasks));
  SCX_TRY(out.plan_, open_map(ids.plan));
  SCX_TRY(const bpf_map_info tasks, check_map(out.tasks_, BPF_MAP_TYPE_TASK_STORAGE, "tasks"));
  SCX_TRY(const bpf_map_info plan, check_map(out.plan_, BPF_MAP_TYPE_ARRAY, "plan"));
  if (tasks.value_size < sizeof(scx_task_head)) return other_form("tasks have no head");
  out.task_size_ = tasks.value_size;
  out.row_size_ = plan.value_size;
  out.rows_ = plan.max_entries;
  out.btf_ = tasks.btf_id;
  out.value_type_ = tasks.btf_value_type_id;
  SCX_TRY_VOID(out.read_layout());
  return out;
}

// The members differ from policy to policy: the kernel has their names.
Result<void> Maps::read_layout() {
  btf* types = btf__load_from_kernel_by_id(btf_);
  if (types == nullptr) return make_error("the scheduler's types cannot be read: {}", std::strerror(errno));
  const btf_type* type = btf__type_by_id(types, value_type_);
  if (type != nullptr && btf_is_struct(type)) {
    const btf_member* member = btf_members(type);
    for (unsigned i = 0; i < btf_vlen(type); ++i) {
      const char* name = btf__name_by_offset(types, member[i].name_off);
      const int64_t size = btf__resolve_size(types, member[i].type);
      const uint32_t offset = btf_member_bit_offset(type, i) / 8;
      if (name != nullptr && size > 0 && offset + static_cast<uint64_t>(size) <= task_size_)
        members_[name] = {offset, static_cast<uint32_t>(size)};
    }
  }
  btf__free(types);
  return {};
}

Result<std::optional<std::string>> Maps::value_of(int tid) const {
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, tid, kPidfdThread));
  if (pidfd < 0)
    return refusal("no-task", fmt::format("no task {}: {}", tid, std::strerror(errno)),
                   "a thread's id, as `ps -eLo lwp,comm` shows it");
  std::string value(task_size_, '\0');
  const int rc = bpf_map_lookup_elem(tasks_, &pidfd, value.data());
  ::close(pidfd);
  if (rc == -ENOENT) return std::optional<std::string>();
  if (rc != 0)
    return make_error("what the scheduler knows of task {} cannot be read: {}", tid, std::strerror(-rc));
  return std::optional<std::string>(std::move(value));
}

std::optional<uint64_t> Maps::number(const std::string& value, const char* name, size_t index) const {
  const auto found = members_.find(name);
  if (found == members_.end()) return std::nullopt;
  const char* const at = value.data() + found->second.offset;
  if (uint32_t word = 0; found->second.size == sizeof word && index == 0) {
    std::memcpy(&word, at, sizeof word);
    return word;
  }
  uint64_t out = 0;
  if ((index + 1) * sizeof out > found->second.size) return std::nullopt;
  std::memcpy(&out, at + index * sizeof out, sizeof out);
  return out;
}

void Maps::read_gpu(const abi::Manifest& manifest, const std::string& value,
                    const std::optional<std::string>& leader, explain::KernelTask& out) const {
  const std::vector<uint32_t> devices = gpu_slots(manifest.classifier);
  const uint64_t now = now_ns();
  out.tests.resize(manifest.classifier.predicates.size());
  for (size_t i = 0; i < out.tests.size(); ++i) {
    const abi::Predicate& predicate = manifest.classifier.predicates[i];
    if (!is_gpu(predicate.attribute)) continue;
    size_t slot = 0;
    if (predicate.device) {
      const auto found = std::find(devices.begin(), devices.end(), *predicate.device);
      if (found == devices.end()) continue;  // no layer asks
      slot = 1 + static_cast<size_t>(found - devices.begin());
    }
    uint64_t opened = 0;
    if (predicate.attribute == abi::Attribute::kGpuThread)
      opened = number(value, "gpu_thread", slot).value_or(0);
    else if (leader)
      opened = std::max(number(*leader, "gpu_process", slot).value_or(0),
                        number(*leader, "gpu_inherited", slot).value_or(0));
    const bool expired = predicate.for_ns != 0 && now > opened && now - opened >= predicate.for_ns;
    out.tests[i] = {opened != 0 && !expired, opened_text(opened, now)};
  }
}

Result<std::optional<explain::KernelTask>> Maps::task(const abi::Manifest& manifest, int tid,
                                                      int tgid) const {
  SCX_TRY(const std::optional<std::string> value, value_of(tid));
  if (!value) return std::optional<explain::KernelTask>();
  scx_task_head head{};
  std::memcpy(&head, value->data(), sizeof head);
  if (head.domain >= manifest.domains.size())
    return other_form(fmt::format("task {} is in domain {}", tid, head.domain));
  explain::KernelTask out;
  out.domain = head.domain;
  out.classified = head.classified != 0;
  out.marked = (number(*value, "flags").value_or(0) & kTaskStale) != 0;
  out.cgroup = number(*value, "cgroup_id");
  if (const uint64_t queue = number(*value, "queue").value_or(0); queue != 0)
    out.queue_llc = static_cast<uint32_t>(queue - 1);
  // Of a process that is ending the first thread may be gone.
  const Result<std::optional<std::string>> leader = tid == tgid ? value : value_of(tgid);
  read_gpu(manifest, *value, leader.ok() ? *leader : std::nullopt, out);
  return std::optional<explain::KernelTask>(std::move(out));
}

Result<std::vector<uint32_t>> Maps::home(uint32_t domain) const {
  if (domain >= rows_ || row_size_ % sizeof(uint64_t) != 0) return other_form("its plan has other rows");
  std::vector<uint64_t> row(row_size_ / sizeof(uint64_t));
  if (const int rc = bpf_map_lookup_elem(plan_, &domain, row.data()); rc != 0)
    return make_error("the plan of the scheduler cannot be read: {}", std::strerror(-rc));
  std::vector<uint32_t> out;
  for (uint32_t cpu = 0; cpu < row.size() * 64; ++cpu)
    if ((row[cpu / 64] >> cpu % 64 & 1) != 0) out.push_back(cpu);
  return out;
}

}  // namespace scx::running
