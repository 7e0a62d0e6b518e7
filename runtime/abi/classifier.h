// The classifier of a policy as data: predicates over task attributes, the
// boolean expressions of its layers, and the string automata they read. The
// compiler builds it once; code generation turns it into C, the manifest
// carries it, and the reference classifier (runtime/classify) interprets it.
// So what is explained is what runs.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scx::abi {

// Every attribute the language knows by now, with its spelling in a policy.
enum class Attribute : uint8_t {
  kCgroup,
  kComm,
  kLeaderComm,
  kPid,
  kTgid,
  kPpid,
  kUid,
  kGid,
  kNice,
  kSched,
  kKthread,
  kLeader,
  // Of the CPUs that the task may use and that are online:
  kAffinityNode,    // the one node that has all of them (the kernel's number), or -1
  kAffinityLlc,     // the one last-level cache that has all of them (dense index), or -1
  kAffinityFull,    // a flag: they are all that are online
  kAffinityPinned,  // a flag: its affinity is a single CPU
  // The number of a GPU that the thread, some thread of its process, opened; -1: none. Written as a flag.
  kGpuThread,
  kGpuProcess,
};
inline constexpr size_t kAttributeCount = 18;
std::string_view spelling(Attribute attribute);
// Whether values of the attribute are byte strings (otherwise integers; flags are 0 and 1).
constexpr bool is_string(Attribute a) {
  return a == Attribute::kCgroup || a == Attribute::kComm || a == Attribute::kLeaderComm;
}

// Whether the attribute's values are 0 and 1 and it is written without a value.
constexpr bool is_flag(Attribute a) {
  return a == Attribute::kKthread || a == Attribute::kLeader || a == Attribute::kAffinityFull ||
         a == Attribute::kAffinityPinned;
}
// Whether the attribute says what GPU was opened.
constexpr bool is_gpu(Attribute a) { return a == Attribute::kGpuThread || a == Attribute::kGpuProcess; }
// Whether the attribute says where all of a task's CPUs are.
constexpr bool is_place(Attribute a) { return a == Attribute::kAffinityNode || a == Attribute::kAffinityLlc; }

// Values of `sched`: the kernel's own numbers (include/uapi/linux/sched.h).
inline constexpr int64_t kSchedNormal = 0;
inline constexpr int64_t kSchedBatch = 3;
inline constexpr int64_t kSchedIdle = 5;
// The language's word for one of them, or the number where there is none.
std::string sched_word(int64_t policy);

// Longest comm, without its terminating zero: TASK_COMM_LEN - 1.
inline constexpr size_t kCommBytes = 15;

// A place in the policy text; line and column count from 1. `file` is relative
// to the folder of the main policy file.
struct Location {
  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;
  bool operator==(const Location&) const = default;
};

// A closed range.
struct IntRange {
  int64_t low = 0;
  int64_t high = 0;
  bool operator==(const IntRange&) const = default;
};

// One test of one attribute. An integer attribute matches when its value lies
// in one of `ranges` (sorted, disjoint, not adjacent) or equals the id of one
// of `names` (users or groups, resolved when loaded). A string attribute
// matches when bit `bit` of automaton `automaton` is set after its value.
// With `negated_names` there are names and no ranges.
struct Predicate {
  Attribute attribute = Attribute::kComm;
  std::vector<IntRange> ranges;
  std::vector<std::string> names;
  bool negated_names = false;  // `uid != "nobody"`: matches unless the id is one of `names`
  uint32_t automaton = 0;
  uint32_t bit = 0;
  // Tests of GPU use have these instead of ranges: only opens of this device count, and only for so long; 0:
  // until exit.
  std::optional<uint32_t> device = {};
  uint64_t for_ns = 0;
  std::string text;  // as written, for explanations
  Location where;
  bool operator==(const Predicate&) const = default;
};

// A set of CPUs that tests of the affinity compare with. The loader finds its
// CPUs; its position in Manifest::places is its number in the map `places`.
struct Place {
  enum class Kind : uint8_t { kNode, kLlc, kOnline };
  Kind kind = Kind::kOnline;
  uint32_t id = 0;  // the kernel's number of the node, the dense index of the cache; 0 for kOnline
  auto operator<=>(const Place&) const = default;
};
// One bit each of a 64-bit word; bit 63 says whether the task is pinned.
inline constexpr uint32_t kMaxPlaces = 63;

// A boolean expression. `all` matches everything and has no operands, `not`
// has one, `and` and `or` have two or more, `test` names a predicate.
// Expressions nest at most kMaxExpressionDepth deep.
inline constexpr uint32_t kMaxExpressionDepth = 256;
struct Expression {
  enum class Kind : uint8_t { kAll, kTest, kNot, kAnd, kOr };
  Kind kind = Kind::kAll;
  uint32_t predicate = 0;  // index into Classifier::predicates, for kTest
  std::vector<Expression> operands;
  bool operator==(const Expression&) const = default;
};

// A table-driven automaton over bytes. State 0 is the start. Reading byte b in
// state s goes to next[s * class_count + class_of[b]], and the bits of
// entered[that state] are OR-ed into the result; after the last byte the bits
// of final[state] are OR-ed too. Bits, not states, remember which `contains`
// have hit, so k of them do not need 2^k states.
struct Automaton {
  Attribute attribute = Attribute::kComm;
  uint32_t class_count = 1;
  std::array<uint8_t, 256> class_of{};
  std::vector<uint16_t> next;     // state_count() * class_count
  std::vector<uint64_t> entered;  // per state
  std::vector<uint64_t> final;    // per state
  [[nodiscard]] uint32_t state_count() const { return static_cast<uint32_t>(entered.size()); }
  bool operator==(const Automaton&) const = default;
};
// More states than these in one automaton make another one (or a diagnostic): a state fits a byte.
inline constexpr uint32_t kMaxAutomatonStates = 256;
// Predicates per automaton: one bit each of a 64-bit word.
inline constexpr uint32_t kMaxAutomatonBits = 64;
// Each walks a name once more when a task or a cgroup is looked at, and the compiler builds them one by one.
inline constexpr size_t kMaxAutomata = 128;

// Which layer takes a task: `domain` is the layer's in the first slot of its cell.
struct DomainMatch {
  uint32_t domain = 0;
  Expression match;
  Location where;
  bool operator==(const DomainMatch&) const = default;
};

// A declared cell: the cgroups at which it begins, and its layers in file order,
// of which the first that matches wins. A task belongs to the cell that begins
// at the deepest of its cgroup and that one's ancestors, or to root.
struct CellMatch {
  Expression claim;  // over predicates of `cgroup` only; root's is never asked
  std::vector<DomainMatch> layers;
  bool operator==(const CellMatch&) const = default;
};

struct Classifier {
  std::vector<Predicate> predicates;
  std::vector<Automaton> automata;
  std::vector<CellMatch> cells;  // as Manifest::cells; root first
  bool operator==(const Classifier&) const = default;
};

}  // namespace scx::abi
