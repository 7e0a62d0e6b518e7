// The maps of a scheduler that another process runs, read only: what it has
// noted of a task, the slots of cells, and the CPUs of a domain. For `scx-run explain`; the only
// user of BPF objects by their numbers.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/abi/manifest.h"
#include "runtime/base/result.h"
#include "runtime/explain/comparison.h"
#include "runtime/running/record.h"
#include "runtime/running/thread.h"

namespace scx::running {

class Maps {
 public:
  // Needs CAP_SYS_ADMIN; what follows needs nothing. Reasons, here and below: "no-privileges", "no-scheduler"
  // (a map is gone), "feed-mismatch" (it is another one, or of another form), "unreadable" (the kernel gives
  // something else as the reason).
  static Result<Maps> open(const MapIds& ids);

  // Nothing if the scheduler knows no such thread (it has just begun). `tgid` is its process.
  [[nodiscard]] Result<std::optional<explain::KernelTask>> task(const abi::Manifest& manifest,
                                                                const Thread& thread, int tgid) const;
  // KernelTask::slots of a task in that cgroup.
  [[nodiscard]] Result<std::vector<std::optional<uint32_t>>> slots_of(const abi::Manifest& manifest,
                                                                      const std::string& cgroup) const;
  // Where tasks of the domain are at home now: CPU ids, rising.
  [[nodiscard]] Result<std::vector<uint32_t>> home(uint32_t domain) const;

 private:
  struct Member {
    uint32_t offset = 0;
    uint32_t size = 0;
  };
  struct Map {
    Map() = default;
    Map(Map&& other) noexcept;
    Map& operator=(Map&& other) noexcept;
    ~Map();
    int fd = -1;
    uint32_t value_size = 0;
    uint32_t entries = 0;
    std::map<std::string, Member> members;  // of its values, as this scheduler has them
  };
  Maps() = default;
  static Result<Map> open_one(uint32_t id, int type, const char* name);
  static Result<void> read_members(uint32_t types_id, uint32_t type_id, Map& out);
  static Result<std::optional<std::string>> value_of(const Map& map, int key, const std::string& whose);
  // Of an integer member that the scheduler has; `index` of an array of u64.
  static std::optional<uint64_t> number(const Map& map, const std::string& value, const char* name,
                                        size_t index = 0);
  [[nodiscard]] Result<std::optional<std::string>> value_of(const Thread& thread) const;
  // Which slot runs the cell that begins at the cgroup; 0: none. Nothing if there is no such cgroup now.
  [[nodiscard]] Result<std::optional<uint32_t>> slot_at(const std::string& cgroup) const;
  void read_gpu(const abi::Manifest& manifest, const std::string& value,
                const std::optional<std::string>& leader, explain::KernelTask& out) const;

  Map tasks_;
  Map plan_;
  // Both of policies with cells only.
  Map cgroups_;
  Map slots_;
};

// The devices that tests of GPU use name, as the scheduler numbers what it remembers: device k of the list is
// in slot k + 1, slot 0 is any device. Only tests that a layer or a claim asks count.
std::vector<uint32_t> gpu_slots(const abi::Classifier& classifier);

}  // namespace scx::running
