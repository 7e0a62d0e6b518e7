// Settings of layers and cells as statements of the language: for explanations,
// dumps and comments in emitted C. The compiler has them of the model, scx-run
// of the manifest. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/abi/settings.h"

namespace scx::abi {

std::string to_string(const CpuAmount& amount);
std::string to_string(const CpuRange& range);
std::string to_string(const std::vector<IntRange>& ids);  // `0`, `{0, 2..3}`
// CPUs as the kernel lists them, in quotes: `"0-3,8"`.
std::string cpu_list_text(const std::vector<IntRange>& cpus);
// In the largest unit that gives a whole number: 1500000 is `1500us`.
std::string duration_text(uint64_t nanoseconds);
// What follows `yield`: `give-up`, `ignore` or a fraction of the slice, as `yield_loss` has it.
std::string yield_text(uint32_t loss);
// A layer's properties as statements of the language, without those that its
// kind does not have and, but for `slice`, `weight` and `order`, without defaults.
std::vector<std::string> property_texts(const LayerSettings& settings);
// Of a cell, without defaults and without its claim and `max`.
std::vector<std::string> property_texts(const CellSettings& settings);

}  // namespace scx::abi
