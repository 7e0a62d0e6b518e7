#include "runtime/classify/classify.h"

#include <algorithm>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/base/file.h"

namespace scx::classify {
namespace {

std::string_view text_of(const TaskFacts& facts, abi::Attribute attribute) {
  switch (attribute) {
    case abi::Attribute::kCgroup:
      return facts.cgroup;
    case abi::Attribute::kComm:
      return std::string_view(facts.comm).substr(0, abi::kCommBytes);
    case abi::Attribute::kLeaderComm:
      return std::string_view(facts.leader_comm).substr(0, abi::kCommBytes);
    default:
      SCX_CHECK(false, "not a string attribute");
  }
}

int64_t number_of(const TaskFacts& facts, abi::Attribute attribute) {
  switch (attribute) {
    case abi::Attribute::kPid:
      return facts.pid;
    case abi::Attribute::kTgid:
      return facts.tgid;
    case abi::Attribute::kPpid:
      return facts.ppid;
    case abi::Attribute::kUid:
      return facts.uid;
    case abi::Attribute::kGid:
      return facts.gid;
    case abi::Attribute::kNice:
      return facts.nice;
    case abi::Attribute::kSched:
      return facts.sched;
    case abi::Attribute::kKthread:
      return facts.kthread ? 1 : 0;
    case abi::Attribute::kLeader:
      return facts.leader ? 1 : 0;
    case abi::Attribute::kAffinityNode:
      return facts.affinity_node;
    case abi::Attribute::kAffinityLlc:
      return facts.affinity_llc;
    case abi::Attribute::kAffinityFull:
      return facts.affinity_full ? 1 : 0;
    case abi::Attribute::kAffinityPinned:
      return facts.affinity_pinned ? 1 : 0;
    case abi::Attribute::kGpuThread:
      return facts.gpu_thread;
    case abi::Attribute::kGpuProcess:
      return facts.gpu_process;
    default:
      SCX_CHECK(false, "not an integer attribute");
  }
}

bool number_holds(const abi::Predicate& predicate, const TaskFacts& facts, const NameIds& ids) {
  const int64_t value = number_of(facts, predicate.attribute);
  if (is_gpu(predicate.attribute))
    return value >= 0 && (!predicate.device || value == int64_t{*predicate.device}) &&
           (predicate.for_ns == 0 || facts.gpu_age_ns <= predicate.for_ns);
  const bool in_range =
      std::any_of(predicate.ranges.begin(), predicate.ranges.end(),
                  [&](abi::IntRange range) { return range.low <= value && value <= range.high; });
  if (in_range || predicate.names.empty()) return in_range;
  const auto& table = predicate.attribute == abi::Attribute::kGid ? ids.groups : ids.users;
  const bool named =
      std::any_of(predicate.names.begin(), predicate.names.end(), [&](const std::string& name) {
        const auto found = table.find(name);
        return found != table.end() && found->second == value;
      });
  return named != predicate.negated_names;
}

bool ask(const abi::Expression& expression, std::vector<Evaluation>& predicates) {
  return visit(expression, [&](uint32_t predicate) {
    predicates[predicate].evaluated = true;
    return predicates[predicate].value;
  });
}

// The automata of cgroup paths on their way along a path.
class PathWalk {
 public:
  explicit PathWalk(const abi::Classifier& classifier)
      : classifier_(classifier), scans_(classifier.automata.size()) {
    for (uint32_t i = 0; i < scans_.size(); ++i)
      if (classifier.automata[i].attribute == abi::Attribute::kCgroup) reading_.push_back(i);
  }

  void step(unsigned char byte) {
    for (const uint32_t i : reading_) {
      const abi::Automaton& automaton = classifier_.automata[i];
      Scan& scan = scans_[i];
      scan.state = automaton.next[scan.state * automaton.class_count + automaton.class_of[byte]];
      scan.bits |= automaton.entered[scan.state];
    }
  }

  // Which cell begins at the cgroup whose path was read so far.
  [[nodiscard]] std::optional<uint32_t> claim() const {
    const auto holds_here = [&](uint32_t index) {
      const abi::Predicate& predicate = classifier_.predicates[index];
      const Scan& scan = scans_[predicate.automaton];
      const uint64_t bits = scan.bits | classifier_.automata[predicate.automaton].final[scan.state];
      return (bits >> predicate.bit & 1) != 0;
    };
    for (uint32_t i = 1; i < classifier_.cells.size(); ++i)
      if (visit(classifier_.cells[i].claim, holds_here)) return i;
    return std::nullopt;
  }

