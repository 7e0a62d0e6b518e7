// What the language knows, as data: attributes with their values and operators,
// properties with their operands and places, declarations, units, and every
// word that a later version will implement. A new attribute or property is one
// row here and its lowering; the diagnostics' did-you-mean reads the same rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/model/model.h"
#include "runtime/abi/classifier.h"
#include "runtime/abi/manifest.h"

namespace scx::sema {

// What an attribute is compared with.
enum class ValueType : uint8_t { kPath, kComm, kInteger, kUser, kGroup, kPolicyWord, kFlag, kPlace, kGpu };
constexpr bool is_text(ValueType type) { return type == ValueType::kPath || type == ValueType::kComm; }
constexpr bool is_identity(ValueType type) { return type == ValueType::kUser || type == ValueType::kGroup; }

struct AttributeRow {
  std::string_view words;                        // as in a policy, one space between
  std::optional<abi::Attribute> attribute = {};  // none: known, not implemented yet
  ValueType type = ValueType::kFlag;
  int64_t low = 0, high = 0;      // integers: the values that a task can have
  std::string_view source = "";   // where the range comes from
  std::string_view example = "";  // one right use, for help
  std::string_view forms = "";    // words that begin several attributes and are none: these
};
const std::vector<AttributeRow>& attributes();
// The row with the most words that `terms` begin with.
const AttributeRow* find_attribute(const std::vector<ast::Term>& terms);
const AttributeRow& row_of(abi::Attribute attribute);
// The words of those that are implemented.
const std::vector<std::string_view>& attribute_words();
// Whether the word begins an attribute: such words cannot name anything.
bool is_attribute_word(std::string_view word);

// An operator that is a word; it stands before a string.
struct OperatorRow {
  std::string_view word;
  model::StringTest::Op op;
  bool path, comm;  // what it applies to
};
const std::vector<OperatorRow>& word_operators();

// Values of `sched`.
struct SchedRow {
  std::string_view word;
  int64_t value;
};
const std::vector<SchedRow>& sched_words();

// How many words a row's `words` are.
size_t count_words(std::string_view words);

// Blocks that properties stand in.
enum class Place : uint8_t { kPolicy, kLayer, kCell, kRebalance, kTest, kTask };
std::string_view describe(Place place);  // "a layer"
// Those whose properties are rows below, the likeliest first.
inline constexpr Place kPlaces[] = {Place::kPolicy, Place::kLayer, Place::kCell, Place::kRebalance,
                                    Place::kTest};

enum class Property : uint8_t {
  kNone,  // known, not implemented yet
  kSlice,
  kWatchdog,
  kKernel,
  kGpuDevices,
  kMatch,
  kCpus,
  kWeight,
  kOrder,
  kPreempt,
  kUtil,
  kProtected,
  kNodes,
  kLlcs,
  kGrow,
  kPlaceNearGpu,
  kPlaceNearNode,
  kMinRun,
  kYield,
  kResumeLatency,
  kCgroup,
  kAlign,
  kMin,
  kMax,
  kBorrow,
  kLend,
  kRebalance,
  kThreshold,
  kEvery,
  kSmoothing,
  kCooldown,
  kAffinity,
  kShare,
  kOverflow,
  kCleanup,  // read by cleanup.cpp
  kTask,
  kExpect,
  kHost,
};
enum class OperandType : uint8_t { kNothing, kDuration, kInteger, kCpuRange, kWord, kVersion, kSpecial };

// Kinds of layers or of cells.
template <typename Kind>
constexpr uint8_t kind_bit(Kind kind) {
  return static_cast<uint8_t>(1U << static_cast<unsigned>(kind));
}
inline constexpr uint8_t kEveryKind = 7;
inline constexpr uint8_t kClaimingCells = kind_bit(abi::CellKind::kStatic) | kind_bit(abi::CellKind::kFamily);
inline constexpr uint8_t kOwningKinds =
    kind_bit(abi::LayerKind::kConfined) | kind_bit(abi::LayerKind::kGrouped);

struct PropertyRow {
  std::string_view words;
  Place place;
  Property property = Property::kNone;
  OperandType operand = OperandType::kNothing;
  uint64_t low = 0, high = 0;           // kDuration: ns; kInteger: the value
  std::string_view source = "";         // where the range comes from
  std::string_view example = "";        // one right use, for help
  uint8_t kinds = kEveryKind;           // of layers, of cells
  std::string_view why_not_kinds = "";  // why the other kinds do not have it
};
const std::vector<PropertyRow>& properties();
// The row of `place` with the most words that `terms` begin with.
const PropertyRow* find_property(const std::vector<ast::Term>& terms, Place place);

// First words of declarations, and of those that are not implemented yet.
const std::vector<std::string_view>& declaration_words();
const std::vector<std::string_view>& layer_kinds();
const std::vector<std::string_view>& reserved_cell_names();
// Words of `grow`: those of abi::GrowOrder in its order, then those of a later version.
const std::vector<std::string_view>& grow_orders();
inline constexpr size_t kImplementedGrowOrders = 5;

// A unit that may touch a number; `scale` is nanoseconds for durations and bytes for sizes.
struct UnitRow {
  enum class Of : uint8_t { kDuration, kSize, kRate, kShare, kCore };
  std::string_view word;
  Of of;
  uint64_t scale;
};
const std::vector<UnitRow>& units();
const UnitRow* find_unit(std::string_view word);

// Limits of policies.
// Of one cell: a task is compared with one after the other, each time that it is classified.
inline constexpr uint32_t kMaxLayers = 256;
// Layers of all slots together: each has queues, counters and sets of CPUs of its own. As
// codegen::kMaxDomains.
inline constexpr uint32_t kMaxDomains = 1024;
inline constexpr uint32_t kMaxCpus = 8192;     // NR_CPUS_RANGE_END of x86, the largest of any architecture
inline constexpr size_t kMaxPolicyName = 127;  // SCX_OPS_NAME_LEN - 1
inline constexpr uint32_t kMaxExpressionNodes =
    4096;  // far beyond what a person writes; bounds the emitted code
inline constexpr uint32_t kMaxMatcherNodes = 65536;  // of all matchers together: bounds memory
inline constexpr size_t kMaxReferenceDepth = 100;    // matchers that name matchers: bounds recursion
inline constexpr uint64_t kMinLifetime = 1'000'000;  // of memberships, ns
inline constexpr uint64_t kMaxLifetime = 365ULL * 24 * 3600 * 1'000'000'000;
inline constexpr size_t kMaxGpuTests = 64;  // one bit each of what a task remembers
inline constexpr uint64_t kLanguageVersion = 1;

// Kernel series that exist and that policies may ask for, oldest first.
const std::vector<model::KernelVersion>& kernel_series();

}  // namespace scx::sema
