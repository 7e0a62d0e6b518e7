#include "compiler/sema/tables.h"

#include <algorithm>

#include "compiler/model/ranges.h"
#include "runtime/base/check.h"

namespace scx::sema {

using abi::Attribute;
using model::StringTest;

const std::vector<AttributeRow>& attributes() {
  constexpr std::string_view kPidSource =
      "the kernel gives out thread ids from 1 to 4194304 (`PID_MAX_LIMIT`)";
  constexpr std::string_view kIdSource = "ids of users and groups have 32 bits, and 4294967295 means `none`";
  constexpr std::string_view kNiceSource =
      "the kernel has nice levels from -20 to 19 (`MIN_NICE`, `MAX_NICE`)";
  constexpr int64_t kMinorMax = (1 << 20) - 1;
  constexpr std::string_view kMinorSource =
      "the kernel's minor numbers of devices have 20 bits (`MINORBITS`)";
  constexpr std::string_view kAffinityForms =
      "`affinity within node 0`, `affinity within llc {0, 1}`, `affinity full`, `affinity pinned`";
  // Numbers of a task; those of the others are a device's.
  const auto row = [](std::string_view words, Attribute attribute, ValueType type, std::string_view source,
                      std::string_view example) {
    const abi::IntRange numbers = model::numbers_of(attribute);
    return AttributeRow{words, attribute, type, numbers.low, numbers.high, source, example};
  };
  static const std::vector<AttributeRow> rows = {
      {"cgroup", Attribute::kCgroup, ValueType::kPath, 0, 0, "", "cgroup under \"/web.slice\""},
      {"comm", Attribute::kComm, ValueType::kComm, 0, 0, "", "comm \"nginx*\""},
      {"leader comm", Attribute::kLeaderComm, ValueType::kComm, 0, 0, "", "leader comm \"java\""},
      row("pid", Attribute::kPid, ValueType::kInteger, kPidSource, "pid {17, 21}"),
      row("tgid", Attribute::kTgid, ValueType::kInteger, kPidSource, "tgid 17"),
      row("ppid", Attribute::kPpid, ValueType::kInteger, kPidSource, "ppid 1"),
      row("uid", Attribute::kUid, ValueType::kUser, kIdSource, "uid \"www-data\""),
      row("gid", Attribute::kGid, ValueType::kGroup, kIdSource, "gid \"www-data\""),
      row("nice", Attribute::kNice, ValueType::kInteger, kNiceSource, "nice < 0"),
      row("sched", Attribute::kSched, ValueType::kPolicyWord, "", "sched batch"),
      row("kthread", Attribute::kKthread, ValueType::kFlag, "", "kthread"),
      row("leader", Attribute::kLeader, ValueType::kFlag, "", "leader"),
      {"pidns"},
      {"affinity", {}, ValueType::kFlag, 0, 0, "", "", kAffinityForms},
      {"affinity within", {}, ValueType::kFlag, 0, 0, "", "", kAffinityForms},
      // -1: its CPUs are in several.
      row("affinity within node", Attribute::kAffinityNode, ValueType::kPlace,
          "no kernel has more than 1024 NUMA nodes (`MAX_NUMNODES`)", "affinity within node 0"),
      row("affinity within llc", Attribute::kAffinityLlc, ValueType::kPlace,
          "last-level caches are counted from 0 in the order of their first CPU, and no kernel has more than "
          "8192 CPUs",
          "affinity within llc {0, 1}"),
      row("affinity full", Attribute::kAffinityFull, ValueType::kFlag, "", "affinity full"),
      row("affinity pinned", Attribute::kAffinityPinned, ValueType::kFlag, "", "affinity pinned"),
      {"gpu", {}, ValueType::kFlag, 0, 0, "", "", "`gpu thread`, `gpu process device 1 for 5m`"},
      {"gpu thread", Attribute::kGpuThread, ValueType::kGpu, 0, kMinorMax, kMinorSource,
       "gpu thread device 0 for 5m"},
      {"gpu process", Attribute::kGpuProcess, ValueType::kGpu, 0, kMinorMax, kMinorSource,
       "gpu process device 0 for 5m"},
      {"joined"},
      {"child of"},
      {"runtime"},
      {"hint"},
      {"system util"},
      {"direct dispatch ratio"},
  };
  return rows;
}

namespace {

// How many words `words` has if `terms` begin with them, else 0.
size_t leading_words(const std::vector<ast::Term>& terms, std::string_view words) {
  size_t count = 0;
  while (!words.empty()) {
    const size_t space = std::min(words.find(' '), words.size());
    if (count == terms.size()) return 0;
    const auto* word = std::get_if<ast::Word>(&terms[count]);
    if (word == nullptr || word->text != words.substr(0, space)) return 0;
    ++count;
    words.remove_prefix(std::min(space + 1, words.size()));
  }
  return count;
}

}  // namespace

const AttributeRow* find_attribute(const std::vector<ast::Term>& terms) {
  const AttributeRow* best = nullptr;
  size_t best_count = 0;
  for (const AttributeRow& row : attributes()) {
    const size_t count = leading_words(terms, row.words);
    if (count > best_count) {
      best = &row;
      best_count = count;
    }
  }
  return best;
}

const AttributeRow& row_of(Attribute attribute) {
  for (const AttributeRow& row : attributes())
    if (row.attribute == attribute) return row;
  SCX_CHECK(false, "every attribute has a row");
}

const std::vector<std::string_view>& attribute_words() {
  static const std::vector<std::string_view> words = [] {
    std::vector<std::string_view> found;
    for (const AttributeRow& row : attributes())
      if (row.attribute) found.push_back(row.words);
    return found;
  }();
  return words;
}

size_t count_words(std::string_view words) {
  return 1 + static_cast<size_t>(std::count(words.begin(), words.end(), ' '));
}

bool is_attribute_word(std::string_view word) {
  return std::any_of(attributes().begin(), attributes().end(), [&](const AttributeRow& row) {
    return row.words.substr(0, row.words.find(' ')) == word;
  });
}

const std::vector<OperatorRow>& word_operators() {
  static const std::vector<OperatorRow> rows = {
      {"under", StringTest::Op::kUnder, true, false},  {"prefix", StringTest::Op::kPrefix, true, true},
      {"suffix", StringTest::Op::kSuffix, true, true}, {"contains", StringTest::Op::kContains, true, true},
      {"matches", StringTest::Op::kRegex, true, true},
  };
  return rows;
}

const std::vector<SchedRow>& sched_words() {
  static const std::vector<SchedRow> rows = {
      {"normal", abi::kSchedNormal}, {"batch", abi::kSchedBatch}, {"idle", abi::kSchedIdle}};
  return rows;
}

std::string_view describe(Place place) {
  switch (place) {
    case Place::kPolicy:
      return "the policy block";
    case Place::kLayer:
      return "a layer";
    case Place::kCell:
      return "a cell";
    case Place::kRebalance:
      return "a `rebalance` block";
    case Place::kTest:
      return "a test";
    case Place::kTask:
      return "a test's task";
  }
  SCX_CHECK(false, "the place is an enumerator");
}

namespace {

void add_cell_properties(std::vector<PropertyRow>& rows, std::string_view weight_source,
                         std::string_view cpus_source, std::string_view nodes_source,
                         std::string_view llcs_source) {
  constexpr uint64_t kUs = 1'000;
  constexpr uint64_t kMs = 1'000'000;
  constexpr uint64_t kS = 1'000'000'000;
  constexpr uint64_t kHour = 3600 * kS;
  constexpr std::string_view kBorrowSource =
      "below 100us a return costs more than it gives, and beyond 1s every slice has ended";
  constexpr std::string_view kEverySource = "use is measured twice a second";
  constexpr std::string_view kPauseSource = "sizes that stay for hours follow no demand";
  constexpr std::string_view kRootTakesTheRest =
      "the root cell owns what no other cell owns, wherever that is";
  constexpr std::string_view kOwnCgroups =
      "a family names its cgroups behind its own name, and the root cell has all that no other cell claims";
  constexpr std::string_view kOneCell = "only a family has more than one cell";
  constexpr std::string_view kRootRunsAll =
      "tasks that the root cell cannot refuse, such as the kernel's, ask for single CPUs";
  constexpr std::string_view kRootOwns = "the root cell owns CPUs, always one at least";
  constexpr uint8_t kStatic = kind_bit(abi::CellKind::kStatic);
  constexpr uint8_t kFamily = kind_bit(abi::CellKind::kFamily);
  const auto add = [&](PropertyRow row) { rows.push_back(row); };
  using P = Property;
  using O = OperandType;
  constexpr Place kCell = Place::kCell;
  constexpr Place kBlock = Place::kRebalance;
  add({"cgroup", kCell, P::kCgroup, O::kSpecial, 0, 0, "", "cgroup under \"/db.slice\"", kStatic,
       kOwnCgroups});
  add({"max", kCell, P::kMax, O::kInteger, 1, kMaxDomains - 1,
       "each cell has queues and counters of its own, and with root's there are at most 1024 of them",
       "max 64", kFamily, kOneCell});
  add({"cpus", kCell, P::kCpus, O::kCpuRange, 0, kMaxCpus, cpus_source, "cpus 8..16"});
  add({"weight", kCell, P::kWeight, O::kInteger, 1, 10'000, weight_source, "weight 200"});
  add({"min", kCell, P::kMin, O::kSpecial, 1, kMaxCpus, cpus_source, "min 1 core"});
  add({"nodes", kCell, P::kNodes, O::kSpecial, 0, 1023, nodes_source, "nodes {0, 2..3}", kClaimingCells,
       kRootTakesTheRest});
  add({"llcs", kCell, P::kLlcs, O::kSpecial, 0, kMaxCpus - 1, llcs_source, "llcs 0..1", kClaimingCells,
       kRootTakesTheRest});
  add({"align", kCell, P::kAlign, O::kWord, 0, 0, "", "align llc", kClaimingCells, kRootTakesTheRest});
  add({"borrow", kCell, P::kBorrow, O::kDuration, 100 * kUs, kS, kBorrowSource,
       "borrow idle return within 2ms"});
  add({"lend", kCell, P::kLend, O::kWord, 0, 0, "", "lend none"});
  add({"rebalance", kCell, P::kRebalance, O::kSpecial, 0, 0, "", "rebalance { threshold 20%; every 5s; }"});
  add({"affinity", kCell, P::kAffinity, O::kWord, 0, 0, "", "affinity allow", kClaimingCells, kRootRunsAll});
  add({"share", kCell, P::kShare, O::kSpecial, 0, 0, "", "share with db by weight", kClaimingCells,
       kRootOwns});
  add({"overflow", kCell, P::kOverflow, O::kWord, 0, 0, "", "overflow root", kClaimingCells, kRootOwns});
  add({"threshold", kBlock, P::kThreshold, O::kSpecial, 1, 100, "", "threshold 20%"});
  add({"every", kBlock, P::kEvery, O::kDuration, 500 * kMs, kHour, kEverySource, "every 5s"});
  add({"smoothing", kBlock, P::kSmoothing, O::kSpecial, 1, 1000,
       "the part of a new measurement that counts: with 1 the last one alone, with 0 none would",
       "smoothing 0.3"});
  add({"cooldown", kBlock, P::kCooldown, O::kDuration, 0, kHour, kPauseSource, "cooldown 10s"});
}

std::vector<PropertyRow> make_properties() {
  constexpr uint64_t kUs = 1'000;
  constexpr uint64_t kMs = 1'000'000;
  constexpr uint64_t kS = 1'000'000'000;
  constexpr std::string_view kSliceSource =
      "below 100us switching costs more than it gives, and beyond 1s waiting tasks look stalled; "
      "the kernel's own default is 20ms (`SCX_SLICE_DFL`)";
  constexpr std::string_view kWatchdogSource =
      "the kernel ends a scheduler that leaves a runnable task waiting for at most 30s "
      "(`SCX_WATCHDOG_MAX_TIMEOUT`); "
      "below 1s an ordinary hiccup would end it";
  constexpr std::string_view kWeightSource =
      "weights are those of cgroups, 1 to 10000 with 100 as the middle";
  constexpr std::string_view kOpenOwnsNothing =
      "an open layer owns no CPUs: it shares what no other layer owns";
  constexpr std::string_view kCpusSource = "no kernel has more than 8192 CPUs (`NR_CPUS`)";
  constexpr std::string_view kNodesSource = "no kernel has more than 1024 NUMA nodes (`MAX_NUMNODES`)";
  constexpr std::string_view kLlcsSource =
      "last-level caches are counted from 0 in the order of their first CPU, and no kernel has more than "
      "8192 CPUs";
  std::vector<PropertyRow> rows = {
      {"slice", Place::kPolicy, Property::kSlice, OperandType::kDuration, 100 * kUs, kS, kSliceSource,
       "slice 20ms"},
      {"watchdog", Place::kPolicy, Property::kWatchdog, OperandType::kDuration, kS, 30 * kS, kWatchdogSource,
       "watchdog 30s"},
      {"kernel", Place::kPolicy, Property::kKernel, OperandType::kVersion, 0, 0, "", "kernel >= 6.16"},
      {"gpu devices", Place::kPolicy, Property::kGpuDevices, OperandType::kSpecial, 1, abi::kMaxGpuDevices,
       "the scheduler compares every opened device with them", "gpu devices \"/dev/mali0\""},
      {"match", Place::kLayer, Property::kMatch, OperandType::kSpecial, 0, 0, "", "match comm \"nginx*\""},
      {"cpus", Place::kLayer, Property::kCpus, OperandType::kCpuRange, 0, kMaxCpus, kCpusSource,
       "cpus 2..25%", kOwningKinds, kOpenOwnsNothing},
      {"weight", Place::kLayer, Property::kWeight, OperandType::kInteger, 1, 10'000, kWeightSource,
       "weight 200"},
      {"slice", Place::kLayer, Property::kSlice, OperandType::kDuration, 100 * kUs, kS, kSliceSource,
       "slice 5ms"},
      {"order", Place::kLayer, Property::kOrder, OperandType::kWord, 0, 0, "", "order fifo"},
      {"preempt", Place::kLayer, Property::kPreempt, OperandType::kNothing, 0, 0, "", "preempt"},
      {"util", Place::kLayer, Property::kUtil, OperandType::kSpecial, 1, 100,
       "a share of the CPU time that the layer's CPUs have", "util 40%..80%", kOwningKinds, kOpenOwnsNothing},
      {"protected", Place::kLayer, Property::kProtected, OperandType::kNothing, 0, 0, "", "protected",
       kOwningKinds, kOpenOwnsNothing},
      {"nodes", Place::kLayer, Property::kNodes, OperandType::kSpecial, 0, 1023, kNodesSource,
       "nodes {0, 2..3}", kOwningKinds, kOpenOwnsNothing},
      {"llcs", Place::kLayer, Property::kLlcs, OperandType::kSpecial, 0, kMaxCpus - 1, kLlcsSource,
       "llcs 0..1", kOwningKinds, kOpenOwnsNothing},
      {"grow", Place::kLayer, Property::kGrow, OperandType::kWord, 0, 0, "", "grow linear", kOwningKinds,
       kOpenOwnsNothing},
      {"place near gpu", Place::kLayer, Property::kPlaceNearGpu, OperandType::kNothing, 0, 0, "",
       "place near gpu", kOwningKinds, kOpenOwnsNothing},
      {"place near node", Place::kLayer, Property::kPlaceNearNode, OperandType::kSpecial, 0, 1023,
       kNodesSource, "place near node 1", kOwningKinds, kOpenOwnsNothing},
      {"min-run", Place::kLayer, Property::kMinRun, OperandType::kDuration, 0, kS,
       "a charge beyond the longest slice would keep a task away for longer than any run takes",
       "min-run 100us"},
      {"yield", Place::kLayer, Property::kYield, OperandType::kSpecial, 0, 1,
       "the part of a slice that a yield gives up", "yield 0.5"},
      {"resume-latency", Place::kLayer, Property::kResumeLatency, OperandType::kDuration, 0,
       abi::kMaxResumeLatencyNs, "no idle state takes a second to leave: a longer bound would bound nothing",
       "resume-latency 20us", kOwningKinds, kOpenOwnsNothing},
      {"cleanup", Place::kLayer, Property::kCleanup, OperandType::kSpecial, 0, 0, "",
       "cleanup { on cell end { keep stats 5m; } }"},
      {"cleanup", Place::kCell, Property::kCleanup, OperandType::kSpecial, 0, 0, "",
       "cleanup { on cgroup exit { drain tasks to root; } }"},
      {"task", Place::kTest, Property::kTask, OperandType::kSpecial, 0, 0, "", "task { comm \"nginx\"; }"},
      {"expect", Place::kTest, Property::kExpect, OperandType::kSpecial, 0, 0, "",
       "expect layer web in root"},
      {"host", Place::kTest, Property::kHost, OperandType::kSpecial, 0, 0, "", "host \"2n4c2t\""},
  };
  add_cell_properties(rows, kWeightSource, kCpusSource, kNodesSource, kLlcsSource);
  const auto later = [&](Place place, std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) rows.push_back({word, place});
  };
  later(Place::kPolicy, {"irq", "memory", "hints", "partial", "cgroup-limits"});
  later(Place::kLayer, {"preempt first", "exclusive", "idle-confined", "count-open-time", "placement",
                        "prefer", "no-open-after", "no-preempt-after", "migrate-after", "cross-node",
                        "skip-remote-node", "memory-bandwidth", "perf", "peak-hold", "member-for"});
  later(Place::kLayer, {"irq", "histogram", "max"});
  static_assert(kMs == 1000 * kUs);
  return rows;
}

}  // namespace

const std::vector<PropertyRow>& properties() {
  static const std::vector<PropertyRow> rows = make_properties();
  return rows;
}

const PropertyRow* find_property(const std::vector<ast::Term>& terms, Place place) {
  const PropertyRow* best = nullptr;
  size_t best_count = 0;
  for (const PropertyRow& row : properties()) {
    if (row.place != place) continue;
    const size_t count = leading_words(terms, row.words);
    if (count > best_count) {
      best = &row;
      best_count = count;
    }
  }
  return best;
}

const std::vector<std::string_view>& declaration_words() {
  static const std::vector<std::string_view> words = {"language", "include", "policy",  "let",
                                                      "match",    "layer",   "layers",  "cell",
                                                      "cells",    "root",    "cleanup", "test"};
  return words;
}

const std::vector<std::string_view>& layer_kinds() {
  static const std::vector<std::string_view> words = {"confined", "grouped", "open"};
  return words;
}

const std::vector<std::string_view>& reserved_cell_names() {
  static const std::vector<std::string_view> words = {"root", "parent", "siblings", "donors"};
  return words;
}

const std::vector<std::string_view>& grow_orders() {
  using abi::GrowOrder;
  static const std::vector<std::string_view> words = {abi::spelling(GrowOrder::kSticky),
                                                      abi::spelling(GrowOrder::kLinear),
                                                      abi::spelling(GrowOrder::kReverse),
                                                      abi::spelling(GrowOrder::kTopo),
                                                      abi::spelling(GrowOrder::kNodeSpread),
                                                      "random",
                                                      "random-topo",
                                                      "round-robin",
                                                      "big-little",
                                                      "little-big",
                                                      "node-spread-reverse",
                                                      "node-spread-random",
                                                      "cpuset-spread",
                                                      "cpuset-spread-reverse",
                                                      "cpuset-spread-random",
                                                      "sticky-dynamic"};
  return words;
}

const std::vector<UnitRow>& units() {
  using Of = UnitRow::Of;
  static const std::vector<UnitRow> rows = {
      {"ns", Of::kDuration, 1},
      {"us", Of::kDuration, 1'000},
      {"ms", Of::kDuration, 1'000'000},
      {"s", Of::kDuration, 1'000'000'000},
      {"m", Of::kDuration, 60'000'000'000},
      {"h", Of::kDuration, 3'600'000'000'000},
      {"KiB", Of::kSize, 1ULL << 10},
      {"MiB", Of::kSize, 1ULL << 20},
      {"GiB", Of::kSize, 1ULL << 30},
      {"GiB/s", Of::kRate, 1ULL << 30},
      {"%", Of::kShare, 1},
      {"core", Of::kCore, 1},
  };
  return rows;
}

const UnitRow* find_unit(std::string_view word) {
  for (const UnitRow& row : units())
    if (row.word == word) return &row;
  return nullptr;
}

const std::vector<model::KernelVersion>& kernel_series() {
  static const std::vector<model::KernelVersion> series = {{6, 16}, {6, 17}, {6, 18}, {6, 19},
                                                           {7, 0},  {7, 1},  {7, 2},  {7, 3}};
  return series;
}

}  // namespace scx::sema
