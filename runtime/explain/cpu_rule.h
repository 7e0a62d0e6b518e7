// Where the tasks of a domain may run, in words: what its cell claims of the
// machine, what its layer owns of the cell, and who may go where. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/abi/manifest.h"

namespace scx::explain {

// The cell's CPUs, the layer's, and what bounds them; a sentence each, without a full stop. Precondition:
// `domain` is one of the manifest's.
std::vector<std::string> cpu_rule(const abi::Manifest& manifest, uint32_t domain);

// "2 CPUs", "1 core", "25% of the cell's CPUs": `whole` is what a percentage is of.
std::string amount_words(const abi::CpuAmount& amount, const std::string& whole);
// "from 2 CPUs to 25% of the cell's CPUs", "2 CPUs, neither more nor fewer", "at least 2 CPUs".
std::string range_words(const abi::CpuRange& range, const std::string& whole);

}  // namespace scx::explain
