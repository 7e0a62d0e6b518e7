#include "runtime/load/plan_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/refusal.h"

namespace scx::load {
namespace {

// Entries of `cpus` on the way from one plan to the next: each CPU serves whom it served and whom it will.
// Without them a domain could be without any CPU between two writes, and among its tasks might be the one
// that writes.
std::vector<std::vector<uint64_t>> both_homes(const std::vector<std::vector<uint64_t>>& before,
                                              std::vector<std::vector<uint64_t>> now) {
  for (size_t cpu = 0; cpu < now.size() && cpu < before.size(); ++cpu)
    for (size_t word = sizeof(scx_cpu) / sizeof(uint64_t); word < now[cpu].size(); ++word)
      now[cpu][word] |= before[cpu][word];
  return now;
}

// Writes the entries that differ from those before; their keys, in `changed`.
Result<void> write_changes(const Object& object, const char* name,
                           const std::vector<std::vector<uint64_t>>& before,
                           const std::vector<std::vector<uint64_t>>& now, std::vector<uint32_t>& changed) {
  SCX_TRY(const bpf_map* map, find_map(object, name));
  for (uint32_t key = 0; key < now.size(); ++key) {
    if (key < before.size() && before[key] == now[key]) continue;
    SCX_TRY_VOID(write_entry(map, key, now[key].data(), now[key].size() * sizeof(uint64_t)));
    changed.push_back(key);
  }
  return {};
}

void sort_unique(std::vector<uint32_t>& keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
}

// Runs `program` for one key after the other; the first that it refuses is an error, which says `what` it
// refuses.
template <typename Context>
Result<void> apply(const Object& object, const char* program, const std::vector<uint32_t>& keys,
                   const char* what = "the plan of its CPUs") {
  for (const uint32_t key : keys) {
    SCX_TRY(const int rc, run_program(object, program, Context{key}));
    if (rc != 0)
      return refusal("load-refused", fmt::format("the scheduler refuses {}: {}", what, std::strerror(-rc)),
                     "please report it, with the output of `lstopo`");
  }
  return {};
}

}  // namespace

Result<void> PlanWriter::push(const Object& object, const abi::Manifest& manifest,
                              const topology::Topology& topology, const plan::Plan& plan) {
  Feed feed = make_feed(topology, manifest, plan);
  const std::vector<std::vector<uint64_t>> between = both_homes(fed_.cpus, feed.cpus);
  // While it is uncertain what the BPF side has, everything is written. Homes are joined all the same, and
  // stay joined until a push has gone through.
  const Feed before = certain_ ? std::exchange(fed_, {}) : Feed{};
  fed_.cpus = between;
  certain_ = false;
  std::vector<uint32_t> rows, cpus, widened;
  SCX_TRY_VOID(write_changes(object, "plan", before.rows, feed.rows, rows));
  SCX_TRY_VOID(write_changes(object, "cpus", before.cpus, between, widened));
  SCX_TRY_VOID(apply<scx_apply_row>(object, "apply_row", rows));
  SCX_TRY_VOID(write_changes(object, "cpus", between, feed.cpus, cpus));
  cpus.insert(cpus.end(), widened.begin(), widened.end());
  sort_unique(cpus);
  SCX_TRY_VOID(apply<scx_apply_cpu>(object, "apply_cpu", cpus));
  fed_ = std::move(feed);
  certain_ = true;
  unsettled_.insert(unsettled_.end(), rows.begin(), rows.end());
  return {};
}

Result<void> PlanWriter::settle(const Object& object) {
  sort_unique(unsettled_);
  SCX_TRY_VOID(apply<scx_apply_row>(object, "apply_row", unsettled_, "to look at its queues again"));
  unsettled_.clear();
  return {};
}

}  // namespace scx::load
