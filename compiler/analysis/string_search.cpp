#include "compiler/analysis/string_search.h"

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

#include "runtime/classify/classify.h"

namespace scx::analysis {
namespace {

// Positions that one search looks at; each has a few dozen successors.
constexpr size_t kMaxPositions = 20'000;

// One automaton of the side-by-side run, and the bits of it that matter.
struct Runner {
  const abi::Automaton* automaton = nullptr;
  uint32_t index = 0;
  uint64_t accepted = 0, refused = 0, claims = 0;
  std::vector<const std::vector<bool>*> hopes;  // one for each accepted bit, ascending
  [[nodiscard]] uint64_t kept() const { return accepted | refused | claims; }
};

// Where the run is: flat words, so that a position can be compared as a whole. Cell 0 is root.
//   [state of the values' automaton, per table the cell that begins at the deepest component,
//    then per runner: state, bits]
using Position = std::vector<uint64_t>;

struct PositionHash {
  size_t operator()(const Position& position) const {
    uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (const uint64_t word : position) hash = (hash ^ word) * 0x100000001b3;
    return hash ^ hash >> 32;
  }
};

// The run of one search. Only the tables that it needs a cell of are followed.
class Run {
 public:
  Run(const abi::Classifier& classifier, const std::vector<CellTable>& tables, const automata::Dfa& values,
      const StringNeeds& needs)
      : classifier_(classifier), values_(values), full_(needs.families_full) {
    for (const uint32_t predicate : needs.accepted) runner_of(predicate).accepted |= bit(predicate);
    for (const uint32_t predicate : needs.refused) runner_of(predicate).refused |= bit(predicate);
    for (size_t i = 0; i < needs.cells.size(); ++i)
      if (needs.cells[i]) follow(tables[i], *needs.cells[i]);
  }

  // Keeps track of the table's cells.
  void follow(const CellTable& table, uint32_t wanted) {
    tables_.push_back(&table);
    wanted_.push_back(wanted);
    for (size_t i = 1; i < table.claims.size(); ++i)
      for (const uint32_t predicate : classify::predicates_of(table.claims[i]))
        runner_of(predicate).claims |= bit(predicate);
  }

  [[nodiscard]] std::vector<Runner>& runners() { return runners_; }

  [[nodiscard]] Position start() const { return Position(1 + tables_.size() + 2 * runners_.size()); }

  // Adds the positions behind `byte` from which a value may be wanted. `length`: bytes before it.
  // Precondition: hopes are set.
  void step(const Position& from, uint8_t byte, size_t length, std::vector<Position>& out) const {
    Position to = from;
    to[0] = values_.next[from[0] * values_.class_count + values_.class_of[byte]];
    if (!alive_[to[0]]) return;
    for (size_t i = 0; i < runners_.size(); ++i) {
      const Runner& runner = runners_[i];
      const abi::Automaton& automaton = *runner.automaton;
      const uint64_t state =
          automaton.next[from[state_at(i)] * automaton.class_count + automaton.class_of[byte]];
      const uint64_t bits = from[state_at(i) + 1] | (automaton.entered[state] & runner.kept());
      if ((bits & runner.refused) != 0 || !has_hope(runner, state, bits)) return;
      to[state_at(i)] = state;
      to[state_at(i) + 1] = bits;
    }
    // A component ends before a `/`, and at the root's own.
    if (tables_.empty() || byte != '/') {
      out.push_back(std::move(to));
      return;
    }
    for (const Cells& cells : cells_at(length == 0 ? to : from)) {
      out.push_back(to);
      std::copy(cells.begin(), cells.end(), out.back().begin() + 1);
    }
  }

  // Whether the value may end here.
  [[nodiscard]] bool is_wanted(const Position& at) const {
    if (!values_.accept[at[0]]) return false;
    for (size_t i = 0; i < runners_.size(); ++i) {
      const uint64_t bits = final_bits(at, i);
      if ((bits & runners_[i].refused) != 0 || (bits & runners_[i].accepted) != runners_[i].accepted)
        return false;
    }
    if (tables_.empty()) return true;
    const std::vector<Cells> cells = cells_at(at);
    return std::find(cells.begin(), cells.end(), wanted_) != cells.end();
  }

  // One cell of each table.
  using Cells = std::vector<uint32_t>;

