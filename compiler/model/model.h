// The model: the policy as it is meant, typed, resolved and immutable. sema/
// builds it; code generation, analysis and the manifest read it and nobody
// changes it. Everything that only depends on the policy and not on how it was
// written is here, once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/model/cleanup.h"
#include "compiler/support/source.h"
#include "runtime/abi/manifest.h"
#include "runtime/abi/settings_text.h"
#include "runtime/classify/classify.h"

namespace scx::model {

struct KernelVersion {
  uint32_t major = 6;
  uint32_t minor = 16;
  auto operator<=>(const KernelVersion&) const = default;
};

// A test of a string attribute, before it becomes part of an automaton.
struct StringTest {
  enum class Op : uint8_t { kExact, kUnder, kPrefix, kSuffix, kContains, kGlob, kRegex };
  Op op = Op::kExact;
  std::string text;
  bool operator==(const StringTest&) const = default;
};

// One leaf test. Equal tests of one attribute are one predicate; `span` is the first place.
struct Predicate {
  abi::Attribute attribute = abi::Attribute::kComm;
  std::optional<StringTest> string;   // string attributes
  std::vector<abi::IntRange> ranges;  // integer attributes: sorted, disjoint, not adjacent
  std::vector<std::string> names;     // uid and gid: resolved when loaded
  bool negated_names = false;
  Span span;
  // Tests of GPU use: as in abi::Predicate.
  std::optional<uint32_t> device = {};
  uint64_t for_ns = 0;
};

// Shared with the manifest: kAll, kTest with an index into Policy::predicates, kNot, kAnd, kOr.
using Expression = abi::Expression;

struct Matcher {
  std::string name;
  Expression expression;
  Span span;  // of the name
  Span match_span;
};

// Where a property of a layer is written: `words` are those of its name, `place near gpu`.
struct WrittenProperty {
  std::string words;
  Span span;
};

// `slice_ns` is resolved: the layer's own or the policy's.
struct Layer : abi::LayerSettings {
  std::string name;
  Expression match;
  bool implicit = false;  // the default layer that the compiler adds
  Span span;              // the header `layer NAME KIND`
  Span match_span;
  std::vector<WrittenProperty> written = {};  // in file order; what is not among them has its default
};

// cells[0] is the root cell. Slots and domains are numbered as in abi::Cell.
struct Cell : abi::CellSettings {
  std::string name;
  abi::CellKind kind = abi::CellKind::kRoot;
  uint32_t max = 1;
  Expression claim;           // which cgroups it begins at; root's means nothing
  std::vector<Layer> layers;  // in file order, the last matches everything
  Span span;                  // the header; of root without a `root cell`, the policy's name
  uint32_t first_slot = 0;
  uint32_t first_domain = 0;
};

// A (slot, layer) pair; its index in Policy::domains is its id in BPF, manifest and statistics.
struct Domain {
  uint32_t cell = 0;  // index into Policy::cells
  uint32_t layer = 0;
  uint32_t slot = 0;
};

// The task of a `test` block; attributes not named have the language's defaults.
// Its place is on the test's host, or full on a machine of which nothing is known. A user or a group with a
// name has the id that the test's engines give it.
struct TestTask : classify::TaskFacts {
  std::string uid_name, gid_name;
};
struct Expectation {
  enum class Kind : uint8_t { kLayer, kMatch };
  Kind kind = Kind::kLayer;
  uint32_t domain = 0;   // kLayer: the layer's in the first slot of its cell
  uint32_t matcher = 0;  // kMatch
  bool negated = false;  // `expect not match NAME`
  Span span;
};
struct Test {
  std::string name;
  TestTask task;
  std::string host;  // the machine as written; empty: none was named
  std::vector<Expectation> expectations;
  Span span;
};

struct Policy {
  std::string name;
  uint64_t slice_ns = 20'000'000;
  std::optional<Span> slice_span;  // if the policy says it
  uint64_t watchdog_ns = 30'000'000'000;
  KernelVersion min_kernel;
  Span min_kernel_span;                  // empty if the policy does not say
  std::vector<std::string> gpu_devices;  // paths of nodes that count beside those of known drivers
  std::vector<Predicate> predicates;
  std::vector<Matcher> matchers;
  std::vector<Cell> cells;
  std::vector<Domain> domains;
  std::vector<Test> tests;
  std::vector<CleanupRule> cleanup;  // scope by scope, outer ones first

  // Precondition: `id` is a domain.
  [[nodiscard]] const Layer& layer(uint32_t id) const {
    return cells[domains[id].cell].layers[domains[id].layer];
  }
  // How many cells may run at a time, root among them.
  [[nodiscard]] uint32_t slots() const { return cells.back().first_slot + cells.back().max; }
  // Numbers slots and fills `domains` from `cells`.
  void number_domains();
  // Whether any predicate that a layer or a claim uses reads the attribute.
  [[nodiscard]] bool reads(abi::Attribute attribute) const;
};

// The words of the language, and text in its syntax: `comm glob "nginx*"`,
// `nice -20..-6`, `20ms`. For explanations, dumps and comments in emitted C.
using abi::spelling;  // of layer kinds, queue orders and attributes
std::string_view spelling(StringTest::Op op);
std::string to_string(KernelVersion version);
using abi::to_string;  // of amounts of CPUs and of ids
std::string to_string(const Predicate& predicate);
// Precondition: every index in `expression` is one of `policy.predicates`.
std::string to_string(const Policy& policy, const Expression& expression);
using abi::duration_text;
using abi::property_texts;
// Equal exactly for expressions, of this policy or of another, that differ in spelling only: in the order of
// operands, in repetition, in double negation, in names of matchers.
std::string canonical_text(const Policy& policy, const Expression& expression);

// Stable text, one fact a line: the answer to `--dump=model`.
std::string dump(const Policy& policy);
// The same as JSON, keys sorted, ends in a newline. Bytes of strings that are
// not UTF-8 are replaced.
std::string to_json(const Policy& policy);
// 32 hex digits. Equal for policies of equal meaning: places, the order of
// operands, double negation, matcher names, unused matchers and tests do not count.
std::string fingerprint(const Policy& policy);

}  // namespace scx::model
