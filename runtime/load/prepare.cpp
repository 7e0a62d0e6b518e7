#include "runtime/load/prepare.h"

#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "runtime/base/accounts.h"
#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/load/feed.h"

namespace scx::load {
namespace {

// The writable bytes of .rodata before load.
class Constants {
 public:
  Constants(const ObjectFile& file, const Object& object) : file_(file) {
    if (bpf_map* map = bpf_object__find_map_by_name(object.get(), ".rodata"))
      bytes_ = static_cast<char*>(bpf_map__initial_value(map, &size_));
  }

  // An array of 32-bit numbers, zero where `values` ends.
  Result<void> set(const std::string& name, const std::vector<uint32_t>& values) {
    const auto it = file_.constants.find(name);
    if (it == file_.constants.end()) return {};
    const size_t bytes = values.size() * sizeof(uint32_t);
    if (it->second.size < bytes || bytes_ == nullptr || it->second.offset + bytes > size_)
      return refusal("corrupt-object",
                     fmt::format("the constant `{}` has no room for {} numbers", name, values.size()),
                     kCompileAgain);
    std::memcpy(bytes_ + it->second.offset, values.data(), bytes);
    return {};
  }

  // A constant that the object does not have was of no use to it, and the compiler dropped it.
  Result<void> set(const std::string& name, uint32_t value) {
    const auto it = file_.constants.find(name);
    if (it == file_.constants.end()) return {};
    if (it->second.size != sizeof value || bytes_ == nullptr || it->second.offset + sizeof value > size_)
      return refusal("corrupt-object", fmt::format("the constant `{}` is not a 32-bit number", name),
                     kCompileAgain);
    std::memcpy(bytes_ + it->second.offset, &value, sizeof value);
    return {};
  }

 private:
  const ObjectFile& file_;
  char* bytes_ = nullptr;
  size_t size_ = 0;
};

Result<uint32_t> resolve_id(const abi::Predicate& predicate, const std::string& name) {
  const std::string where = fmt::format("{}:{}", predicate.where.file, predicate.where.line);
  if (predicate.attribute == abi::Attribute::kUid) {
    if (const std::optional<uint32_t> id = user_id(name)) return *id;
    return refusal("unknown-user", fmt::format("{}: this machine has no user {}", where, quoted(name)),
                   "make the user, or write the number of one in the policy");
  }
  if (const std::optional<uint32_t> id = group_id(name)) return *id;
  return refusal("unknown-group", fmt::format("{}: this machine has no group {}", where, quoted(name)),
                 "make the group, or write the number of one in the policy");
}

Result<void> set_constants(const ObjectFile& file, const Object& object, const topology::Topology& topology,
                           const GpuNodes& gpus) {
  Constants constants(file, object);
  SCX_TRY_VOID(constants.set("gpu_majors", gpus.majors));
  SCX_TRY_VOID(constants.set("gpu_nodes", gpus.nodes));
  SCX_TRY_VOID(constants.set("nr_cpu_ids", topology.id_limit()));
  SCX_TRY_VOID(constants.set("nr_llcs", topology.llc_count));
  SCX_TRY_VOID(constants.set("row_words", row_words(topology)));
  const auto& predicates = file.manifest.classifier.predicates;
  for (size_t p = 0; p < predicates.size(); ++p)
    for (size_t k = 0; k < predicates[p].names.size(); ++k) {
      SCX_TRY(const uint32_t id, resolve_id(predicates[p], predicates[p].names[k]));
      SCX_TRY_VOID(constants.set(fmt::format("id_{}_{}", p, k), id));
    }
  return {};
}

Result<void> set_size(const Object& object, const char* name, uint32_t entries) {
  SCX_TRY(bpf_map * map, find_map(object, name));
  if (const int rc = bpf_map__set_max_entries(map, entries); rc != 0)
    return refusal("feed-mismatch",
                   fmt::format("map `{}` cannot have {} entries: {}", name, entries, because(-rc)),
                   kCompileAgain);
  return {};
}

Result<void> set_sizes(const ObjectFile& file, const Object& object, const topology::Topology& topology) {
  const auto domains = static_cast<uint32_t>(file.manifest.domains.size());
  const std::pair<const char*, uint32_t> sizes[] = {
      {"cpus", topology.id_limit()},       {"plan", row_count(file.manifest)},
      {"masks", row_count(file.manifest)}, {"near", topology.llc_count * topology.llc_count},
      {"llcs", topology.llc_count},        {"homes", domains * topology.llc_count},
  };
  for (const auto& [name, entries] : sizes) SCX_TRY_VOID(set_size(object, name, entries));
  if (const auto places = static_cast<uint32_t>(file.manifest.places.size()); places != 0)
    SCX_TRY_VOID(set_size(object, "place_words", places * row_words(topology)));
  SCX_TRY(bpf_map * plan, find_map(object, "plan"));
  if (const int rc = bpf_map__set_value_size(plan, row_words(topology) * sizeof(uint64_t)); rc != 0)
    return refusal("feed-mismatch", fmt::format("map `plan` cannot have rows for all CPUs: {}", because(-rc)),
                   kCompileAgain);
  return {};
}

}  // namespace

Result<void> prepare(const ObjectFile& file, const Object& object, const topology::Topology& topology,
                     const GpuNodes& gpus) {
  SCX_TRY_VOID(set_constants(file, object, topology, gpus));
  return set_sizes(file, object, topology);
}

}  // namespace scx::load
