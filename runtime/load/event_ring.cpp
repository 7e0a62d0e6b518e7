#include "runtime/load/event_ring.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include <bpf/libbpf.h>

#include "runtime/base/refusal.h"

namespace scx::load {
namespace {

int on_record(void* context, void* bytes, size_t size) {
  auto& taken = *static_cast<std::vector<CgroupEvent>*>(context);
  if (CgroupEvent event; read_event(bytes, size, event)) taken.push_back(std::move(event));
  // A negative value ends the reading behind this record.
  return taken.size() >= EventRing::kMost ? -ENOBUFS : 0;
}

}  // namespace

bool read_event(const void* bytes, size_t size, CgroupEvent& event) {
  constexpr size_t kHead = offsetof(scx_event, path);
  if (size < kHead) return false;
  scx_event head{};
  std::memcpy(&head, bytes, kHead);
  if (head.kind > SCX_EVENT_CPUSET) return false;
  event.kind = static_cast<scx_event_kind>(head.kind);
  event.cgroup = head.cgroup;
  event.slot = head.slot;
  const char* path = static_cast<const char*>(bytes) + kHead;
  event.path.assign(path, ::strnlen(path, size - kHead));
  return true;
}

void EventRing::Free::operator()(ring_buffer* ring) const { ring_buffer__free(ring); }

EventRing::EventRing(std::unique_ptr<std::vector<CgroupEvent>> taken) : taken_(std::move(taken)) {}
EventRing::EventRing(EventRing&&) noexcept = default;
EventRing& EventRing::operator=(EventRing&&) noexcept = default;
EventRing::~EventRing() = default;

Result<EventRing> EventRing::open(int map) {
  EventRing events(std::make_unique<std::vector<CgroupEvent>>());
  events.ring_.reset(ring_buffer__new(map, on_record, events.taken_.get(), nullptr));
  if (events.ring_ == nullptr)
    return refusal("load-refused", fmt::format("map `events` cannot be read: {}", std::strerror(errno)));
  return events;
}

int EventRing::descriptor() const { return ring_buffer__epoll_fd(ring_.get()); }

std::vector<CgroupEvent> EventRing::take() {
  taken_->clear();
  (void)ring_buffer__consume(ring_.get());
  return std::exchange(*taken_, {});
}

}  // namespace scx::load
