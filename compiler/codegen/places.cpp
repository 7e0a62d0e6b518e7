#include "compiler/codegen/places.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace scx::codegen {

using abi::Attribute;
using abi::Place;

namespace {

// Sema bounds how many there are.
std::vector<Place> places_in(const abi::Predicate& predicate) {
  const Place::Kind kind =
      predicate.attribute == Attribute::kAffinityNode ? Place::Kind::kNode : Place::Kind::kLlc;
  std::vector<Place> out;
  for (const abi::IntRange& range : predicate.ranges)
    for (int64_t id = range.low; id <= range.high; id++) out.push_back({kind, static_cast<uint32_t>(id)});
  return out;
}

}  // namespace

std::vector<Place> places_of(const abi::Classifier& classifier, const Usage& usage) {
  std::set<Place> found;
  for (size_t i = 0; i < classifier.predicates.size(); i++) {
    const abi::Predicate& predicate = classifier.predicates[i];
    if (!usage.predicates[i]) continue;
    if (predicate.attribute == Attribute::kAffinityFull) found.insert({Place::Kind::kOnline, 0});
    if (!is_place(predicate.attribute)) continue;
    for (const Place& place : places_in(predicate)) found.insert(place);
  }
  return {found.begin(), found.end()};
}

std::string place_constants(const std::vector<Place>& places) {
  const auto online = std::find(places.begin(), places.end(), Place{Place::Kind::kOnline, 0});
  return fmt::format("//% each\n#define NR_PLACES {}\n#define ONLINE_PLACE {}\n", places.size(),
                     online - places.begin());
}

std::string place_test(const abi::Predicate& predicate, const std::vector<Place>& places) {
  std::vector<std::string> terms;
  for (const Place& place : places_in(predicate)) {
    const auto at = std::find(places.begin(), places.end(), place) - places.begin();
    terms.push_back(fmt::format("subject_within_{}(s, {}, {})",
                                place.kind == Place::Kind::kNode ? "node" : "llc", place.id, at));
  }
  return fmt::format("{}", fmt::join(terms, " || "));
}

}  // namespace scx::codegen
