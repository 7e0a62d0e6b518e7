// The only user of hwloc: turns its object tree into our flat tables.
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include <hwloc.h>

#include "runtime/base/check.h"
#include "runtime/base/file.h"
#include "runtime/topology/topology.h"

namespace scx::topology {
namespace {

struct HwlocDestroy {
  void operator()(hwloc_topology* t) const { hwloc_topology_destroy(t); }
};
using Hwloc = std::unique_ptr<hwloc_topology, HwlocDestroy>;

Result<Hwloc> fresh_hwloc() {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return make_error("hwloc cannot start: {}", std::strerror(errno));
  return Hwloc(raw);
}

// The largest cache that several cores can share: level 3 or above. Where
// there is none, the part of a package that lies in one node, which is what
// work can move within at least cost.
hwloc_obj_t cache_domain(hwloc_topology_t t, hwloc_obj_t pu) {
  for (hwloc_obj_type_t type : {HWLOC_OBJ_L5CACHE, HWLOC_OBJ_L4CACHE, HWLOC_OBJ_L3CACHE})
    if (hwloc_obj_t cache = hwloc_get_ancestor_obj_by_type(t, type, pu)) return cache;
  if (hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(t, HWLOC_OBJ_PACKAGE, pu)) return package;
  return hwloc_get_root_obj(t);
}

uint32_t node_position(hwloc_topology_t t, hwloc_obj_t pu) {
  hwloc_obj_t node = nullptr;
  while ((node = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_NUMANODE, node)) != nullptr)
    if (hwloc_bitmap_isset(node->cpuset, pu->os_index)) return node->logical_index;
  return 0;
}

void read_distances(hwloc_topology_t t, Topology& out, const std::map<uint32_t, uint32_t>& dense_node) {
  const size_t n = out.node_count;
  out.distances.resize(n * n);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j) out.distances[i * n + j] = i == j ? 10 : 20;
  unsigned found = 1;
  hwloc_distances_s* matrix = nullptr;
  const int rc = hwloc_distances_get_by_type(t, HWLOC_OBJ_NUMANODE, &found, &matrix,
                                             HWLOC_DISTANCES_KIND_MEANS_LATENCY, 0);
  if (rc != 0 || found == 0 || matrix == nullptr) return;
  for (unsigned i = 0; i < matrix->nbobjs; ++i)
    for (unsigned j = 0; j < matrix->nbobjs; ++j) {
      auto from = dense_node.find(matrix->objs[i]->logical_index);
      auto to = dense_node.find(matrix->objs[j]->logical_index);
      if (from != dense_node.end() && to != dense_node.end())
        out.distances[from->second * n + to->second] =
            static_cast<uint32_t>(matrix->values[i * matrix->nbobjs + j]);
    }
  hwloc_distances_release(t, matrix);
}

// Dense indexes in the order of the lowest CPU id that has each.
template <typename Key>
uint32_t dense(std::map<Key, uint32_t>& seen, const Key& key) {
  return seen.emplace(key, static_cast<uint32_t>(seen.size())).first->second;
}

// What a PCI device is to who looks for GPUs: its class (PCI Code and ID Assignment Specification, 1.3
// and 1.18) and, of those that only show a console, its maker.
enum class Gpu : uint8_t { kNo, kDisplay, kCompute };

Gpu gpu_kind(hwloc_obj_t device) {
  constexpr unsigned kVga = 0x0300, kDisplayController = 0x03, kAccelerator = 0x12;
  constexpr unsigned short kAspeed = 0x1a03,
                           kMatrox = 0x102b;  // the consoles of servers' management controllers
  const auto& pci = device->attr->pcidev;
  const unsigned base = pci.class_id >> 8;
  if (base != kDisplayController && base != kAccelerator) return Gpu::kNo;
  if (pci.vendor_id == kAspeed || pci.vendor_id == kMatrox) return Gpu::kNo;
  return pci.class_id == kVga ? Gpu::kDisplay : Gpu::kCompute;
}

// The caches of the CPUs that each GPU's bus is attached to. Where there are GPUs without a console, those
// with one are not what anybody computes on.
void read_gpus(hwloc_topology_t t, Topology& out) {
  std::map<Gpu, std::set<uint32_t>> near;
  hwloc_obj_t device = nullptr;
  while ((device = hwloc_get_next_pcidev(t, device)) != nullptr) {
    const hwloc_obj_t local = hwloc_get_non_io_ancestor_obj(t, device);
    for (const Cpu& cpu : out.cpus)
      if (hwloc_bitmap_isset(local->cpuset, cpu.id) != 0) near[gpu_kind(device)].insert(cpu.llc);
  }
  const std::set<uint32_t>& chosen = near[near.contains(Gpu::kCompute) ? Gpu::kCompute : Gpu::kDisplay];
  if (chosen.size() < out.llc_count) out.gpu_llcs.assign(chosen.begin(), chosen.end());
}

