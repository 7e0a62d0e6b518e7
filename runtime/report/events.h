// What happened to cells, as text, and the last of it kept: people see it below
// the table and beside the dump of a scheduler that ended. Pure.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/cells/event.h"

namespace scx::report {

// "created", "changed", …: the word in JSON.
std::string_view spelling(cells::EventKind kind);

// One line without its end: `   12.3s cell tenants:/tenants/a created for cgroup "/tenants/a"`.
std::string line(const cells::Event& event);

// One line of JSON with a newline: {"type": "event", …}.
std::string json(const cells::Event& event, const std::string& policy, const std::string& fingerprint);

class EventLog {
 public:
  static constexpr size_t kMost = 128;
  void add(cells::Event event);
  [[nodiscard]] const std::deque<cells::Event>& all() const { return events_; }
  // The last `most`, the oldest first, as lines.
  [[nodiscard]] std::vector<std::string> last(size_t most) const;

 private:
  std::deque<cells::Event> events_;
};

}  // namespace scx::report