  // Those in which the path lies that was read so far; where families may be full there is another answer.
  [[nodiscard]] std::vector<Cells> cells_at(const Position& at) const {
    Cells here, refused;
    for (size_t i = 0; i < tables_.size(); ++i) {
      const auto above = static_cast<uint32_t>(at[1 + i]);
      const uint32_t begins = claim_at(*tables_[i], at);
      here.push_back(begins == 0 ? above : begins);
      refused.push_back(begins == 0 || tables_[i]->families[begins] ? above : begins);
    }
    if (!full_ || here == refused) return {std::move(here)};
    return {std::move(here), std::move(refused)};
  }

  [[nodiscard]] bool is_value(const Position& at) const { return values_.accept[at[0]]; }

  // One byte of each kind that the automata tell apart, in the order of witnesses.
  [[nodiscard]] std::vector<uint8_t> bytes() const {
    std::set<std::vector<uint8_t>> seen;
    std::vector<uint8_t> out;
    for (const uint8_t byte : automata::witness_order()) {
      std::vector<uint8_t> kind = {values_.class_of[byte], static_cast<uint8_t>(byte == '/')};
      for (const Runner& runner : runners_) kind.push_back(runner.automaton->class_of[byte]);
      if (seen.insert(std::move(kind)).second) out.push_back(byte);
    }
    return out;
  }

  void find_living_values() {
    alive_ = values_.accept;
    for (bool changed = true; changed;) {
      changed = false;
      for (uint32_t state = 0; state < values_.state_count(); ++state) {
        if (alive_[state]) continue;
        const auto* next = &values_.next[size_t{state} * values_.class_count];
        if (std::none_of(next, next + values_.class_count, [&](uint32_t to) { return alive_[to]; })) continue;
        alive_[state] = true;
        changed = true;
      }
    }
  }

 private:
  [[nodiscard]] size_t state_at(size_t runner) const { return 1 + tables_.size() + 2 * runner; }

  [[nodiscard]] uint64_t bit(uint32_t predicate) const {
    return 1ULL << classifier_.predicates[predicate].bit;
  }

  Runner& runner_of(uint32_t predicate) {
    const uint32_t index = classifier_.predicates[predicate].automaton;
    const auto found =
        std::find_if(runners_.begin(), runners_.end(), [&](const Runner& r) { return r.index == index; });
    if (found != runners_.end()) return *found;
    runners_.emplace_back();
    runners_.back().automaton = &classifier_.automata[index];
    runners_.back().index = index;
    return runners_.back();
  }

  [[nodiscard]] uint64_t final_bits(const Position& at, size_t runner) const {
    const size_t place = state_at(runner);
    return at[place + 1] | (runners_[runner].automaton->final[at[place]] & runners_[runner].kept());
  }

  static bool has_hope(const Runner& runner, uint64_t state, uint64_t bits) {
    size_t hope = 0;
    for (uint64_t left = runner.accepted; left != 0; left &= left - 1, ++hope) {
      const uint64_t lowest = left & -left;
      if ((bits & lowest) == 0 && !(*runner.hopes[hope])[state]) return false;
    }
    return true;
  }

  // Which cell of the table begins at the cgroup whose path was read so far; 0: none.
  [[nodiscard]] uint32_t claim_at(const CellTable& table, const Position& at) const {
    for (uint32_t i = 1; i < table.claims.size(); ++i)
      if (holds(table.claims[i], at)) return i;
    return 0;
  }

  [[nodiscard]] bool holds(const abi::Expression& claim, const Position& at) const {
    return classify::visit(claim, [&](uint32_t predicate) {
      const uint32_t automaton = classifier_.predicates[predicate].automaton;
      for (size_t i = 0; i < runners_.size(); ++i)
        if (runners_[i].index == automaton) return (final_bits(at, i) & bit(predicate)) != 0;
      return false;
    });
  }

