#include "runtime/topology/topology.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace scx::topology {

uint32_t Topology::online_count() const {
  return static_cast<uint32_t>(
      std::count_if(cpus.begin(), cpus.end(), [](const Cpu& c) { return c.online; }));
}

const Cpu* Topology::find(uint32_t id) const {
  auto it = std::lower_bound(cpus.begin(), cpus.end(), id, [](const Cpu& c, uint32_t v) { return c.id < v; });
  return it != cpus.end() && it->id == id ? &*it : nullptr;
}

uint32_t Topology::distance(uint32_t from_node, uint32_t to_node) const {
  const size_t index = size_t{from_node} * node_count + to_node;
  if (index < distances.size()) return distances[index];
  return from_node == to_node ? 10 : 20;  // the kernel's LOCAL_DISTANCE and REMOTE_DISTANCE
}

Topology refreshed(const Topology& before, const Topology& now) {
  Topology result = before;
  // Where the caches and cores of `now` are in `before`, told by CPUs that both know.
  std::map<uint32_t, const Cpu*> by_llc;
  std::map<uint32_t, const Cpu*> by_core;
  for (const Cpu& cpu : now.cpus) {
    const Cpu* old = before.find(cpu.id);
    if (old == nullptr || !old->located || !cpu.located) continue;
    by_llc.emplace(cpu.llc, old);
    by_core.emplace(cpu.core, old);
  }
  for (Cpu& cpu : result.cpus) {
    const Cpu* fresh = now.find(cpu.id);
    cpu.online = fresh != nullptr && fresh->online;
    if (cpu.located || fresh == nullptr || !fresh->located) continue;
    if (auto it = by_llc.find(fresh->llc); it != by_llc.end()) {
      cpu.llc = it->second->llc;
      cpu.node = it->second->node;
      cpu.located = true;
    }
    if (auto it = by_core.find(fresh->core); it != by_core.end()) cpu.core = it->second->core;
  }
  return result;
}

std::string cpu_list(const std::vector<uint32_t>& rising_ids) {
  std::string text;
  for (size_t i = 0; i < rising_ids.size();) {
    size_t last = i;
    while (last + 1 < rising_ids.size() && rising_ids[last + 1] == rising_ids[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text +=
        last == i ? fmt::format("{}", rising_ids[i]) : fmt::format("{}-{}", rising_ids[i], rising_ids[last]);
    i = last + 1;
  }
  return text;
}

Result<std::vector<uint32_t>> parse_cpu_list(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::vector<uint32_t> ids;
  constexpr uint32_t kMost = 1U << 20;  // far above any kernel's NR_CPUS; bounds a hostile file
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    uint32_t low = 0;
    uint32_t high = 0;
    const char* begin = part.data();
    const char* end = begin + part.size();
    auto first = std::from_chars(begin, end, low);
    high = low;
    if (first.ec == std::errc{} && first.ptr != end && *first.ptr == '-')
      first = std::from_chars(first.ptr + 1, end, high);
    if (first.ec != std::errc{} || first.ptr != end || high < low || high >= kMost)
      return make_error("`{}` is not a list of CPUs", part);
    for (uint32_t id = low; id <= high; ++id) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::string summary(const Topology& topology) {
  auto count = [](size_t n, const char* one, const char* many) {
    return fmt::format("{} {}", n, n == 1 ? one : many);
  };
  return fmt::format("{} ({} online), {}, {}, {}", count(topology.cpus.size(), "CPU", "CPUs"),
                     topology.online_count(), count(topology.core_count, "core", "cores"),
                     count(topology.llc_count, "last-level cache", "last-level caches"),
                     count(topology.node_count, "node", "nodes"));
}

}  // namespace scx::topology
