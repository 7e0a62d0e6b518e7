#include "compiler/analysis/test_world.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/analysis/policy_tests.h"

namespace scx::analysis {
namespace {

using abi::Attribute;

// Machines have two CPUs in each cache, numbered from the first on.
constexpr int64_t kCpusOfCache = 2;
// What a list of CPUs in a policy may name, and a test is still read by people.
constexpr int64_t kMaxCpus = 1024;
constexpr size_t kMaxPlacements = 4096;

// The ids that tests of the attribute name, those at the ends of ranges.
std::set<int64_t> named_ids(const model::Policy& policy, Attribute attribute) {
  std::set<int64_t> out;
  for (const model::Predicate& predicate : policy.predicates)
    if (predicate.attribute == attribute)
      for (const abi::IntRange& range : predicate.ranges)
        for (const int64_t id : {range.low, range.high})
          if (id >= 0 && id < kMaxCpus) out.insert(id);
  return out;
}

class Machines {
 public:
  explicit Machines(const model::Policy& policy)
      : nodes_(named_ids(policy, Attribute::kAffinityNode)),
        caches_(named_ids(policy, Attribute::kAffinityLlc)) {}

  std::vector<Placement> placements() {
    // One node more than is named, so that a task can be elsewhere.
    const int64_t nodes = nodes_.empty() ? 2 : *nodes_.rbegin() + 2;
    std::vector<int64_t> sizes = {1, 2};
    if (!caches_.empty()) sizes.push_back(*caches_.rbegin() / nodes + 1);
    // So many caches in a node that the one is in the other.
    for (const int64_t node : nodes_)
      for (const int64_t cache : caches_)
        if (const int64_t size = cache / (node + 1) + 1; cache / size == node) sizes.push_back(size);
    std::set<int64_t> known;
    for (const int64_t size : sizes)
      if (known.insert(size).second) add(nodes, size);
    // Small ones, of which a node or a cache is all there is.
    for (const int64_t size : {1, 2}) add(1, size);
    out_.push_back({"1n1c", "", 0, 0, true, true});
    return std::move(out_);
  }

 private:
  void add(int64_t nodes, int64_t caches) {
    const int64_t cpus = nodes * caches * kCpusOfCache;
    if (cpus > kMaxCpus) return;
    const std::string host = fmt::format("{}n{}l{}c", nodes, caches, kCpusOfCache);
    const bool one_node = nodes == 1, one_cache = one_node && caches == 1;
    out_.push_back({host, "", one_node ? 0 : -1, one_cache ? 0 : -1, true, false});
    if (!one_node) out_.push_back({host, fmt::format("0,{}", cpus - 1), -1, -1, false, false});
    for (int64_t cache = 0; cache < nodes * caches && out_.size() < kMaxPlacements; ++cache) {
      const int64_t node = cache / caches, first = cache * kCpusOfCache;
      const bool starts_node = cache % caches == 0;
      if (starts_node && caches > 1 && !(one_node && caches == 2))
        out_.push_back(
            {host, fmt::format("{}-{}", first, first + 2 * kCpusOfCache - 1), node, -1, false, false});
      if (one_node && caches == 2 && starts_node) out_.push_back({host, "0,2", 0, -1, false, false});
      if (!one_cache)
        out_.push_back({host, fmt::format("{}-{}", first, first + 1), node, cache, false, false});
      out_.push_back({host, fmt::format("{}", first), node, cache, false, true});
    }
  }

  std::set<int64_t> nodes_, caches_;
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