Result<Topology> flatten(hwloc_topology_t t) {
  std::map<uint32_t, hwloc_obj_t> by_id;
  hwloc_obj_t pu = nullptr;
  while ((pu = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_PU, pu)) != nullptr) by_id.emplace(pu->os_index, pu);
  if (by_id.empty()) return make_error("the topology has no CPUs");

  Topology out;
  std::map<hwloc_obj_t, uint32_t> cores;
  std::map<uint32_t, uint32_t> nodes;
  std::map<std::pair<hwloc_obj_t, uint32_t>, uint32_t> llcs;
  for (const auto& [id, object] : by_id) {
    Cpu cpu;
    cpu.id = id;
    const hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(t, HWLOC_OBJ_CORE, object);
    cpu.core = dense(cores, core != nullptr ? core : object);
    const uint32_t node = node_position(t, object);
    cpu.node = dense(nodes, node);
    // A cache that spans nodes (sub-NUMA clustering) counts once per node, so that a cache is in one node.
    cpu.llc = dense(llcs, std::pair{cache_domain(t, object), node});
    out.cpus.push_back(cpu);
  }
  out.core_count = static_cast<uint32_t>(cores.size());
  out.llc_count = static_cast<uint32_t>(llcs.size());
  out.node_count = static_cast<uint32_t>(nodes.size());
  out.node_ids.assign(out.node_count, 0);
  hwloc_obj_t node = nullptr;
  while ((node = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_NUMANODE, node)) != nullptr)
    if (auto it = nodes.find(node->logical_index); it != nodes.end())
      out.node_ids[it->second] = node->os_index;
  read_distances(t, out, nodes);
  read_gpus(t, out);
  return out;
}

// Offline CPUs: hwloc leaves them out, sysfs lists them as possible.
void add_possible(Topology& topology, const std::vector<uint32_t>& possible,
                  const std::vector<uint32_t>& online) {
  std::map<uint32_t, Cpu> all;
  for (const Cpu& cpu : topology.cpus) all.emplace(cpu.id, cpu);
  for (uint32_t id : possible) {
    if (all.count(id) != 0) continue;
    Cpu cpu;
    cpu.id = id;
    cpu.core = topology.core_count++;
    cpu.online = false;
    cpu.located = false;
    all.emplace(id, cpu);
  }
  topology.cpus.clear();
  for (auto& [id, cpu] : all) topology.cpus.push_back(cpu);
  if (online.empty()) return;
  for (Cpu& cpu : topology.cpus) cpu.online = false;
  for (uint32_t id : online)
    for (Cpu& cpu : topology.cpus)
      if (cpu.id == id) cpu.online = true;
}

// `2s2c2t` in hwloc's words; empty when `text` has another form.
std::string expand_compact(std::string_view text) {
  constexpr std::string_view kOrder = "nslct";
  std::map<char, unsigned> count;
  std::string order;
  size_t i = 0;
  size_t last_rank = 0;
  while (i < text.size()) {
    unsigned value = 0;
    const size_t digits = i;
    while (i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0 && i - digits < 6)
      value = value * 10 + static_cast<unsigned>(text[i++] - '0');
    if (i == digits || i == text.size() || value == 0) return "";
    const size_t rank = kOrder.find(text[i]);
    if (rank == std::string_view::npos || (!order.empty() && rank <= last_rank)) return "";
    last_rank = rank;
    count[text[i]] = value;
    order += text[i++];
  }
  if (order.empty()) return "";
  auto of = [&](char letter) { return count.count(letter) != 0 ? count[letter] : 1; };
  const bool own_nodes = count.count('n') != 0;
  return fmt::format("{}pack:{} {}l3:{} core:{} pu:{}", own_nodes ? fmt::format("numa:{} ", of('n')) : "",
                     of('s'), own_nodes ? "" : "numa:1 ", of('l'), of('c'), of('t'));
}

