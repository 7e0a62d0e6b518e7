#include "compiler/model/ranges.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace scx::model {

abi::IntRange numbers_of(abi::Attribute attribute) {
  // PID_MAX_LIMIT (include/linux/threads.h) is 4 Mi on 64-bit machines; pid 0 are the idle tasks.
  constexpr int64_t kPidMax = 4 * 1024 * 1024;
  // (uid_t)-1 means `no user` in system calls.
  constexpr int64_t kIdMax = UINT32_MAX - 1;
  // NR_CPUS, MAX_NUMNODES, MINORBITS of x86-64's largest configuration.
  constexpr int64_t kMaxCpus = 8192;
  constexpr int64_t kMaxNodes = 1024;
  constexpr int64_t kMinorMax = (1 << 20) - 1;
  switch (attribute) {
    case abi::Attribute::kPid:
    case abi::Attribute::kTgid:
      return {1, kPidMax};
    case abi::Attribute::kPpid:
      return {0, kPidMax};
    case abi::Attribute::kUid:
    case abi::Attribute::kGid:
      return {0, kIdMax};
    case abi::Attribute::kNice:
      return {-20, 19};
    case abi::Attribute::kSched:
      return {0, 7};
    case abi::Attribute::kKthread:
    case abi::Attribute::kLeader:
    case abi::Attribute::kAffinityFull:
    case abi::Attribute::kAffinityPinned:
      return {0, 1};
    case abi::Attribute::kAffinityNode:
      return {-1, kMaxNodes - 1};
    case abi::Attribute::kAffinityLlc:
      return {-1, kMaxCpus - 1};
    case abi::Attribute::kGpuThread:
    case abi::Attribute::kGpuProcess:
      return {-1, kMinorMax};
    default:
      SCX_CHECK(false, "not a number");
  }
}

Ranges normalise(Ranges ranges) {
  std::erase_if(ranges, [](const abi::IntRange& range) { return range.low > range.high; });
  std::sort(ranges.begin(), ranges.end(),
            [](const abi::IntRange& a, const abi::IntRange& b) { return a.low < b.low; });
  Ranges out;
  for (const abi::IntRange& range : ranges) {
    // Values are those of task attributes, far from the ends of int64: + 1 does not overflow.
    if (!out.empty() && range.low <= out.back().high + 1)
      out.back().high = std::max(out.back().high, range.high);
    else
      out.push_back(range);
  }
  return out;
}

Ranges complement(const Ranges& ranges, int64_t low, int64_t high) {
  Ranges out;
  int64_t next = low;
  for (const abi::IntRange& range : ranges) {
    if (range.low > next) out.push_back({next, std::min(range.low - 1, high)});
    next = std::max(next, range.high + 1);
  }
  if (next <= high) out.push_back({next, high});
  return out;
}

Ranges intersect(const Ranges& a, const Ranges& b) {
  Ranges out;
  for (const abi::IntRange& x : a)
    for (const abi::IntRange& y : b)
      if (std::max(x.low, y.low) <= std::min(x.high, y.high))
        out.push_back({std::max(x.low, y.low), std::min(x.high, y.high)});
  return normalise(std::move(out));
}

Ranges unite(const Ranges& a, const Ranges& b) {
  Ranges out = a;
  out.insert(out.end(), b.begin(), b.end());
  return normalise(std::move(out));
}

}  // namespace scx::model
