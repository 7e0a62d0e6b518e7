#include "compiler/automata/nfa.h"

#include <algorithm>

namespace scx::automata {
namespace {

class NfaBuilder {
 public:
  std::optional<Nfa> build(std::span<const Pattern> patterns) {
    for (uint32_t i = 0; i < patterns.size(); ++i) {
      pattern_ = i;
      const uint32_t accept = add({.kind = Nfa::Kind::kAccept});
      nfa_.starts.push_back(before(patterns[i], accept));
    }
    if (full()) return std::nullopt;
    return std::move(nfa_);
  }

 private:
  [[nodiscard]] bool full() const { return nfa_.nodes.size() > kMaxNfaNodes; }

  uint32_t add(Nfa::Node node) {
    node.pattern = pattern_;
    nfa_.nodes.push_back(node);
    return static_cast<uint32_t>(nfa_.nodes.size() - 1);
  }

  uint32_t set_index(const ByteSet& set) {
    const auto found = std::find(nfa_.sets.begin(), nfa_.sets.end(), set);
    if (found != nfa_.sets.end()) return static_cast<uint32_t>(found - nfa_.sets.begin());
    nfa_.sets.push_back(set);
    return static_cast<uint32_t>(nfa_.sets.size() - 1);
  }

  // The entry of the nodes that match `pattern` and go on to `next`.
  uint32_t before(const Pattern& pattern, uint32_t next) {
    if (full()) return next;
    switch (pattern.kind) {
      case Pattern::Kind::kSet:
        return add({.kind = Nfa::Kind::kByte, .out = next, .set = set_index(pattern.set)});
      case Pattern::Kind::kBegin:
        return add({.kind = Nfa::Kind::kBegin, .out = next});
      case Pattern::Kind::kEnd:
        return add({.kind = Nfa::Kind::kEnd, .out = next});
      case Pattern::Kind::kConcat:
        for (auto part = pattern.parts.rbegin(); part != pattern.parts.rend(); ++part)
          next = before(*part, next);
        return next;
      case Pattern::Kind::kAlternate: {
        uint32_t entry = before(pattern.parts.back(), next);
        for (auto part = pattern.parts.rbegin() + 1; part != pattern.parts.rend(); ++part)
          entry = add({.kind = Nfa::Kind::kSplit, .out = before(*part, next), .other = entry});
        return entry;
      }
      case Pattern::Kind::kRepeat:
        return before_repeat(pattern, next);
    }
    return next;
  }

  uint32_t before_repeat(const Pattern& pattern, uint32_t next) {
    const Pattern& part = pattern.parts.front();
    if (pattern.max == Pattern::kUnbounded) {
      const uint32_t loop = add({.kind = Nfa::Kind::kSplit, .other = next});
      const uint32_t again = before(part, loop);
      nfa_.nodes[loop].out = again;
      next = loop;
    } else {
      // Each optional copy may leave for the end at once.
      const uint32_t leave = next;
      for (uint32_t i = pattern.min; i < pattern.max && !full(); ++i)
        next = add({.kind = Nfa::Kind::kSplit, .out = before(part, next), .other = leave});
    }
    // A node a copy, so that repeating nothing also ends at the bound.
    for (uint32_t i = 0; i < pattern.min && !full(); ++i) {
      const uint32_t entry = before(part, next);
      next = add({.kind = Nfa::Kind::kSplit, .out = entry, .other = entry});
    }
    return next;
  }

  Nfa nfa_;
  uint32_t pattern_ = 0;
};

}  // namespace

std::optional<Nfa> build_nfa(std::span<const Pattern> patterns) { return NfaBuilder().build(patterns); }

}  // namespace scx::automata
