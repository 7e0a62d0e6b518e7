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
#include <unistd.h>

#include "runtime/abi/feed.h"
#include "runtime/base/btf_handle.h"
#include "runtime/base/file.h"
#include "runtime/base/refusal.h"

namespace scx::running {
namespace {

// enum task_flag of bpf_templates/state.h.
constexpr uint64_t kTaskStale = 1;

constexpr int kCgroupStorage = 32;  // BPF_MAP_TYPE_CGRP_STORAGE of include/uapi/linux/bpf.h, since Linux 6.2

Error gone() { return refusal("no-scheduler", "the scheduler has just ended"); }

Error other_form(const std::string& what) {
  return refusal("feed-mismatch", fmt::format("the running scheduler is not as scx-run left it: {}", what),
                 "use the scx-run that runs it");
}

Error unreadable(const std::string& what, int code) {
  return refusal("unreadable", fmt::format("{}: {}", what, std::strerror(code)));
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
  return unreadable(fmt::format("the scheduler's map {} cannot be opened", id), -fd);
}

Result<bpf_map_info> check_map(int fd, bpf_map_type type, std::string_view name) {
  bpf_map_info info{};
  uint32_t size = sizeof info;
  if (const int rc = bpf_map_get_info_by_fd(fd, &info, &size); rc != 0)
    return unreadable(fmt::format("the scheduler's map `{}` cannot be looked at", name), -rc);
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

Maps::Map::Map(Map&& other) noexcept
    : fd(std::exchange(other.fd, -1)),
      value_size(other.value_size),
      entries(other.entries),
      members(std::move(other.members)) {}

Maps::Map& Maps::Map::operator=(Map&& other) noexcept {
  std::swap(fd, other.fd);
  std::swap(value_size, other.value_size);
  std::swap(entries, other.entries);
  std::swap(members, other.members);
  return *this;
}

Maps::Map::~Map() {
  if (fd >= 0) ::close(fd);
}

Result<Maps::Map> Maps::open_one(uint32_t id, int type, const char* name) {
  Map out;
  SCX_TRY(out.fd, open_map(id));
  SCX_TRY(const bpf_map_info info, check_map(out.fd, static_cast<bpf_map_type>(type), name));
  out.value_size = info.value_size;
  out.entries = info.max_entries;
  if (info.btf_id == 0) return out;
  SCX_TRY_VOID(read_members(info.btf_id, info.btf_value_type_id, out));
  return out;
}

Result<Maps> Maps::open(const MapIds& ids) {
  Maps out;
  SCX_TRY(out.tasks_, open_one(ids.tasks, BPF_MAP_TYPE_TASK_STORAGE, "tasks"));
  SCX_TRY(out.plan_, open_one(ids.plan, BPF_MAP_TYPE_ARRAY, "plan"));
  if (out.tasks_.value_size < sizeof(scx_task_head)) return other_form("tasks have no head");
  if (ids.cgroups != 0 && ids.slots != 0) {
    SCX_TRY(out.cgroups_, open_one(ids.cgroups, kCgroupStorage, "cgroups"));
    SCX_TRY(out.slots_, open_one(ids.slots, BPF_MAP_TYPE_ARRAY, "slots"));
  }
  return out;
}

// The members differ from policy to policy: the kernel has their names.
Result<void> Maps::read_members(uint32_t types_id, uint32_t type_id, Map& out) {
  const BtfHandle types(btf__load_from_kernel_by_id(types_id));
  if (types == nullptr) return unreadable("the scheduler's types cannot be read", errno);
  const btf_type* type = btf__type_by_id(types.get(), type_id);
  if (type != nullptr && btf_is_struct(type)) {
    const btf_member* member = btf_members(type);
    for (unsigned i = 0; i < btf_vlen(type); ++i) {
      const char* name = btf__name_by_offset(types.get(), member[i].name_off);
      const int64_t size = btf__resolve_size(types.get(), member[i].type);
      const uint32_t offset = btf_member_bit_offset(type, i) / 8;
      if (name != nullptr && size > 0 && offset + static_cast<uint64_t>(size) <= out.value_size)
        out.members[name] = {offset, static_cast<uint32_t>(size)};
    }
  }
  return {};
}

// Nothing if the map has none for the key.
Result<std::optional<std::string>> Maps::value_of(const Map& map, int key, const std::string& whose) {
  // The kernel writes values in eights of bytes.
  std::string value((map.value_size + 7) / 8 * 8, '\0');
  const int rc = bpf_map_lookup_elem(map.fd, &key, value.data());
  if (rc == -ENOENT) return std::optional<std::string>();
  if (rc != 0) return unreadable(fmt::format("what the scheduler knows of {} cannot be read", whose), -rc);
  return std::optional<std::string>(std::move(value));
}

Result<std::optional<std::string>> Maps::value_of(const Thread& thread) const {
  return value_of(tasks_, thread.descriptor(), fmt::format("task {}", thread.tid()));
}

Result<std::vector<std::optional<uint32_t>>> Maps::slots_of(const abi::Manifest& manifest,
                                                            const std::string& cgroup) const {
  std::vector<std::optional<uint32_t>> out;
  for (const classify::CellPlace& place : classify::places_of(manifest.classifier, cgroup)) {
    // The root cell always runs.
    if (place.cell == 0) {
      out.emplace_back(0);
      continue;
    }
    if (cgroups_.fd < 0) {
      out.emplace_back();
      continue;
    }
    SCX_TRY(const std::optional<uint32_t> slot, slot_at(std::string(place.begins)));
    out.push_back(slot);
  }
  return out;
}

Result<std::optional<uint32_t>> Maps::slot_at(const std::string& cgroup) const {
  const int folder = ::open(("/sys/fs/cgroup" + cgroup).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return std::optional<uint32_t>();
  const Result<std::optional<std::string>> value =
      value_of(cgroups_, folder, fmt::format("cgroup {}", quoted(cgroup)));
  ::close(folder);
  if (!value.ok()) return value.error();
  const std::optional<uint64_t> slot = *value ? number(cgroups_, **value, "assigned") : 0;
  if (!slot || *slot == 0) return std::optional<uint32_t>(0);
  SCX_TRY(const std::optional<std::string> row,
          value_of(slots_, static_cast<int>(*slot), fmt::format("slot {}", *slot)));
  if (!row) return other_form(fmt::format("a cell is in slot {}", *slot));
  // A cell that has ended leaves its number behind.
  const bool runs = number(slots_, *row, "generation") == number(cgroups_, **value, "generation");
  return std::optional<uint32_t>(runs ? static_cast<uint32_t>(*slot) : 0);
}

std::optional<uint64_t> Maps::number(const Map& map, const std::string& value, const char* name,
                                     size_t index) {
  const auto found = map.members.find(name);
  if (found == map.members.end()) return std::nullopt;
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
      opened = number(tasks_, value, "gpu_thread", slot).value_or(0);
    else if (leader)
      opened = std::max(number(tasks_, *leader, "gpu_process", slot).value_or(0),
                        number(tasks_, *leader, "gpu_inherited", slot).value_or(0));
    const bool expired = predicate.for_ns != 0 && now > opened && now - opened >= predicate.for_ns;
    out.tests[i] = {opened != 0 && !expired, opened_text(opened, now)};
  }
}

Result<std::optional<explain::KernelTask>> Maps::task(const abi::Manifest& manifest, const Thread& thread,
                                                      int tgid) const {
  SCX_TRY(const std::optional<std::string> value, value_of(thread));
  if (!value) return std::optional<explain::KernelTask>();
  scx_task_head head{};
  std::memcpy(&head, value->data(), sizeof head);
  if (head.domain >= manifest.domains.size())
    return other_form(fmt::format("task {} is in domain {}", thread.tid(), head.domain));
  explain::KernelTask out;
  out.domain = head.domain;
  out.classified = head.classified != 0;
  out.marked = (number(tasks_, *value, "flags").value_or(0) & kTaskStale) != 0;
  out.cgroup = number(tasks_, *value, "cgroup_id");
  if (const uint64_t queue = number(tasks_, *value, "queue").value_or(0); queue != 0)
    out.queue_llc = static_cast<uint32_t>(queue - 1);
  // Of a process that is ending the first thread may be gone.
  std::optional<std::string> leader = value;
  if (thread.tid() != tgid) {
    const Result<Thread> first = Thread::open(tgid);
    const Result<std::optional<std::string>> read =
        first.ok() ? value_of(*first) : Result<std::optional<std::string>>(first.error());
    leader = read.ok() ? *read : std::nullopt;
  }
  read_gpu(manifest, *value, leader, out);
  return std::optional<explain::KernelTask>(std::move(out));
}

Result<std::vector<uint32_t>> Maps::home(uint32_t domain) const {
  if (domain >= plan_.entries || plan_.value_size % sizeof(uint64_t) != 0)
    return other_form("its plan has other rows");
  std::vector<uint64_t> row(plan_.value_size / sizeof(uint64_t));
  if (const int rc = bpf_map_lookup_elem(plan_.fd, &domain, row.data()); rc != 0)
    return unreadable("the plan of the scheduler cannot be read", -rc);
  std::vector<uint32_t> out;
  for (uint32_t cpu = 0; cpu < row.size() * 64; ++cpu)
    if ((row[cpu / 64] >> cpu % 64 & 1) != 0) out.push_back(cpu);
  return out;
}

}  // namespace scx::running
