// What the BPF side tells of cgroups, taken from its ring buffer. Owned by
// Scheduler, which knows the map.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/abi/feed.h"
#include "runtime/base/result.h"

struct ring_buffer;

namespace scx::load {

// struct scx_event with as much of its path as was sent.
struct CgroupEvent {
  scx_event_kind kind = SCX_EVENT_CPUSET;
  uint64_t cgroup = 0;
  uint32_t slot = 0;
  std::string path;
};

// Nothing if `bytes` are no event.
bool read_event(const void* bytes, size_t size, CgroupEvent& event);

class EventRing {
 public:
  // Of a map of type RINGBUF. Reason: "load-refused".
  static Result<EventRing> open(int map);
  EventRing(EventRing&&) noexcept;
  EventRing& operator=(EventRing&&) noexcept;
  ~EventRing();
  // Readable while something waits.
  [[nodiscard]] int descriptor() const;
  // What waits, the oldest first, at most kMost: whoever writes faster than that is not let hold up the
  // reader.
  [[nodiscard]] std::vector<CgroupEvent> take();
  static constexpr size_t kMost = 4096;

 private:
  struct Free {
    void operator()(ring_buffer* ring) const;
  };
  explicit EventRing(std::unique_ptr<std::vector<CgroupEvent>> taken);
  // Its address is what libbpf calls back with.
  std::unique_ptr<std::vector<CgroupEvent>> taken_;
  std::unique_ptr<ring_buffer, Free> ring_;
};

}  // namespace scx::load
