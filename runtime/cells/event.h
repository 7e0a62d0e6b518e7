// What happens to cells while a scheduler runs, as values: the registry and
// the control loop make them, runtime/report turns them into text.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace scx::cells {

// Since the scheduler took over.
using Time = std::chrono::nanoseconds;

enum class EventKind : uint8_t {
  kCreated,   // a cell began to run; `path`: the cgroup
  kChanged,   // it owns other CPUs than before
  kEnded,     // its last cgroup is gone, its tasks drain
  kDrained,   // nothing of it is left, its slot is free
  kLent,      // it began to use CPUs of cells that lend
  kReturned,  // it uses none of them any more
  kRefused,   // a cgroup gets no cell; `path`, and why in `detail`
};

struct Event {
  EventKind kind = EventKind::kCreated;
  Time at{};
  uint32_t slot = 0;
  std::string cell;       // a name to show; of a refused cgroup, the declaration's
  std::string path = {};  // as the kernel says it: to be quoted
  std::string detail = {};
  std::vector<uint32_t> cpus = {};  // kChanged: what it owns now
  uint32_t cpus_before = 0;         // kChanged: how many those were before
  bool operator==(const Event&) const = default;
};

}  // namespace scx::cells
