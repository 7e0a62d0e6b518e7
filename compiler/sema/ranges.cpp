#include "compiler/sema/ranges.h"

#include <algorithm>

namespace scx::sema {

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

}  // namespace scx::sema