// CPUs of a synthetic string in hwloc's words: the product of its counts, `pack:2 4 pu:2`; what stands in
// brackets counts nothing. Saturates.
uint64_t described_cpus(std::string_view text) {
  uint64_t cpus = 1;
  int depth = 0;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') --depth;
    const bool begins = i == 0 || text[i - 1] == ' ' || text[i - 1] == ':';
    uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + text.size(), count);
    const size_t next = static_cast<size_t>(end - text.data());
    if (next == i) {
      ++i;
      continue;
    }
    if (depth == 0 && begins) {
      if (error != std::errc{} || count > UINT32_MAX) return UINT64_MAX;
      if (count > 0) cpus = std::min<uint64_t>(cpus * count, UINT32_MAX);
    }
    i = next;
  }
  return cpus;
}

}  // namespace

Result<Topology> live(Devices devices) {
  SCX_TRY(Hwloc hwloc, fresh_hwloc());
  // CPUs that a cpuset keeps from this process are still CPUs that the scheduler serves.
  hwloc_topology_set_flags(hwloc.get(), HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
  hwloc_topology_set_all_types_filter(hwloc.get(), HWLOC_TYPE_FILTER_KEEP_STRUCTURE);
  hwloc_topology_set_cache_types_filter(hwloc.get(), HWLOC_TYPE_FILTER_KEEP_ALL);
  hwloc_topology_set_type_filter(hwloc.get(), HWLOC_OBJ_PACKAGE, HWLOC_TYPE_FILTER_KEEP_ALL);
  hwloc_topology_set_type_filter(hwloc.get(), HWLOC_OBJ_CORE, HWLOC_TYPE_FILTER_KEEP_ALL);
  if (devices == Devices::kGpus)
    hwloc_topology_set_io_types_filter(hwloc.get(), HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
  if (hwloc_topology_load(hwloc.get()) != 0)
    return make_error("the machine's topology cannot be read: {}", std::strerror(errno));
  SCX_TRY(Topology topology, flatten(hwloc.get()));
  SCX_TRY(const std::string possible_text, read_file("/sys/devices/system/cpu/possible"));
  SCX_TRY(const std::vector<uint32_t> possible, parse_cpu_list(possible_text));
  SCX_TRY(const std::string online_text, read_file("/sys/devices/system/cpu/online"));
  SCX_TRY(const std::vector<uint32_t> online, parse_cpu_list(online_text));
  add_possible(topology, possible, online);
  return topology;
}

Result<Topology> from_xml(const std::string& path) {
  SCX_TRY(const std::string text, read_file(path));
  SCX_TRY(Hwloc hwloc, fresh_hwloc());
  // The length includes the terminating zero.
  if (hwloc_topology_set_xmlbuffer(hwloc.get(), text.c_str(), static_cast<int>(text.size()) + 1) != 0)
    return make_error("`{}` is not an hwloc XML topology", path);
  hwloc_topology_set_flags(hwloc.get(), HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
  hwloc_topology_set_io_types_filter(hwloc.get(), HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
  if (hwloc_topology_load(hwloc.get()) != 0) return make_error("`{}` is not an hwloc XML topology", path);
  return flatten(hwloc.get());
}

Result<Topology> synthetic(std::string_view description) {
  const std::string compact = expand_compact(description);
  const std::string text = compact.empty() ? std::string(description) : compact;
  if (const uint64_t cpus = described_cpus(text); cpus > kMaxDescribedCpus) {
    Error error = make_error("the topology {} has more than {} CPUs", quoted(description), kMaxDescribedCpus);
    error.help =
        "describe a machine that exists, as in `2s4c2t`, or read one from a file of `lstopo topology.xml`";
    return error;
  }
  SCX_TRY(Hwloc hwloc, fresh_hwloc());
  hwloc_topology_set_all_types_filter(hwloc.get(), HWLOC_TYPE_FILTER_KEEP_ALL);
  if (hwloc_topology_set_synthetic(hwloc.get(), text.c_str()) != 0 || hwloc_topology_load(hwloc.get()) != 0) {
    Error error = make_error("`{}` is not a topology", description);
    error.help =
        "write counts of nodes, sockets, last-level caches, cores and threads, as in `2s4c2t` or "
        "`2n2s1l8c2t`";
    return error;
  }
  return flatten(hwloc.get());
}

Result<Topology> from_source(const std::string& source) {
  if (source == "live") return live(Devices::kGpus);
  if (source.size() > 4 && source.ends_with(".xml")) return from_xml(source);
  return synthetic(source);
}

}  // namespace scx::topology
