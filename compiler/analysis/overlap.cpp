#include "compiler/analysis/overlap.h"

#include <algorithm>

namespace scx::analysis {
namespace {

// Conjunctions that an expression is taken apart into; one with more overlaps with everything.
constexpr size_t kMaxCubes = 16;

bool begins_with(const std::string& text, const std::string& beginning) {
  return text.compare(0, beginning.size(), beginning) == 0;
}

bool says_ids(const abi::Predicate& predicate) {
  return !abi::is_string(predicate.attribute) && !abi::is_gpu(predicate.attribute) && predicate.names.empty();
}

// Whether some number is in both; without making the set of all that are.
bool have_common(const model::Ranges& a, const model::Ranges& b) {
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (std::max(i->low, j->low) <= std::min(i->high, j->high)) return true;
    i->high < j->high ? ++i : ++j;
  }
  return false;
}

}  // namespace

Overlap::Overlap(const abi::Classifier& classifier, const std::vector<abi::Expression>& expressions)
    : classifier_(classifier) {
  for (uint32_t i = 0; i < classifier.predicates.size(); ++i)
    beginnings_.push_back(is_string(classifier.predicates[i].attribute) ? beginning_of(i) : Beginning{});
  for (const abi::Expression& expression : expressions) cubes_.push_back(cubes_of(expression, true));
  const auto count = static_cast<uint32_t>(cubes_.size());
  table_.resize(size_t{count} * count);
  for (uint32_t a = 0; a < count; ++a)
    for (uint32_t b = a; b < count; ++b)
      table_[size_t{a} * count + b] = table_[size_t{b} * count + a] = compare(a, b);
}

bool Overlap::compare(uint32_t a, uint32_t b) const {
  if (!cubes_[a].known || !cubes_[b].known) return true;
  return std::any_of(cubes_[a].cubes.begin(), cubes_[a].cubes.end(), [&](const Cube& one) {
    return std::any_of(cubes_[b].cubes.begin(), cubes_[b].cubes.end(),
                       [&](const Cube& other) { return !are_apart(one, other); });
  });
}

// Follows the automaton as long as a single byte keeps the predicate alive.
Overlap::Beginning Overlap::beginning_of(uint32_t predicate) const {
  const abi::Predicate& test = classifier_.predicates[predicate];
  const abi::Automaton& automaton = classifier_.automata[test.automaton];
  const auto bit = [&](uint64_t bits) { return (bits >> test.bit & 1) != 0; };
  // States from which the bit can still be set.
  std::vector<bool> alive(automaton.state_count());
  const auto is_next = [&](uint32_t to) { return alive[to] || bit(automaton.entered[to]); };
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t state = 0; state < automaton.state_count(); ++state) {
      const auto* next = &automaton.next[size_t{state} * automaton.class_count];
      if (alive[state] ||
          !(bit(automaton.final[state]) || std::any_of(next, next + automaton.class_count, is_next)))
        continue;
      alive[state] = changed = true;
    }
  }
  Beginning out;
  std::vector<bool> seen(automaton.state_count());
  for (uint32_t state = 0; !seen[state];) {
    seen[state] = true;
    if (bit(automaton.entered[state])) return out;
    int only = -1;
    size_t ways = 0;
    for (int byte = 1; byte < 256 && ways < 2; ++byte) {
      if (!is_next(automaton.next[state * automaton.class_count + automaton.class_of[byte]])) continue;
      only = byte;
      ++ways;
    }
    const bool ends = bit(automaton.final[state]);
    out.whole = ends && ways == 0;
    if (ends || ways != 1) return out;
    out.text += static_cast<char>(only);
    state = automaton.next[state * automaton.class_count + automaton.class_of[only]];
  }
  return out;
}

// False if the cube can hold for no task any more.
bool Overlap::add(Cube& cube, uint32_t predicate, bool holds) const {
  const auto [known, fresh] = cube.literals.try_emplace(predicate, holds);
  if (!fresh) return known->second == holds;
  const abi::Predicate& test = classifier_.predicates[predicate];
  if (says_ids(test)) {
    const abi::IntRange all = model::numbers_of(test.attribute);
    const model::Ranges allowed =
        holds ? test.ranges : model::complement(test.ranges, all.low, std::max(all.high, int64_t{7}));
    const auto [ranges, first] = cube.numbers.try_emplace(test.attribute, allowed);
    if (!first) ranges->second = model::intersect(ranges->second, allowed);
    return !ranges->second.empty();
  }
  if (!holds || !is_string(test.attribute)) return true;
  const Beginning& beginning = beginnings_[predicate];
  const auto [text, first] = cube.strings.try_emplace(test.attribute, beginning);
  if (!first && beginning.text.size() > text->second.text.size()) text->second = beginning;
  return true;
}

std::optional<Overlap::Cube> Overlap::both(const Cube& a, const Cube& b) const {
  if (are_apart(a, b)) return std::nullopt;
  Cube out = a;
  for (const auto& [predicate, holds] : b.literals)
    if (!add(out, predicate, holds)) return std::nullopt;
  return out;
}

bool Overlap::are_apart(const Cube& a, const Cube& b) {
  for (const auto& [attribute, text] : a.strings) {
    const auto other = b.strings.find(attribute);
    if (other == b.strings.end()) continue;
    const bool a_longer = text.text.size() > other->second.text.size();
    const Beginning& longer = a_longer ? text : other->second;
    const Beginning& shorter = a_longer ? other->second : text;
    if (!begins_with(longer.text, shorter.text)) return true;
    if (shorter.whole && longer.text.size() > shorter.text.size()) return true;
  }
  for (const auto& [attribute, ranges] : a.numbers) {
    const auto other = b.numbers.find(attribute);
    if (other != b.numbers.end() && !have_common(ranges, other->second)) return true;
  }
  return std::any_of(a.literals.begin(), a.literals.end(), [&](const auto& literal) {
    const auto other = b.literals.find(literal.first);
    return other != b.literals.end() && other->second != literal.second;
  });
}

Overlap::Cubes Overlap::cubes_of(const abi::Expression& expression, bool holds) const {
  using Kind = abi::Expression::Kind;
  switch (expression.kind) {
    case Kind::kAll:
      return holds ? Cubes{true, {Cube{}}} : Cubes{};
    case Kind::kTest: {
      Cube cube;
      return add(cube, expression.predicate, holds) ? Cubes{true, {std::move(cube)}} : Cubes{};
    }
    case Kind::kNot:
      return cubes_of(expression.operands.front(), !holds);
    case Kind::kAnd:
    case Kind::kOr:
      break;
  }
  const bool is_product = (expression.kind == Kind::kAnd) == holds;
  Cubes out{true, {}};
  if (is_product) out.cubes.emplace_back();
  for (const abi::Expression& operand : expression.operands) {
    Cubes more = cubes_of(operand, holds);
    if (is_product) {
      // What one operand says holds for all.
      if (!more.known) continue;
      std::vector<Cube> product;
      for (const Cube& a : out.cubes)
        for (const Cube& b : more.cubes)
          if (auto cube = both(a, b)) product.push_back(*std::move(cube));
      if (product.size() <= kMaxCubes) out.cubes = std::move(product);
    } else {
      out.known = out.known && more.known;
      std::move(more.cubes.begin(), more.cubes.end(), std::back_inserter(out.cubes));
    }
  }
  out.known = out.known && out.cubes.size() <= kMaxCubes;
  if (!out.known) out.cubes.clear();
  return out;
}

}  // namespace scx::analysis
