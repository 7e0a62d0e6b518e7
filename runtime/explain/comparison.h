// What the running scheduler has of a task beside what the reference classifier
// says of it now: whether they agree, and if not, what can be the reason. Pure:
// the caller asks the kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "runtime/abi/manifest.h"
#include "runtime/explain/proc_task.h"
#include "runtime/explain/task_report.h"

namespace scx::explain {

// The scheduler's own notes of a task, as far as this policy's scheduler keeps them.
struct KernelTask {
  uint32_t domain = 0;
  bool classified = false;  // false: it was not queued since the scheduler began, and has no domain yet
  bool marked = false;      // it will be classified anew when it next asks for a CPU
  std::optional<uint32_t> queue_llc;  // waits in its domain's queue there
  std::optional<uint64_t> cgroup;     // the one that it was classified by
  // By cell that begins at its cgroup or above, as classify::places_of() lists them: the slot that runs it, 0
  // if none does (the root cell's is 0). Nothing, or shorter: it could not be asked.
  std::vector<std::optional<uint32_t>> slots;
  // By predicate, what only the scheduler knows: the value of tests of GPU use, and what they read in words.
  struct Test {
    bool value = false;
    std::string read;
  };
  std::vector<std::optional<Test>> tests;
};

enum class Agreement : uint8_t { kAgree, kDiffer, kNotYet };

struct Comparison {
  Agreement agreement = Agreement::kNotYet;
  TaskReport reference;
  // Of kAgree what one should know, of kDiffer what can be the reason, of kNotYet why; whole sentences.
  std::vector<std::string> notes;
};

// `ids` are the scheduler's, `ids_now` this machine's. Precondition: kernel.domain is one of the manifest's.
Comparison compare(const abi::Manifest& manifest, const LiveTask& task, const classify::NameIds& ids,
                   const classify::NameIds& ids_now, const KernelTask& kernel);

// "agree", "differ", "not yet": the word in JSON.
std::string_view spelling(Agreement agreement);

}  // namespace scx::explain
