#include "compiler/codegen/gpu.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace scx::codegen {

namespace {

GpuTest test_of(const abi::Predicate& predicate) {
  return {predicate.attribute == abi::Attribute::kGpuProcess, predicate.device, predicate.for_ns};
}

// Slot 0 is any device.
std::vector<uint32_t> devices_of(const std::vector<GpuTest>& tests) {
  std::set<uint32_t> devices;
  for (const GpuTest& test : tests)
    if (test.device) devices.insert(*test.device);
  return {devices.begin(), devices.end()};
}

size_t slot_of(const GpuTest& test, const std::vector<uint32_t>& devices) {
  if (!test.device) return 0;
  return 1 + static_cast<size_t>(std::find(devices.begin(), devices.end(), *test.device) - devices.begin());
}

}  // namespace

std::vector<GpuTest> gpu_tests_of(const abi::Classifier& classifier, const Usage& usage) {
  std::set<GpuTest> found;
  for (size_t i = 0; i < classifier.predicates.size(); i++)
    if (usage.predicates[i] && is_gpu(classifier.predicates[i].attribute))
      found.insert(test_of(classifier.predicates[i]));
  return {found.begin(), found.end()};
}

std::string gpu_tables(const std::vector<GpuTest>& tests) {
  if (tests.empty()) return "";
  const std::vector<uint32_t> devices = devices_of(tests);
  std::string out =
      fmt::format("#define NR_GPU_TESTS {}\n#define GPU_SLOTS {}\n", tests.size(), devices.size() + 1);
  uint64_t shortest = 0;
  for (const GpuTest& test : tests)
    if (test.for_ns != 0 && (shortest == 0 || test.for_ns < shortest)) shortest = test.for_ns;
  if (shortest != 0) out += fmt::format("#define GPU_SHORTEST_TTL {}ULL\n", shortest);
  out += "\n/* Any device, then those that the policy names. */\n";
  out += "static const volatile u32 gpu_devices[GPU_SLOTS] = { ~0U";
  for (const uint32_t device : devices) out += fmt::format(", {}", device);
  out +=
      " };\n\nstruct gpu_test {\n\tu64 ttl; /* ns after the last open; 0: until exit */\n\tu32 slot;\n"
      "\tbool process;\n};\n\nstatic const volatile struct gpu_test gpu_tests[NR_GPU_TESTS] = {\n";
  for (const GpuTest& test : tests)
    out += fmt::format("\t{{ .ttl = {}ULL, .slot = {}, .process = {} }},\n", test.for_ns,
                       slot_of(test, devices), test.process);
  return out + "};\n";
}

std::string gpu_test(const abi::Predicate& predicate, const std::vector<GpuTest>& tests) {
  const GpuTest test = test_of(predicate);
  const auto at = std::find(tests.begin(), tests.end(), test) - tests.begin();
  return fmt::format("subject_gpu_{}(s, {}, {})", test.process ? "process" : "thread",
                     test.device ? static_cast<int64_t>(*test.device) : -1, at);
}

}  // namespace scx::codegen
