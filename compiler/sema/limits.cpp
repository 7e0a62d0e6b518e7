#include "compiler/sema/limits.h"

#include <set>

#include "compiler/sema/tables.h"

namespace scx::sema {

using abi::Attribute;
using diag::Kind;

namespace {

void check_places(const model::Policy& policy, diag::Diagnostics& diagnostics) {
  std::set<std::pair<Attribute, int64_t>> places;
  for (const model::Predicate& predicate : policy.predicates) {
    if (!is_place(predicate.attribute)) continue;
    for (const abi::IntRange& range : predicate.ranges)
      for (int64_t id = range.low; id <= range.high; ++id) places.emplace(predicate.attribute, id);
    // All online CPUs may be another one.
    if (places.size() < abi::kMaxPlaces) continue;
    diagnostics
        .report(Kind::kTooManyPlaces, predicate.span, "{} places up to here, the limit is {}", places.size(),
                abi::kMaxPlaces - 1)
        .note("the scheduler keeps a mask of CPUs for each")
        .help("name the ones that matter");
    return;
  }
}

void check_gpu_tests(const model::Policy& policy, diag::Diagnostics& diagnostics) {
  size_t count = 0;
  for (const model::Predicate& predicate : policy.predicates) {
    if (!is_gpu(predicate.attribute) || ++count <= kMaxGpuTests) continue;
    diagnostics
        .report(Kind::kTooManyGpuTests, predicate.span, "more than {} different tests of GPU use",
                kMaxGpuTests)
        .note("each is a bit of what the scheduler remembers of a task");
    return;
  }
}

}  // namespace

void check_limits(const model::Policy& policy, const PolicySettings& settings,
                  diag::Diagnostics& diagnostics) {
  check_places(policy, diagnostics);
  check_gpu_tests(policy, diagnostics);
  if (!settings.gpu_devices.empty() && !policy.reads(Attribute::kGpuThread) &&
      !policy.reads(Attribute::kGpuProcess))
    diagnostics
        .report(Kind::kUnusedDevices, settings.gpu_span,
                "`gpu devices` has no effect: no layer tests for GPU use")
        .help("test for it, as in `match gpu process`, or leave the setting out");
}

}  // namespace scx::sema
