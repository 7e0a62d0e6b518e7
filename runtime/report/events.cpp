#include "runtime/report/events.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "runtime/base/file.h"
#include "runtime/report/document.h"
#include "runtime/topology/topology.h"

namespace scx::report {
namespace {

using cells::Event;
using cells::EventKind;

double seconds(cells::Time time) { return std::chrono::duration<double>(time).count(); }

std::string what(const Event& event) {
  switch (event.kind) {
    case EventKind::kCreated:
      return fmt::format("cell {} created for cgroup {}", event.cell, scx::quoted(event.path));
    case EventKind::kChanged:
      if (event.cpus.empty())
        return fmt::format("cell {} owns no CPUs any more ({} before)", event.cell, event.cpus_before);
      return fmt::format("cell {} owns {} CPUs: {} ({} before)", event.cell, event.cpus.size(),
                         topology::cpu_list(event.cpus), event.cpus_before);
    case EventKind::kEnded:
      return fmt::format("cell {} ended", event.cell);
    case EventKind::kDrained:
      return fmt::format("cell {} drained: slot {} is free", event.cell, event.slot);
    case EventKind::kLent:
      return fmt::format("cell {} uses CPUs that other cells lend", event.cell);
    case EventKind::kReturned:
      return fmt::format("cell {} has returned the CPUs that were lent to it", event.cell);
    case EventKind::kRefused:
      return fmt::format("cgroup {} gets no cell of {}: {}", scx::quoted(event.path), event.cell,
                         event.detail);
  }
  return "";
}

}  // namespace

std::string_view spelling(EventKind kind) {
  constexpr std::string_view kWords[] = {"created", "changed",  "ended",  "drained",
                                         "lent",    "returned", "refused"};
  return kWords[static_cast<size_t>(kind)];
}

std::string line(const Event& event) { return fmt::format("{:7.1f}s {}", seconds(event.at), what(event)); }

std::string json(const Event& event, const std::string& policy, const std::string& fingerprint) {
  Json document = document_head("event", policy, fingerprint, seconds(event.at));
  document["event"] = spelling(event.kind);
  document["cell"] = event.cell;
  document["slot"] = event.slot;
  if (!event.path.empty()) document["cgroup"] = event.path;
  if (!event.detail.empty()) document["detail"] = event.detail;
  if (event.kind == EventKind::kChanged) {
    document["cpus"] = topology::cpu_list(event.cpus);
    document["cpu_count"] = event.cpus.size();
    document["cpus_before"] = event.cpus_before;
  }
  return document_line(document);
}

void EventLog::add(Event event) {
  if (events_.size() == kMost) events_.pop_front();
  events_.push_back(std::move(event));
}

std::vector<std::string> EventLog::last(size_t most) const {
  std::vector<std::string> lines;
  for (size_t i = events_.size() - std::min(most, events_.size()); i < events_.size(); ++i)
    lines.push_back(line(events_[i]));
  return lines;
}

}  // namespace scx::report
