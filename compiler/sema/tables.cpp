#include "compiler/sema/tables.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace scx::sema {

using abi::Attribute;
using model::StringTest;

const std::vector<AttributeRow>& attributes() {
  // PID_MAX_LIMIT (include/linux/threads.h) is 4 Mi on 64-bit machines; pid 0 are the idle tasks.
  constexpr int64_t kPidMax = 4 * 1024 * 1024;
  constexpr std::string_view kPidSource =
      "the kernel gives out thread ids from 1 to 4194304 (`PID_MAX_LIMIT`)";
  // (uid_t)-1 means `no user` in system calls.
  constexpr int64_t kIdMax = UINT32_MAX - 1;
  constexpr std::string_view kIdSource = "ids of users and groups have 32 bits, and 4294967295 means `none`";
  constexpr std::string_view kNiceSource =
      "the kernel has nice levels from -20 to 19 (`MIN_NICE`, `MAX_NICE`)";
  static const std::vector<AttributeRow> rows = {
      {"cgroup", Attribute::kCgroup, ValueType::kPath, 0, 0, "", "cgroup under \"/web.slice\""},
      {"comm", Attribute::kComm, ValueType::kComm, 0, 0, "", "comm \"nginx*\""},
      {"leader comm", Attribute::kLeaderComm, ValueType::kComm, 0, 0, "", "leader comm \"java\""},
      {"pid", Attribute::kPid, ValueType::kInteger, 1, kPidMax, kPidSource, "pid {17, 21}"},
      {"tgid", Attribute::kTgid, ValueType::kInteger, 1, kPidMax, kPidSource, "tgid 17"},
      {"ppid", Attribute::kPpid, ValueType::kInteger, 0, kPidMax, kPidSource, "ppid 1"},
      {"uid", Attribute::kUid, ValueType::kUser, 0, kIdMax, kIdSource, "uid 1000..1999"},
      {"gid", Attribute::kGid, ValueType::kGroup, 0, kIdMax, kIdSource, "gid \"www-data\""},
      {"nice", Attribute::kNice, ValueType::kInteger, -20, 19, kNiceSource, "nice < 0"},
      {"sched", Attribute::kSched, ValueType::kPolicyWord, 0, 7, "", "sched batch"},
      {"kthread", Attribute::kKthread, ValueType::kFlag, 0, 1, "", "kthread"},
      {"leader", Attribute::kLeader, ValueType::kFlag, 0, 1, "", "leader"},
      {"pidns"},
      {"affinity"},
      {"gpu"},
      {"gpu thread"},
      {"gpu process"},
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
    case Place::kTest:
      return "a test";
    case Place::kTask:
      return "a test's task";
  }
  SCX_CHECK(false, "the place is an enumerator");
}

namespace {

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
  std::vector<PropertyRow> rows = {
      {"slice", Place::kPolicy, Property::kSlice, OperandType::kDuration, 100 * kUs, kS, kSliceSource,
       "slice 20ms"},
      {"watchdog", Place::kPolicy, Property::kWatchdog, OperandType::kDuration, kS, 30 * kS, kWatchdogSource,
       "watchdog 30s"},
      {"kernel", Place::kPolicy, Property::kKernel, OperandType::kVersion, 0, 0, "", "kernel >= 6.16"},
      {"match", Place::kLayer, Property::kMatch, OperandType::kSpecial, 0, 0, "", "match comm \"nginx*\""},
      {"cpus", Place::kLayer, Property::kCpus, OperandType::kCpuRange, 0, kMaxCpus,
       "no kernel has more than 8192 CPUs (`NR_CPUS`)", "cpus 2..25%", kOwningKinds, kOpenOwnsNothing},
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
      {"nodes", Place::kLayer, Property::kNodes, OperandType::kSpecial, 0, 1023,
       "no kernel has more than 1024 NUMA nodes (`MAX_NUMNODES`)", "nodes {0, 2..3}", kOwningKinds,
       kOpenOwnsNothing},
      {"llcs", Place::kLayer, Property::kLlcs, OperandType::kSpecial, 0, kMaxCpus - 1,
       "last-level caches are counted from 0 in the order of their first CPU, and no kernel has more than "
       "8192 CPUs",
       "llcs 0..1", kOwningKinds, kOpenOwnsNothing},
      {"grow", Place::kLayer, Property::kGrow, OperandType::kWord, 0, 0, "", "grow linear", kOwningKinds,
       kOpenOwnsNothing},
      {"min-run", Place::kLayer, Property::kMinRun, OperandType::kDuration, 0, kS,
       "a charge beyond the longest slice would keep a task away for longer than any run takes",
       "min-run 100us"},
      {"yield", Place::kLayer, Property::kYield, OperandType::kSpecial, 0, 1,
       "the part of a slice that a yield gives up", "yield 0.5"},
      {"cleanup", Place::kLayer, Property::kCleanup, OperandType::kSpecial, 0, 0, "",
       "cleanup { on cell end { keep stats 5m; } }"},
      {"cleanup", Place::kCell, Property::kCleanup, OperandType::kSpecial, 0, 0, "",
       "cleanup { on cgroup exit { drain tasks to root; } }"},
      {"task", Place::kTest, Property::kTask, OperandType::kSpecial, 0, 0, "", "task { comm \"nginx\"; }"},
      {"expect", Place::kTest, Property::kExpect, OperandType::kSpecial, 0, 0, "",
       "expect layer web in root"},
  };
  const auto later = [&](Place place, std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) rows.push_back({word, place});
  };
  later(Place::kPolicy, {"irq", "memory", "gpu", "hints", "partial", "cgroup-limits"});
  later(Place::kLayer, {"preempt first",    "exclusive",     "idle-confined",  "count-open-time",
                        "placement",        "place",         "prefer",         "no-open-after",
                        "no-preempt-after", "migrate-after", "cross-node",     "skip-remote-node",
                        "memory-bandwidth", "perf",          "resume-latency", "peak-hold",
                        "member-for",       "irq",           "histogram",      "max"});
  later(Place::kCell, {"cgroup", "cpus", "weight", "nodes", "llcs", "align", "min", "max", "borrow", "lend",
                       "rebalance", "affinity", "share", "overflow"});
  later(Place::kTest, {"host"});
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