 private:
  struct Scan {
    uint32_t state = 0;
    uint64_t bits = 0;
  };
  const abi::Classifier& classifier_;
  std::vector<Scan> scans_;
  std::vector<uint32_t> reading_;
};

void walk(const abi::Expression& expression, std::vector<uint32_t>& out) {
  if (expression.kind == abi::Expression::Kind::kTest &&
      std::find(out.begin(), out.end(), expression.predicate) == out.end())
    out.push_back(expression.predicate);
  for (const abi::Expression& operand : expression.operands) walk(operand, out);
}

void decide(const abi::Expression& expression, const std::vector<Evaluation>& predicates,
            std::vector<uint32_t>& out) {
  switch (expression.kind) {
    case abi::Expression::Kind::kAll:
      return;
    case abi::Expression::Kind::kTest:
      out.push_back(expression.predicate);
      return;
    case abi::Expression::Kind::kNot:
      return decide(expression.operands.front(), predicates, out);
    case abi::Expression::Kind::kAnd:
    case abi::Expression::Kind::kOr:
      break;
  }
  const bool settling =
      expression.kind == abi::Expression::Kind::kOr;  // the value that one operand can settle
  for (const abi::Expression& operand : expression.operands)
    if (evaluate(operand, predicates) == settling) return decide(operand, predicates, out);
  for (const abi::Expression& operand : expression.operands) decide(operand, predicates, out);
}

std::string spelled_identity(int64_t id, const std::map<std::string, int64_t>& names) {
  // Id 0 needs no name.
  const auto named = std::find_if(names.begin(), names.end(),
                                  [&](const auto& entry) { return id != 0 && entry.second == id; });
  return named == names.end() ? std::to_string(id) : quoted(named->first);
}

}  // namespace

uint64_t run(const abi::Automaton& automaton, std::string_view value) {
  uint64_t bits = 0;
  uint32_t state = 0;
  for (const unsigned char byte : value) {
    state = automaton.next[state * automaton.class_count + automaton.class_of[byte]];
    bits |= automaton.entered[state];
  }
  return bits | automaton.final[state];
}

std::optional<uint32_t> claim_of(const abi::Classifier& classifier, std::string_view path) {
  if (classifier.cells.size() < 2) return std::nullopt;
  PathWalk walk(classifier);
  for (const unsigned char byte : path) walk.step(byte);
  return walk.claim();
}

std::vector<CellPlace> places_of(const abi::Classifier& classifier, std::string_view path) {
  std::vector<CellPlace> out = {{}};
  if (classifier.cells.size() < 2) return out;
  PathWalk walk(classifier);
  for (size_t i = 0; i < path.size(); ++i) {
    walk.step(static_cast<unsigned char>(path[i]));
    // A cgroup's path ends here: the root's `/`, or a name.
    const bool ends = i == 0 || i + 1 == path.size() || path[i + 1] == '/';
    if (!ends) continue;
    if (const auto cell = walk.claim()) out.push_back({*cell, path.substr(0, i + 1)});
  }
  return out;
}

CellPlace place_of(const abi::Classifier& classifier, std::string_view path) {
  return places_of(classifier, path).back();
}

uint32_t cell_of(const abi::Classifier& classifier, std::string_view path) {
  return place_of(classifier, path).cell;
}

std::vector<Evaluation> evaluate_predicates(const abi::Classifier& classifier, const TaskFacts& facts,
                                            const NameIds& ids) {
  std::vector<uint64_t> bits;
  for (const abi::Automaton& automaton : classifier.automata)
    bits.push_back(run(automaton, text_of(facts, automaton.attribute)));
  std::vector<Evaluation> out;
  for (const abi::Predicate& predicate : classifier.predicates) {
    const bool value = abi::is_string(predicate.attribute)
                           ? (bits[predicate.automaton] >> predicate.bit & 1) != 0
                           : number_holds(predicate, facts, ids);
    out.push_back({value, false});
  }
  return out;
}

Verdict choose(const abi::Classifier& classifier, uint32_t cell, std::vector<Evaluation> predicates) {
  Verdict out;
  out.cell = cell;
  out.predicates = std::move(predicates);
  if (classifier.cells.empty()) return out;
  const std::vector<abi::DomainMatch>& layers = classifier.cells[cell].layers;
  for (uint32_t i = 0; i < layers.size() && out.domain == kNoDomain; ++i) {
    if (!ask(layers[i].match, out.predicates)) continue;
    out.domain = layers[i].domain;
    out.match = i;
  }
  return out;
}

Verdict classify(const abi::Classifier& classifier, const TaskFacts& facts, const NameIds& ids) {
  return choose(classifier, cell_of(classifier, facts.cgroup), evaluate_predicates(classifier, facts, ids));
}

bool holds(const abi::Classifier& classifier, const abi::Predicate& predicate, const TaskFacts& facts,
           const NameIds& ids) {
  if (!abi::is_string(predicate.attribute)) return number_holds(predicate, facts, ids);
  const uint64_t bits = run(classifier.automata[predicate.automaton], text_of(facts, predicate.attribute));
  return (bits >> predicate.bit & 1) != 0;
}

bool evaluate(const abi::Expression& expression, const std::vector<Evaluation>& predicates) {
  return visit(expression, [&](uint32_t predicate) { return predicates[predicate].value; });
}

std::vector<uint32_t> predicates_of(const abi::Expression& expression) {
  std::vector<uint32_t> out;
  walk(expression, out);
  return out;
}

std::vector<uint32_t> deciding(const abi::Expression& expression, const std::vector<Evaluation>& predicates) {
  std::vector<uint32_t> out;
  decide(expression, predicates, out);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::string spelled_value(const TaskFacts& facts, abi::Attribute attribute, const NameIds& ids) {
  if (abi::is_string(attribute)) return quoted(text_of(facts, attribute));
  const int64_t number = number_of(facts, attribute);
  switch (attribute) {
    case abi::Attribute::kSched:
      return abi::sched_word(number);
    case abi::Attribute::kKthread:
    case abi::Attribute::kLeader:
      return number != 0 ? "yes" : "no";
    case abi::Attribute::kUid:
      return spelled_identity(number, ids.users);
    case abi::Attribute::kGid:
      return spelled_identity(number, ids.groups);
    default:
      break;
  }
  return number < 0 && (is_place(attribute) || is_gpu(attribute)) ? "none" : std::to_string(number);
}

}  // namespace scx::classify
