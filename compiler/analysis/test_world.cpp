#include "compiler/analysis/test_world.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "compiler/analysis/policy_tests.h"
#include "runtime/topology/topology.h"

namespace scx::analysis {
namespace {

using abi::Attribute;

// Machines have two CPUs in each cache, numbered from the first on, where that does not make them too large.
constexpr int64_t kCpusOfCache = 2;
// Those with all their places: a test is still read by people.
constexpr int64_t kMaxSmallCpus = 256;
// Those for one place that no small one has; no description may have more.
constexpr int64_t kMaxCpus = topology::kMaxDescribedCpus;
constexpr size_t kMaxPlacements = 4096;

// Ids that no test of the policy tells apart.
using IdClass = abi::IntRange;

// All ids in their order, cut where some test of the attribute begins or ends.
std::vector<IdClass> id_classes(const model::Policy& policy, Attribute attribute) {
  std::set<int64_t> begins = {0, kMaxCpus};
  for (const model::Predicate& predicate : policy.predicates)
    if (predicate.attribute == attribute)
      for (const abi::IntRange& range : predicate.ranges)
        for (const int64_t begin : {range.low, std::min(range.high, kMaxCpus) + 1})
          if (begin > 0 && begin < kMaxCpus) begins.insert(begin);
  std::vector<IdClass> out;
  for (auto at = begins.begin(); std::next(at) != begins.end(); ++at)
    out.push_back({*at, *std::next(at) - 1});
  return out;
}

// The nodes of a machine, and the caches of each.
struct Shape {
  int64_t nodes = 1, caches = 1;
  [[nodiscard]] int64_t all_caches() const { return nodes * caches; }
};

// A place as ids, and the shape of the smallest machine that has it.
struct Spot {
  int64_t node = 0, cache = 0;
  Shape shape;
};

// The cache of one class in the node of the other, on the smallest machine; nothing if a node has as many
// caches as each other one on no machine that has both.
std::optional<Spot> spot(const IdClass& node_ids, const IdClass& cache_ids) {
  std::optional<Spot> best;
  // Cache c is in node c / caches, so a node has no cache with a lower id than its own.
  for (int64_t node = node_ids.low; node <= std::min(node_ids.high, cache_ids.high); ++node) {
    const Shape shape{node + 1, cache_ids.low / (node + 1) + 1};
    const int64_t cache = std::max(cache_ids.low, node * shape.caches);
    if (cache > cache_ids.high || shape.all_caches() > kMaxCpus) continue;
    if (!best || shape.all_caches() < best->shape.all_caches()) best = Spot{node, cache, shape};
  }
  return best;
}

class Machines {
 public:
  explicit Machines(const model::Policy& policy)
      : nodes_(id_classes(policy, Attribute::kAffinityNode)),
        caches_(id_classes(policy, Attribute::kAffinityLlc)) {}

  std::vector<Placement> placements() {
    add_small();
    add_large();
    return std::move(out_);
  }

 private:
  // Machines that read well, with the most ordinary places first.
  void add_small() {
    // One node more than is named, so that a task can be elsewhere.
    const int64_t nodes = nodes_.size() == 1 ? 2 : nodes_.back().low + 1;
    std::vector<int64_t> sizes = {1, 2};
    if (caches_.size() > 1) sizes.push_back((caches_.back().low - 1) / nodes + 1);
    std::set<int64_t> known;
    for (const int64_t size : sizes)
      if (known.insert(size).second) add({nodes, size});
    // Small ones, of which a node or a cache is all there is, and one whose tasks may be on several nodes.
    for (const Shape& shape : {Shape{1, 1}, Shape{1, 2}, Shape{2, 2}}) add(shape);
    out_.push_back({"1n1c", "", 0, 0, true, true});
  }

  // A place for each pair of ids that tests tell apart, and one on several caches of each node.
  void add_large() {
    for (const IdClass& node : nodes_) {
      for (const IdClass& cache : caches_)
        if (const auto found = spot(node, cache)) add_spot(*found);
      add_several({node.low, node.low * 2, {node.low + 1, 2}});
    }
  }

  // How many CPUs a cache of the machine has; 0: the machine is too large.
  static int64_t cpus_of_cache(const Shape& shape) {
    if (shape.all_caches() * kCpusOfCache <= kMaxCpus) return kCpusOfCache;
    return shape.all_caches() <= kMaxCpus ? 1 : 0;
  }
  static std::string host(const Shape& shape, int64_t cpus) {
    return shape.caches == 1 && cpus == 1 ? fmt::format("{}n1c", shape.nodes)
                                          : fmt::format("{}n{}l{}c", shape.nodes, shape.caches, cpus);
  }

  // A whole cache and one CPU of it.
  void add_spot(const Spot& spot) {
    const int64_t cpus = cpus_of_cache(spot.shape), first = spot.cache * cpus;
    // What is everything there is on a machine the small ones have.
    if (cpus == 0 || spot.shape.all_caches() == 1 || out_.size() >= kMaxPlacements) return;
    const std::string name = host(spot.shape, cpus);
    if (cpus > 1)
      out_.push_back(
          {name, fmt::format("{}-{}", first, first + cpus - 1), spot.node, spot.cache, false, false});
    out_.push_back({name, fmt::format("{}", first), spot.node, spot.cache, false, true});
  }

  // Two caches of a node.
  void add_several(const Spot& spot) {
    const int64_t cpus = cpus_of_cache(spot.shape), first = spot.cache * cpus;
    if (cpus == 0 || spot.shape.nodes == 1 || out_.size() >= kMaxPlacements) return;
    out_.push_back({host(spot.shape, cpus), fmt::format("{}-{}", first, first + 2 * cpus - 1), spot.node, -1,
                    false, false});
  }

  // All places of a machine.
  void add(const Shape& shape) {
    const int64_t cpus = shape.all_caches() * kCpusOfCache, caches = shape.caches;
    if (cpus > kMaxSmallCpus) return;
    const std::string name = host(shape, kCpusOfCache);
    const bool one_node = shape.nodes == 1, one_cache = one_node && caches == 1;
    out_.push_back({name, "", one_node ? 0 : -1, one_cache ? 0 : -1, true, false});
    if (!one_node) out_.push_back({name, fmt::format("0,{}", cpus - 1), -1, -1, false, false});
    for (int64_t cache = 0; cache < shape.all_caches(); ++cache) {
      const int64_t node = cache / caches, first = cache * kCpusOfCache;
      const bool starts_node = cache % caches == 0;
      if (starts_node && caches > 1 && !(one_node && caches == 2))
        out_.push_back(
            {name, fmt::format("{}-{}", first, first + 2 * kCpusOfCache - 1), node, -1, false, false});
      if (one_node && caches == 2 && starts_node) out_.push_back({name, "0,2", 0, -1, false, false});
      if (!one_cache)
        out_.push_back({name, fmt::format("{}-{}", first, first + 1), node, cache, false, false});
      out_.push_back({name, fmt::format("{}", first), node, cache, false, true});
    }
  }

  std::vector<IdClass> nodes_, caches_;
  std::vector<Placement> out_;
};

}  // namespace

bool reads_places(const model::Policy& policy) {
  return policy.reads(Attribute::kAffinityNode) || policy.reads(Attribute::kAffinityLlc) ||
         policy.reads(Attribute::kAffinityFull) || policy.reads(Attribute::kAffinityPinned);
}

TestWorld test_world(const model::Policy& policy) {
  if (!reads_places(policy)) return {test_name_ids(policy), {Placement{}}};
  return {test_name_ids(policy), Machines(policy).placements()};
}

}  // namespace scx::analysis
