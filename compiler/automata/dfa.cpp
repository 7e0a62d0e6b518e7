#include "compiler/automata/dfa.h"

#include <algorithm>
#include <map>

#include "compiler/automata/subset.h"
#include "runtime/base/check.h"

namespace scx::automata {
namespace {

// States before minimisation: construction may pass the budget of the result, but not by much.
constexpr uint32_t kMaxTableSubsets = 1024;
constexpr uint32_t kMaxLanguageSubsets = 16384;

Dfa to_dfa(const Machine& machine) {
  Dfa out{machine.class_count, machine.class_of, machine.next, {}};
  for (uint32_t state = 0; state < machine.state_count(); ++state)
    out.accept.push_back((machine.entered[state] | machine.final[state]) != 0);
  return out;
}

Machine to_machine(const Dfa& dfa) {
  Machine out{dfa.class_count, dfa.class_of, dfa.next, {}, {}};
  out.entered.assign(dfa.state_count(), 0);
  for (const bool accept : dfa.accept) out.final.push_back(accept ? 1 : 0);
  return out;
}

Dfa minimal(const Dfa& dfa) { return to_dfa(minimise(to_machine(dfa))); }

template <typename Combine>
std::optional<Dfa> product(const Dfa& a, const Dfa& b, Combine combine) {
  Dfa out;
  // A class of the product is a pair of classes.
  std::map<std::pair<uint8_t, uint8_t>, uint8_t> classes;
  std::vector<std::pair<uint8_t, uint8_t>> pair_of;
  for (size_t byte = 0; byte < 256; ++byte) {
    const std::pair pair(a.class_of[byte], b.class_of[byte]);
    const auto [entry, fresh] = classes.emplace(pair, static_cast<uint8_t>(pair_of.size()));
    if (fresh) pair_of.push_back(pair);
    out.class_of[byte] = entry->second;
  }
  out.class_count = static_cast<uint32_t>(pair_of.size());
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> numbers{{{0, 0}, 0}};
  std::vector<std::pair<uint32_t, uint32_t>> states{{0, 0}};
  for (size_t i = 0; i < states.size(); ++i) {
    if (states.size() > kMaxProductStates) return std::nullopt;
    const auto [left, right] = states[i];
    out.accept.push_back(combine(a.accept[left], b.accept[right]));
    for (const auto& [left_class, right_class] : pair_of) {
      const std::pair target(a.next[left * a.class_count + left_class],
                             b.next[right * b.class_count + right_class]);
      const auto [entry, fresh] = numbers.emplace(target, static_cast<uint32_t>(states.size()));
      if (fresh) states.push_back(target);
      out.next.push_back(entry->second);
    }
  }
  return minimal(out);
}

}  // namespace

std::optional<abi::Automaton> compile(std::span<const Pattern> patterns, abi::Attribute attribute) {
  SCX_CHECK(patterns.size() <= abi::kMaxAutomatonBits, "more patterns than bits");
  const std::optional<Nfa> nfa = build_nfa(patterns);
  if (!nfa) return std::nullopt;
  std::optional<Machine> best;
  for (const AfterMatch after : {AfterMatch::kGoOn, AfterMatch::kStartOver}) {
    const std::optional<Machine> machine = determinise(*nfa, after, kMaxTableSubsets);
    if (!machine) continue;
    Machine candidate = minimise(*machine);
    if (!best || candidate.state_count() < best->state_count()) best = std::move(candidate);
  }
  if (!best || best->state_count() > abi::kMaxAutomatonStates) return std::nullopt;
  abi::Automaton out;
  out.attribute = attribute;
  out.class_count = best->class_count;
  out.class_of = best->class_of;
  out.next.assign(best->next.begin(), best->next.end());
  out.entered = std::move(best->entered);
  out.final = std::move(best->final);
  return out;
}

std::optional<Dfa> language(const Pattern& pattern) {
  const std::optional<Nfa> nfa = build_nfa({&pattern, 1});
  if (!nfa) return std::nullopt;
  const std::optional<Machine> machine = determinise(*nfa, AfterMatch::kStop, kMaxLanguageSubsets);
  if (!machine) return std::nullopt;
  return minimal(to_dfa(*machine));
}

Dfa values_of(abi::Attribute attribute) {
  SCX_CHECK(is_string(attribute), "values of a string attribute");
  ByteSet any;
  any.set().reset(0);
  Pattern values;
  if (attribute == abi::Attribute::kCgroup) {
    any.reset('/').reset('\n');
    const Pattern name = repeat(byte_of(any), 1, Pattern::kUnbounded);
    values =
        concat({literal("/"),
                repeat(concat({name, repeat(concat({literal("/"), name}), 0, Pattern::kUnbounded)}), 0, 1)});
  } else {
    values = repeat(byte_of(any), 0, abi::kCommBytes);
  }
  const std::optional<Dfa> out = language(concat({begin(), std::move(values), end()}));
  SCX_CHECK(out.has_value(), "values of an attribute are a small language");
  return *out;
}

const std::vector<uint8_t>& witness_order() {
  static const std::vector<uint8_t> order = [] {
    const auto rank = [](uint32_t byte) {
      const bool alnum =
          (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
      return alnum ? 0 : byte >= 0x20 && byte < 0x7f ? 1 : 2;
    };
    std::vector<uint8_t> out;
    for (int wanted = 0; wanted < 3; ++wanted)
      for (uint32_t byte = 0; byte < 256; ++byte)
        if (rank(byte) == wanted) out.push_back(static_cast<uint8_t>(byte));
    return out;
  }();
  return order;
}

bool accepts(const Dfa& dfa, std::string_view value) {
  uint32_t state = 0;
  for (const unsigned char byte : value) state = dfa.next[state * dfa.class_count + dfa.class_of[byte]];
  return dfa.accept[state];
}

Dfa complement(Dfa dfa) {
  dfa.accept.flip();
  return dfa;
}

std::optional<Dfa> intersection(const Dfa& a, const Dfa& b) {
  return product(a, b, [](bool x, bool y) { return x && y; });
}

std::optional<Dfa> unite(const Dfa& a, const Dfa& b) {
  return product(a, b, [](bool x, bool y) { return x || y; });
}

bool is_empty(const Dfa& dfa) { return !witness(dfa).has_value(); }

std::optional<std::string> witness(const Dfa& dfa) {
  // Breadth first with bytes in order reaches each state by its first shortest value.
  struct Step {
    uint32_t from = UINT32_MAX;
    uint8_t byte = 0;
  };
  std::vector<Step> reached(dfa.state_count());
  std::vector<bool> seen(dfa.state_count(), false);
  std::vector<uint32_t> queue{0};
  seen[0] = true;
  for (size_t i = 0; i < queue.size(); ++i) {
    uint32_t state = queue[i];
    if (dfa.accept[state]) {
      std::string out;
      for (; reached[state].from != UINT32_MAX; state = reached[state].from)
        out.push_back(static_cast<char>(reached[state].byte));
      std::reverse(out.begin(), out.end());
      return out;
    }
    for (const uint8_t byte : witness_order()) {
      const uint32_t target = dfa.next[state * dfa.class_count + dfa.class_of[byte]];
      if (seen[target]) continue;
      seen[target] = true;
      reached[target] = {state, byte};
      queue.push_back(target);
    }
  }
  return std::nullopt;
}

}  // namespace scx::automata
