// The maps of a scheduler that another process runs, read only: what it has
// noted of a task, and the CPUs of a domain. For `scx-run explain`; the only
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

namespace scx::running {

class Maps {
 public:
  // Needs CAP_SYS_ADMIN; what follows needs nothing. Reasons: "no-privileges", "no-scheduler" (a map is
  // gone), "feed-mismatch" (it is another one, or of another form).
  static Result<Maps> open(const MapIds& ids);
  Maps(Maps&& other) noexcept;
  Maps& operator=(Maps&&) = delete;
  ~Maps();

  // Nothing if the scheduler knows no such thread (it has just begun, or there is none). `tid` and its
  // process `tgid` are threads of this pid namespace. Reason: "no-task".
  [[nodiscard]] Result<std::optional<explain::KernelTask>> task(const abi::Manifest& manifest, int tid,
                                                                int tgid) const;
  // Where tasks of the domain are at home now: CPU ids, rising.
  [[nodiscard]] Result<std::vector<uint32_t>> home(uint32_t domain) const;

 private:
  struct Member {
    uint32_t offset = 0;
    uint32_t size = 0;
  };
  Maps() = default;
  Result<void> read_layout();
  [[nodiscard]] Result<std::optional<std::string>> value_of(int tid) const;
  // Of an integer member that the scheduler has; `index` of an array of u64.
  [[nodiscard]] std::optional<uint64_t> number(const std::string& value, const char* name,
                                               size_t index = 0) const;
  void read_gpu(const abi::Manifest& manifest, const std::string& value,
                const std::optional<std::string>& leader, explain::KernelTask& out) const;

  int tasks_ = -1;
  int plan_ = -1;
  uint32_t task_size_ = 0;
  uint32_t row_size_ = 0;
  uint32_t rows_ = 0;
  uint32_t btf_ = 0;
  uint32_t value_type_ = 0;
  std::map<std::string, Member> members_;  // of struct task_ctx, as this scheduler has it
};

// The devices that tests of GPU use name, as the scheduler numbers what it remembers: device k of the list is
// in slot k + 1, slot 0 is any device. Only tests that a layer or a claim asks count.
std::vector<uint32_t> gpu_slots(const abi::Classifier& classifier);

}  // namespace scx::running
