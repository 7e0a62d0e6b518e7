// Hopcroft, "An n log n algorithm for minimizing states in a finite automaton", 1971.
#include <algorithm>
#include <map>
#include <utility>

#include "compiler/automata/subset.h"

namespace scx::automata {
namespace {

// A partition of the states into blocks: a permutation in which each block is
// a run, and the marked members of a block stand first in it.
class Partition {
 public:
  explicit Partition(const std::vector<uint32_t>& block_of) : block_of_(block_of) {
    const auto states = static_cast<uint32_t>(block_of.size());
    const uint32_t blocks = 1 + *std::max_element(block_of.begin(), block_of.end());
    blocks_.resize(blocks);
    for (const uint32_t block : block_of) ++blocks_[block].size;
    for (uint32_t block = 1; block < blocks; ++block)
      blocks_[block].first = blocks_[block - 1].first + blocks_[block - 1].size;
    order_.resize(states);
    place_.resize(states);
    std::vector<uint32_t> filled(blocks, 0);
    for (uint32_t state = 0; state < states; ++state) {
      place_[state] = blocks_[block_of[state]].first + filled[block_of[state]]++;
      order_[place_[state]] = state;
    }
  }

  void mark(uint32_t state) {
    Block& block = blocks_[block_of_[state]];
    const uint32_t border = block.first + block.marked;
    if (place_[state] < border) return;
    if (block.marked++ == 0) touched_.push_back(block_of_[state]);
    const uint32_t other = order_[border];
    std::swap(place_[state], place_[other]);
    order_[place_[other]] = other;
    order_[border] = state;
  }

  // Makes the marked members of each touched block a block of their own where
  // unmarked ones remain; calls split(old block, new block).
  template <typename Split>
  void split_marked(Split split) {
    for (const uint32_t touched : std::exchange(touched_, {})) {
      const uint32_t marked = std::exchange(blocks_[touched].marked, 0);
      if (marked == blocks_[touched].size) continue;
      const auto fresh = static_cast<uint32_t>(blocks_.size());
      blocks_.push_back({blocks_[touched].first, marked, 0});
      blocks_[touched].first += marked;
      blocks_[touched].size -= marked;
      for (const uint32_t state : members(fresh)) block_of_[state] = fresh;
      split(touched, fresh);
    }
  }

  [[nodiscard]] std::vector<uint32_t> members(uint32_t block) const {
    const auto first = order_.begin() + blocks_[block].first;
    return {first, first + blocks_[block].size};
  }
  [[nodiscard]] uint32_t size(uint32_t block) const { return blocks_[block].size; }
  [[nodiscard]] uint32_t count() const { return static_cast<uint32_t>(blocks_.size()); }
  [[nodiscard]] const std::vector<uint32_t>& block_of() const { return block_of_; }

 private:
  struct Block {
    uint32_t first = 0, size = 0, marked = 0;
  };
  std::vector<uint32_t> block_of_, order_, place_, touched_;
  std::vector<Block> blocks_;
};

// Predecessors of each (class, state), packed.
struct Inverse {
  std::vector<uint32_t> begin;  // (class * states + state), and one more
  std::vector<uint32_t> from;
};

Inverse invert(const Machine& machine) {
  const uint32_t states = machine.state_count(), classes = machine.class_count;
  Inverse out;
  out.begin.assign(size_t{states} * classes + 1, 0);
  const auto cell = [&](uint32_t state, uint32_t c) {
    return size_t{c} * states + machine.next[state * classes + c];
  };
  for (uint32_t state = 0; state < states; ++state)
    for (uint32_t c = 0; c < classes; ++c) ++out.begin[cell(state, c) + 1];
  for (size_t i = 1; i < out.begin.size(); ++i) out.begin[i] += out.begin[i - 1];
  out.from.resize(size_t{states} * classes);
  std::vector<uint32_t> filled(out.begin.begin(), out.begin.end() - 1);
  for (uint32_t state = 0; state < states; ++state)
    for (uint32_t c = 0; c < classes; ++c) out.from[filled[cell(state, c)]++] = state;
  return out;
}

// The block of each state in the coarsest partition that respects the bits.
std::vector<uint32_t> equivalent_states(const Machine& machine) {
  std::map<std::pair<uint64_t, uint64_t>, uint32_t> by_bits;
  std::vector<uint32_t> initial;
  for (uint32_t state = 0; state < machine.state_count(); ++state) {
    const auto next = static_cast<uint32_t>(by_bits.size());
    initial.push_back(
        by_bits.emplace(std::pair(machine.entered[state], machine.final[state]), next).first->second);
  }
  Partition partition(initial);
  const Inverse inverse = invert(machine);
  std::vector<uint32_t> work;
  std::vector<bool> waiting(machine.state_count(),
                            true);  // blocks in `work`; there are never more than states
  for (uint32_t block = 0; block < partition.count(); ++block) work.push_back(block);
  while (!work.empty()) {
    const uint32_t splitter = work.back();
    work.pop_back();
    waiting[splitter] = false;
    const std::vector<uint32_t> targets = partition.members(splitter);
    for (uint32_t c = 0; c < machine.class_count; ++c) {
      for (const uint32_t target : targets) {
        const size_t cell = size_t{c} * machine.state_count() + target;
        for (uint32_t i = inverse.begin[cell]; i < inverse.begin[cell + 1]; ++i)
          partition.mark(inverse.from[i]);
      }
      partition.split_marked([&](uint32_t old_block, uint32_t fresh) {
        const bool both = waiting[old_block];
        const uint32_t add = both || partition.size(fresh) <= partition.size(old_block) ? fresh : old_block;
        waiting[fresh] = false;
        waiting[add] = true;
        work.push_back(add);
      });
    }
  }
  return partition.block_of();
}

}  // namespace

Machine minimise(const Machine& machine) {
  const std::vector<uint32_t> block_of = equivalent_states(machine);
  const uint32_t classes = machine.class_count;
  // Breadth first over the blocks: numbers, and a state that stands for each.
  constexpr uint32_t kUnseen = UINT32_MAX;
  std::vector<uint32_t> number(machine.state_count(), kUnseen), order{0};
  number[block_of[0]] = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    for (uint32_t c = 0; c < classes; ++c) {
      const uint32_t target = machine.next[order[i] * classes + c];
      if (number[block_of[target]] != kUnseen) continue;
      number[block_of[target]] = static_cast<uint32_t>(order.size());
      order.push_back(target);
    }
  }
  // Classes whose columns are equal now are one.
  std::map<std::vector<uint32_t>, uint8_t> columns;
  std::vector<uint8_t> class_number;
  for (uint32_t c = 0; c < classes; ++c) {
    std::vector<uint32_t> column;
    column.reserve(order.size());
    for (const uint32_t state : order) column.push_back(number[block_of[machine.next[state * classes + c]]]);
    class_number.push_back(
        columns.emplace(std::move(column), static_cast<uint8_t>(columns.size())).first->second);
  }
  Machine out;
  out.class_count = static_cast<uint32_t>(columns.size());
  for (size_t byte = 0; byte < 256; ++byte) out.class_of[byte] = class_number[machine.class_of[byte]];
  out.next.resize(order.size() * out.class_count);
  for (const auto& [column, c] : columns)
    for (size_t state = 0; state < order.size(); ++state)
      out.next[state * out.class_count + c] = column[state];
  for (const uint32_t state : order) {
    out.entered.push_back(machine.entered[state]);
    out.final.push_back(machine.final[state]);
  }
  return out;
}

}  // namespace scx::automata
