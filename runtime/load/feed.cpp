#include "runtime/load/feed.h"

#include <algorithm>
#include <cstring>
#include <tuple>

namespace scx::load {

namespace {

// The kernel's number of a node.
int32_t kernel_node(const topology::Topology& topology, uint32_t node) {
  return static_cast<int32_t>(node < topology.node_ids.size() ? topology.node_ids[node] : node);
}

void add(std::vector<uint64_t>& set, uint32_t bit) { set[bit / 64] |= uint64_t{1} << (bit % 64); }

// One make_feed(): what its tables are made from.
class Feeder {
 public:
  Feeder(const topology::Topology& topology, const abi::Manifest& manifest, const plan::Plan& plan)
      : topology_(topology), manifest_(manifest), plan_(plan) {}

  std::vector<std::vector<uint64_t>> rows() const {
    std::vector<std::vector<uint64_t>> out(row_count(manifest_), std::vector<uint64_t>(row_words(topology_)));
    for (const plan::DomainPlan& domain : plan_.domains)
      for (const uint32_t id : domain.home) add(out[domain.domain], id);
    const size_t cells = manifest_.domains.size();
    for (const uint32_t id : plan_.online) {
      if (closed(id)) continue;
      for (const plan::CellPlan& cell : plan_.cells)
        if (manifest_.rows.cells != 0 && cell.id < manifest_.rows.cells && cell.runs_in == plan_.cell[id])
          add(out[cells + cell.id], id);
      if (manifest_.rows.lent != 0 && lends(plan_.cell[id])) add(out[cells + manifest_.rows.cells], id);
    }
    return out;
  }

  std::vector<std::vector<uint64_t>> cpus() const {
    const uint32_t words = domain_words(manifest_);
    std::vector<std::vector<uint64_t>> home(topology_.id_limit(), std::vector<uint64_t>(words));
    for (const plan::DomainPlan& domain : plan_.domains)
      for (const uint32_t id : domain.home) add(home[id], domain.domain);
    std::vector<std::vector<uint64_t>> out(topology_.id_limit());
    for (uint32_t id = 0; id < out.size(); ++id) out[id] = place(topology_.find(id), id);
    for (uint32_t id = 0; id < out.size(); ++id) {
      std::vector<uint64_t> guests = guests_of(id);
      for (uint32_t w = 0; w < words; ++w) guests[w] &= ~home[id][w];
      out[id].insert(out[id].end(), home[id].begin(), home[id].end());
      out[id].insert(out[id].end(), guests.begin(), guests.end());
    }
    return out;
  }

 private:
  bool closed(uint32_t id) const {
    return std::binary_search(plan_.protected_.begin(), plan_.protected_.end(), id);
  }
  bool lends(uint32_t slot) const {
    return slot != plan::kNoCell && abi::cell_of_slot(manifest_.cells, slot).lends;
  }

  std::vector<uint64_t> place(const topology::Cpu* cpu, uint32_t id) const {
    scx_cpu entry{};
    if (cpu != nullptr) {
      entry.llc = cpu->llc;
      entry.node = static_cast<uint32_t>(kernel_node(topology_, cpu->node));
    }
    entry.slot = id < plan_.cell.size() && plan_.cell[id] != plan::kNoCell ? plan_.cell[id] : plan::kRootCell;
    std::vector<uint64_t> words(sizeof entry / sizeof(uint64_t));
    std::memcpy(words.data(), &entry, sizeof entry);
    return words;
  }

  std::vector<uint64_t> guests_of(uint32_t id) const {
    std::vector<uint64_t> set(domain_words(manifest_));
    const uint32_t owner = id < plan_.cell.size() ? plan_.cell[id] : plan::kNoCell;
    if (owner == plan::kNoCell || closed(id)) return set;
    for (const plan::DomainPlan& domain : plan_.domains) {
      if (domain.kind == abi::LayerKind::kConfined) continue;
      const plan::CellPlan* cell = plan_.find_cell(domain.cell_id);
      const bool inside = cell != nullptr && cell->runs_in == owner;
      const bool borrows =
          lends(owner) && abi::cell_of_slot(manifest_.cells, domain.cell_id).borrow.has_value();
      if (inside || borrows) add(set, domain.domain);
    }
    return set;
  }

  const topology::Topology& topology_;
  const abi::Manifest& manifest_;
  const plan::Plan& plan_;
};

}  // namespace

uint32_t row_words(const topology::Topology& topology) { return (topology.id_limit() + 63) / 64; }

uint32_t domain_words(const abi::Manifest& manifest) {
  return static_cast<uint32_t>((manifest.domains.size() + 63) / 64);
}

uint32_t row_count(const abi::Manifest& manifest) {
  return static_cast<uint32_t>(manifest.domains.size()) + manifest.rows.cells + manifest.rows.lent;
}

Feed make_feed(const topology::Topology& topology, const abi::Manifest& manifest, const plan::Plan& plan) {
  const Feeder feeder(topology, manifest, plan);
  return {feeder.rows(), feeder.cpus()};
}

std::vector<scx_near> near_entries(const topology::Topology& topology) {
  const uint32_t count = topology.llc_count;
  std::vector<uint32_t> node_of(count, 0);
  for (const topology::Cpu& cpu : topology.cpus) node_of[cpu.llc] = cpu.node;
  std::vector<scx_near> entries;
  entries.reserve(size_t{count} * count);
  for (uint32_t llc = 0; llc < count; ++llc) {
    std::vector<uint32_t> order;
    for (uint32_t other = 0; other < count; ++other) order.push_back(other);
    auto rank = [&](uint32_t other) {
      return std::tuple{other != llc, topology.distance(node_of[llc], node_of[other]),
                        (other + count - llc) % count};
    };
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return rank(a) < rank(b); });
    for (uint32_t other : order) entries.push_back({other, kernel_node(topology, node_of[other])});
  }
  return entries;
}

namespace {

bool holds(const abi::Place& place, const topology::Cpu& cpu, const topology::Topology& topology) {
  switch (place.kind) {
    case abi::Place::Kind::kNode:
      return cpu.node < topology.node_ids.size() && topology.node_ids[cpu.node] == place.id;
    case abi::Place::Kind::kLlc:
      return cpu.llc == place.id;
    case abi::Place::Kind::kOnline:
      return false;  // it is known by the CPUs that it has
  }
  return false;
}

}  // namespace

std::vector<uint64_t> place_entries(const topology::Topology& topology,
                                    const std::vector<abi::Place>& places) {
  const uint32_t words = row_words(topology);
  std::vector<uint64_t> entries(places.size() * words, 0);
  for (size_t p = 0; p < places.size(); ++p)
    for (const topology::Cpu& cpu : topology.cpus)
      if (cpu.online && !holds(places[p], cpu, topology))
        entries[p * words + cpu.id / 64] |= uint64_t{1} << (cpu.id % 64);
  return entries;
}

}  // namespace scx::load