  const abi::Classifier& classifier_;
  const automata::Dfa& values_;
  bool full_;
  std::vector<const CellTable*> tables_;
  std::vector<uint32_t> wanted_;  // a cell of each
  std::vector<Runner> runners_;
  std::vector<bool> alive_;
};

}  // namespace

StringSearch::StringSearch(const abi::Classifier& classifier, std::vector<CellTable> tables,
                           size_t max_positions)
    : classifier_(classifier),
      tables_(std::move(tables)),
      max_positions_(max_positions),
      names_(automata::values_of(abi::Attribute::kComm)),
      paths_(automata::values_of(abi::Attribute::kCgroup)) {}

const StringFinding& StringSearch::find(abi::Attribute attribute, const StringNeeds& needs) {
  const std::pair key(attribute, needs);
  const auto found = known_.find(key);
  if (found != known_.end()) return found->second;
  return known_.emplace(key, search(attribute, needs)).first->second;
}

const std::vector<bool>& StringSearch::hopeful(uint32_t predicate) {
  const auto [found, fresh] = hopeful_.try_emplace(predicate);
  if (!fresh) return found->second;
  const abi::Predicate& test = classifier_.predicates[predicate];
  const abi::Automaton& automaton = classifier_.automata[test.automaton];
  const uint32_t states = automaton.state_count();
  std::vector<std::vector<uint32_t>> before(states);
  for (uint32_t state = 0; state < states; ++state)
    for (uint32_t c = 0; c < automaton.class_count; ++c)
      before[automaton.next[state * automaton.class_count + c]].push_back(state);
  std::vector<bool>& hope = found->second;
  hope.assign(states, false);
  std::vector<uint32_t> open;
  const auto reach = [&](uint32_t state) {
    if (!hope[state]) open.push_back(state);
    hope[state] = true;
  };
  for (uint32_t state = 0; state < states; ++state) {
    if ((automaton.final[state] >> test.bit & 1) != 0) reach(state);
    if ((automaton.entered[state] >> test.bit & 1) == 0) continue;
    for (const uint32_t earlier : before[state]) reach(earlier);
  }
  while (!open.empty()) {
    const uint32_t state = open.back();
    open.pop_back();
    for (const uint32_t earlier : before[state]) reach(earlier);
  }
  return hope;
}

StringFinding StringSearch::search(abi::Attribute attribute, const StringNeeds& needs) {
  Run run(classifier_, tables_, attribute == abi::Attribute::kCgroup ? paths_ : names_, needs);
  // By bit, as has_hope() walks them.
  for (Runner& runner : run.runners()) {
    std::vector<uint32_t> mine;
    for (const uint32_t predicate : needs.accepted)
      if (classifier_.predicates[predicate].automaton == runner.index) mine.push_back(predicate);
    std::sort(mine.begin(), mine.end(), [&](uint32_t a, uint32_t b) {
      return classifier_.predicates[a].bit < classifier_.predicates[b].bit;
    });
    for (const uint32_t predicate : mine) runner.hopes.push_back(&hopeful(predicate));
  }
  run.find_living_values();
  const std::vector<uint8_t> bytes = run.bytes();

  // Breadth first with bytes in order reaches each position by its first shortest value.
  struct Step {
    const Position* at;
    size_t before;
    size_t length;
    uint8_t byte;
  };
  std::unordered_set<Position, PositionHash> seen;
  std::vector<Step> steps = {{&*seen.insert(run.start()).first, 0, 0, 0}};
  for (size_t i = 0; i < steps.size(); ++i) {
    if (run.is_wanted(*steps[i].at)) {
      StringFinding out{Answer::kFound, {}};
      for (size_t at = i; at != 0; at = steps[at].before) out.value += static_cast<char>(steps[at].byte);
      std::reverse(out.value.begin(), out.value.end());
      return out;
    }
    if (i > kMaxPositions || ++positions_ > max_positions_) return {Answer::kUndecided, {}};
    for (const uint8_t byte : bytes) {
      std::vector<Position> next;
      run.step(*steps[i].at, byte, steps[i].length, next);
      for (Position& position : next) {
        const auto [place, fresh] = seen.insert(std::move(position));
        if (fresh) steps.push_back({&*place, i, steps[i].length + 1, byte});
      }
    }
  }
  return {};
}

std::optional<std::set<std::vector<uint32_t>>> StringSearch::common_cells(bool families_full) {
  StringNeeds anything;
  anything.families_full = families_full;
  Run run(classifier_, {}, paths_, anything);
  for (const CellTable& table : tables_) run.follow(table, 0);
  run.find_living_values();
  const std::vector<uint8_t> bytes = run.bytes();
  std::set<std::vector<uint32_t>> out;
  std::unordered_set<Position, PositionHash> seen;
  std::vector<std::pair<const Position*, size_t>> open = {{&*seen.insert(run.start()).first, 0}};
  for (size_t i = 0; i < open.size(); ++i) {
    const auto [at, length] = open[i];
    if (run.is_value(*at))
      for (std::vector<uint32_t>& cells : run.cells_at(*at)) out.insert(std::move(cells));
    if (i > kMaxPositions || ++positions_ > max_positions_) return std::nullopt;
    for (const uint8_t byte : bytes) {
      std::vector<Position> next;
      run.step(*at, byte, length, next);
      for (Position& position : next) {
        const auto [place, fresh] = seen.insert(std::move(position));
        if (fresh) open.emplace_back(&*place, length + 1);
      }
    }
  }
  return out;
}

}  // namespace scx::analysis
