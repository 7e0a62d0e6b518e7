// Bounds on what loading a policy may cost, as a file that CI can hold: JSON,
// written by `--write-budget`, compared by `--budget`. One set of bounds a policy
// for all kernels; time is no figure that holds on another machine and has none.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/driver/verify.h"
#include "runtime/base/result.h"

namespace scx::driver {

// Of a figure that is not bounded.
constexpr uint64_t kUnbounded = UINT64_MAX;

struct Bounds {
  uint64_t instructions = kUnbounded;
  uint64_t processed = kUnbounded;
  uint64_t states = kUnbounded;
  uint64_t stack = kUnbounded;
  bool operator==(const Bounds&) const = default;
};

// Of one policy: all its programs together, and each.
struct PolicyBounds {
  Bounds total;
  std::map<std::string, Bounds> programs;
  bool operator==(const PolicyBounds&) const = default;
};

using Budget = std::map<std::string, PolicyBounds>;  // by the policy's name

// Reason: "bad-budget", with the place in the document.
Result<Budget> budget_from_json(const std::string& path, std::string_view text);
std::string to_json(const Budget& budget);

// The largest figures of any kernel and a tenth more. Policies that no kernel took are not in it.
Budget budget_of(const std::vector<Verdict>& answers);

// Every figure that is above its bound, every policy without bounds, and every program with bounds that its
// policy does not have, in words. `path` is the budget's.
std::vector<std::string> beyond(const Budget& budget, const std::vector<Verdict>& answers,
                                const std::string& path);

// A number with a comma every three digits, as people read it.
std::string grouped(uint64_t number);

}  // namespace scx::driver
