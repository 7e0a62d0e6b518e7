#include "compiler/automata/subset.h"

#include <algorithm>
#include <bit>
#include <map>
#include <unordered_map>
#include <utility>

#include "runtime/base/check.h"

namespace scx::automata {
namespace {

constexpr uint64_t bit(uint32_t pattern) { return uint64_t{1} << pattern; }

class Subsets {
 public:
  Subsets(const Nfa& nfa, AfterMatch after, uint32_t max_states)
      : nfa_(nfa), after_(after), max_states_(max_states) {}

  std::optional<Machine> run() {
    find_classes();
    find_restarts();
    start();
    for (uint32_t state = 0; state < keys_.size(); ++state) {
      if (keys_.size() > max_states_) return std::nullopt;
      for (uint32_t c = 0; c < machine_.class_count; ++c) machine_.next.push_back(step(state, c));
    }
    for (uint32_t state = 0; state < keys_.size(); ++state) {
      machine_.entered.push_back(keys_[state]->entered);
      machine_.final.push_back(keys_[state]->final | universal_);
    }
    return std::move(machine_);
  }

 private:
  // A state: the byte nodes that wait for the next byte, and what its entry says.
  struct Key {
    bool first = false;  // the start: nothing is read yet, and no step comes back
    uint64_t entered = 0;
    uint64_t final = 0;
    std::vector<uint32_t> nodes;  // sorted
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      uint64_t hash = key.entered * 31 + key.final + (key.first ? 1 : 0);
      // Knuth's multiplicative hashing: the constant is 2^64 over the golden ratio.
      for (const uint32_t node : key.nodes) hash = (std::rotl(hash, 5) ^ node) * 0x9e3779b97f4a7c15U;
      return hash;
    }
  };

  // Bytes that every set treats alike are one class, numbered by their first byte.
  void find_classes() {
    std::map<std::vector<bool>, uint8_t> classes;
    for (uint32_t byte = 0; byte < 256; ++byte) {
      std::vector<bool> signature;
      signature.reserve(nfa_.sets.size());
      for (const ByteSet& set : nfa_.sets) signature.push_back(set[byte]);
      const auto [entry, fresh] = classes.emplace(std::move(signature), static_cast<uint8_t>(classes.size()));
      machine_.class_of[byte] = entry->second;
      if (fresh) sample_.push_back(byte);
    }
    machine_.class_count = static_cast<uint32_t>(classes.size());
  }

  // What a search that begins after the first byte adds to every state.
  void find_restarts() {
    for (const uint32_t start : nfa_.starts) close(start, /*at_begin=*/false, /*at_end=*/false);
    restart_nodes_ = take_nodes();
    restart_accepts_ = std::exchange(accepts_, 0);
    restart_final_ = final_of(take_ends(), false);
    // A pattern that matches before anything is read matches every value.
    for (const uint32_t begin : nfa_.starts) close(begin, true, false);
    take_nodes();
    take_ends();
    universal_ = std::exchange(accepts_, 0) | restart_accepts_;
  }

  void start() {
    Key key;
    key.first = true;
    for (const uint32_t begin : nfa_.starts) close(begin, true, false);
    accepts_ = 0;  // universal_ has them
    key.nodes = take_nodes();
    key.final = final_of(take_ends(), true);
    intern(std::move(key));
  }

  uint32_t step(uint32_t state, uint32_t byte_class) {
    const Key& from = *keys_[state];
    if (after_ == AfterMatch::kStop && from.entered != 0) return state;
    const uint32_t byte = sample_[byte_class];
    for (const uint32_t node : from.nodes)
      if (nfa_.sets[nfa_.nodes[node].set][byte]) close(nfa_.nodes[node].out, false, false);
    Key to;
    to.entered = std::exchange(accepts_, 0) & ~universal_;
    std::vector<uint32_t> nodes = take_nodes();
    to.final = (final_of(take_ends(), false) | restart_final_) & ~universal_ & ~to.entered;
    if (after_ == AfterMatch::kStop && to.entered != 0) return intern(std::move(to));
    const uint64_t forget = universal_ | (after_ == AfterMatch::kStartOver ? to.entered : 0);
    std::erase_if(nodes, [&](uint32_t node) { return (bit(nfa_.nodes[node].pattern) & forget) != 0; });
    for (const uint32_t node : restart_nodes_)
      if ((bit(nfa_.nodes[node].pattern) & universal_) == 0) nodes.push_back(node);
    std::sort(nodes.begin(), nodes.end());
    nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
    to.nodes = std::move(nodes);
    return intern(std::move(to));
  }

  uint32_t intern(Key key) {
    const auto [entry, fresh] = states_.emplace(std::move(key), static_cast<uint32_t>(keys_.size()));
    if (fresh) keys_.push_back(&entry->first);
    return entry->second;
  }

  // Follows what reads nothing from `root`; byte nodes, end nodes and accepted
  // patterns gather until take_nodes(), take_ends() and accepts_ are read.
  void close(uint32_t root, bool at_begin, bool at_end) {
    if (seen_.size() != nfa_.nodes.size()) seen_.resize(nfa_.nodes.size(), 0);
    std::vector<uint32_t>& work = work_;
    work.push_back(root);
    while (!work.empty()) {
      const uint32_t index = work.back();
      work.pop_back();
      if (seen_[index]) continue;
      seen_[index] = 1;
      touched_.push_back(index);
      const Nfa::Node& node = nfa_.nodes[index];
      switch (node.kind) {
        case Nfa::Kind::kByte:
          nodes_.push_back(index);
          break;
        case Nfa::Kind::kSplit:
          work.push_back(node.out);
          work.push_back(node.other);
          break;
        case Nfa::Kind::kBegin:
          if (at_begin) work.push_back(node.out);
          break;
        case Nfa::Kind::kEnd:
          if (at_end) {
            work.push_back(node.out);
          } else {
            ends_.push_back(index);
          }
          break;
        case Nfa::Kind::kAccept:
          accepts_ |= bit(node.pattern);
          break;
      }
    }
  }
  void forget_seen() {
    for (const uint32_t index : touched_) seen_[index] = 0;
    touched_.clear();
  }
  std::vector<uint32_t> take_nodes() {
    forget_seen();
    std::sort(nodes_.begin(), nodes_.end());
    return std::exchange(nodes_, {});
  }
  std::vector<uint32_t> take_ends() { return std::exchange(ends_, {}); }

  // The patterns that match when the value ends at these end nodes.
  uint64_t final_of(const std::vector<uint32_t>& ends, bool at_begin) {
    for (const uint32_t index : ends) close(nfa_.nodes[index].out, at_begin, true);
    take_nodes();
    take_ends();
    return std::exchange(accepts_, 0);
  }

  const Nfa& nfa_;
  AfterMatch after_;
  uint32_t max_states_;
  Machine machine_;
  std::vector<uint32_t> sample_;  // a byte of each class
  std::vector<uint32_t> restart_nodes_;
  uint64_t restart_accepts_ = 0, restart_final_ = 0, universal_ = 0;
  std::unordered_map<Key, uint32_t, KeyHash> states_;  // its keys never move
  std::vector<const Key*> keys_;
  std::vector<uint32_t> work_, nodes_, ends_, touched_;
  std::vector<uint8_t> seen_;
  uint64_t accepts_ = 0;
};

}  // namespace

std::optional<Machine> determinise(const Nfa& nfa, AfterMatch after, uint32_t max_states) {
  SCX_CHECK(nfa.starts.size() <= (after == AfterMatch::kStop ? 1 : 64), "too many patterns for one machine");
  return Subsets(nfa, after, max_states).run();
}

}  // namespace scx::automata
