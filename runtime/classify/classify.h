// The reference classifier: interprets abi::Classifier for one task, exactly
// as the emitted BPF code must. `scxc test` and the explain commands call it;
// it is pure, so it runs wherever the manifest is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/abi/classifier.h"
#include "runtime/base/check.h"

namespace scx::classify {

// User and group names with their ids. A name that is missing stands for no id.
struct NameIds {
  std::map<std::string, int64_t> users;
  std::map<std::string, int64_t> groups;
};

// What a classifier can read of a task. `cgroup` is its path in the default
// hierarchy ("/" for the root), a comm has at most 15 bytes (a longer one is
// cut, as the kernel does), `sched` is one of abi::kSched….
struct TaskFacts {
  std::string cgroup = "/";
  std::string comm = "";
  std::string leader_comm = "";
  int64_t pid = 1;
  int64_t tgid = 1;
  int64_t ppid = 0;
  int64_t uid = 0;
  int64_t gid = 0;
  int64_t nice = 0;
  int64_t sched = abi::kSchedNormal;
  bool kthread = false;
  bool leader = true;
  // Of its online CPUs: the node (the kernel's number) and the last-level cache (dense index) that has all of
  // them, or -1; whether they are all there are; whether its affinity is a single CPU.
  int64_t affinity_node = -1;
  int64_t affinity_llc = -1;
  bool affinity_full = true;
  bool affinity_pinned = false;
  // The number of a GPU that was opened: by the thread, by some thread of its process; -1: none. And how long
  // ago that was.
  int64_t gpu_thread = -1;
  int64_t gpu_process = -1;
  uint64_t gpu_age_ns = 0;
};

// One predicate, whether a layer asked for it on the way to the verdict, and its value all the same.
struct Evaluation {
  bool value = false;
  bool evaluated = false;
};

inline constexpr uint32_t kNoDomain = UINT32_MAX;

struct Verdict {
  uint32_t cell = 0;                   // index into Classifier::cells
  uint32_t domain = kNoDomain;         // in the cell's first slot; kNoDomain when no expression matches
  uint32_t match = UINT32_MAX;         // index into the cell's layers
  std::vector<Evaluation> predicates;  // one for each predicate of the classifier
};

// The patterns that match the whole value: one bit each, in the automaton's order.
uint64_t run(const abi::Automaton& automaton, std::string_view value);

// The cell that takes tasks of the cgroup at `path`, the one that begins deepest (an index into
// Classifier::cells), and the part of the path at which it begins; empty for root.
struct CellPlace {
  uint32_t cell = 0;
  std::string_view begins;
};
CellPlace place_of(const abi::Classifier& classifier, std::string_view path);
uint32_t cell_of(const abi::Classifier& classifier, std::string_view path);

// Every cell that begins at the cgroup or above it, the outermost first and root before all: a task whose
// own cell does not run is in the one before it.
std::vector<CellPlace> places_of(const abi::Classifier& classifier, std::string_view path);

// Which cell begins at the cgroup itself; nothing if none does. Of two that claim it the first.
std::optional<uint32_t> claim_of(const abi::Classifier& classifier, std::string_view path);

// Preconditions on `classifier`: its indexes are within bounds, as
// manifest_from_json and build_classifier give it.
Verdict classify(const abi::Classifier& classifier, const TaskFacts& facts, const NameIds& ids);

// The two halves of it: what every predicate says of a task, and the layer of `cell` that takes a task of
// which they say that.
std::vector<Evaluation> evaluate_predicates(const abi::Classifier& classifier, const TaskFacts& facts,
                                            const NameIds& ids);
Verdict choose(const abi::Classifier& classifier, uint32_t cell, std::vector<Evaluation> predicates);

// The value of one predicate, whatever asks for it.
bool holds(const abi::Classifier& classifier, const abi::Predicate& predicate, const TaskFacts& facts,
           const NameIds& ids);

// The value of an expression in which `value(predicate)` says what a predicate is. As emitted code does it:
// operands from the left, as far as they are needed.
template <typename Value>
bool visit(const abi::Expression& expression, const Value& value) {
  const auto operand = [&](const abi::Expression& e) { return visit(e, value); };
  switch (expression.kind) {
    case abi::Expression::Kind::kAll:
      return true;
    case abi::Expression::Kind::kTest:
      return value(expression.predicate);
    case abi::Expression::Kind::kNot:
      return !operand(expression.operands.front());
    case abi::Expression::Kind::kAnd:
      return std::all_of(expression.operands.begin(), expression.operands.end(), operand);
    case abi::Expression::Kind::kOr:
      return std::any_of(expression.operands.begin(), expression.operands.end(), operand);
  }
  SCX_CHECK(false, "unknown expression");
}

// The value of any expression over the verdict's predicates.
bool evaluate(const abi::Expression& expression, const std::vector<Evaluation>& predicates);

// The predicates that an expression reads, in the order of their first use.
std::vector<uint32_t> predicates_of(const abi::Expression& expression);

// The predicates that settle an expression's value: of a true `and` and a false
// `or` those of every operand, otherwise those of the first operand that
// decides. Ascending, without duplicates.
std::vector<uint32_t> deciding(const abi::Expression& expression, const std::vector<Evaluation>& predicates);

// What a predicate reads of a task, as text: a number, or a quoted string; of a user or group the name that
// `ids` has for it.
std::string spelled_value(const TaskFacts& facts, abi::Attribute attribute, const NameIds& ids = {});

}  // namespace scx::classify
