#include "runtime/classify/classify.h"

#include <algorithm>

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

bool holds(const abi::Predicate& predicate, int64_t value, const NameIds& ids) {
  if (is_gpu(predicate.attribute))
    return value >= 0 && (!predicate.device || value == int64_t{*predicate.device});
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

// As emitted code does it: operands from the left, as far as they are needed.
bool visit(const abi::Expression& expression, std::vector<Evaluation>& predicates) {
  const auto operand = [&](const abi::Expression& e) { return visit(e, predicates); };
  switch (expression.kind) {
    case abi::Expression::Kind::kAll:
      return true;
    case abi::Expression::Kind::kTest:
      predicates[expression.predicate].evaluated = true;
      return predicates[expression.predicate].value;
    case abi::Expression::Kind::kNot:
      return !operand(expression.operands.front());
    case abi::Expression::Kind::kAnd:
      return std::all_of(expression.operands.begin(), expression.operands.end(), operand);
    case abi::Expression::Kind::kOr:
      return std::any_of(expression.operands.begin(), expression.operands.end(), operand);
  }
  SCX_CHECK(false, "unknown expression");
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

Verdict classify(const abi::Classifier& classifier, const TaskFacts& facts, const NameIds& ids) {
  std::vector<uint64_t> bits;
  for (const abi::Automaton& automaton : classifier.automata)
    bits.push_back(run(automaton, text_of(facts, automaton.attribute)));
  Verdict out;
  for (const abi::Predicate& predicate : classifier.predicates) {
    const bool value = abi::is_string(predicate.attribute)
                           ? (bits[predicate.automaton] >> predicate.bit & 1) != 0
                           : holds(predicate, number_of(facts, predicate.attribute), ids);
    out.predicates.push_back({value, false});
  }
  for (uint32_t i = 0; i < classifier.domains.size() && out.domain == kNoDomain; ++i) {
    if (!visit(classifier.domains[i].match, out.predicates)) continue;
    out.domain = classifier.domains[i].domain;
    out.match = i;
  }
  return out;
}

bool evaluate(const abi::Expression& expression, const std::vector<Evaluation>& predicates) {
  std::vector<Evaluation> copy = predicates;
  return visit(expression, copy);
}

std::vector<uint32_t> deciding(const abi::Expression& expression, const std::vector<Evaluation>& predicates) {
  std::vector<uint32_t> out;
  decide(expression, predicates, out);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::string spelled_value(const TaskFacts& facts, abi::Attribute attribute) {
  if (abi::is_string(attribute)) return quoted(text_of(facts, attribute));
  const int64_t number = number_of(facts, attribute);
  return number < 0 && (is_place(attribute) || is_gpu(attribute)) ? "none" : std::to_string(number);
}

}  // namespace scx::classify
