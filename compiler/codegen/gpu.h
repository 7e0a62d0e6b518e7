// The tests of GPU use in a policy, numbered as the emitted code has them: equal
// ones are one, and each is a bit of what a task remembers. The devices that
// they name are slots, the first of which is any device.
#pragma once

#include <string>
#include <vector>

#include "compiler/codegen/features.h"
#include "runtime/abi/classifier.h"

namespace scx::codegen {

struct GpuTest {
  bool process = false;
  std::optional<uint32_t> device;
  uint64_t for_ns = 0;
  auto operator<=>(const GpuTest&) const = default;
};

// Ascending, without duplicates.
std::vector<GpuTest> gpu_tests_of(const abi::Classifier& classifier, const Usage& usage);

// The tables and sizes that gpu.bpf.c reads; nothing without tests.
std::string gpu_tables(const std::vector<GpuTest>& tests);

// `subject_gpu_process(s, 1, 0)`: device (-1: any) and the test's number. Precondition: the predicate is
// used.
std::string gpu_test(const abi::Predicate& predicate, const std::vector<GpuTest>& tests);

}  // namespace scx::codegen
