#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runtime/abi/manifest.h"
#include "runtime/abi/words.h"
#include "runtime/base/file.h"
#include "runtime/base/refusal.h"

namespace scx::abi {
namespace {

using nlohmann::json;

// Bounds on what a reader accepts. They are far above what scxc writes and
// keep a hostile document from costing more than its own length in memory.
constexpr size_t kMaxDocumentBytes = 32u << 20;
constexpr size_t kMaxNameBytes = 255;
constexpr size_t kMaxTextBytes = 65536;
constexpr size_t kMaxDomains = 4096;
constexpr uint32_t kMaxSlots = 4096;
constexpr size_t kMaxPredicates = 65536;
constexpr size_t kMaxAutomata = 4096;
constexpr size_t kMaxRanges = 65536;
constexpr size_t kMaxKernelFunctions = 4096;
constexpr size_t kMaxOperands = 65536;
constexpr uint32_t kMaxWeight = 10000;

// A value of the document and its JSON path, reading towards the first error:
// after it, every getter answers with an empty value and reports nothing.
class Node {
 public:
  Node(const json& value, std::string path, std::optional<Error>& error)
      : value_(value), path_(std::move(path)), error_(error) {}

  void fail(const std::string& what) const {
    if (error_) return;
    error_ = make_error("manifest: `{}`: {}", path_, what);
    error_->reason = "bad-manifest";
  }
  [[nodiscard]] bool failed() const { return error_.has_value(); }

  [[nodiscard]] Node member(std::string_view name) const {
    if (!value_.is_object()) {
      fail("not an object");
      return {empty(), path_, error_};
    }
    const auto found = value_.find(name);
    if (found == value_.end()) {
      fail(fmt::format("member `{}` is missing", name));
      return {empty(), path_, error_};
    }
    return {*found, fmt::format("{}.{}", path_, name), error_};
  }
  [[nodiscard]] bool has(std::string_view name) const { return value_.is_object() && value_.contains(name); }

  [[nodiscard]] bool object() const {
    if (!failed() && !value_.is_object()) fail("not an object");
    return !failed();
  }

  // The number of elements, 0 after a failure.
  [[nodiscard]] size_t array(size_t min, size_t max) const {
    if (failed()) return 0;
    if (!value_.is_array()) {
      fail("not an array");
      return 0;
    }
    if (value_.size() < min || value_.size() > max) {
      fail(fmt::format("{} elements where {} to {} may stand", value_.size(), min, max));
      return 0;
    }
    return value_.size();
  }
  [[nodiscard]] Node element(size_t i) const { return {value_[i], fmt::format("{}[{}]", path_, i), error_}; }

  // An integer in [min, max].
  template <typename T>
  [[nodiscard]] T integer(T min = std::numeric_limits<T>::min(),
                          T max = std::numeric_limits<T>::max()) const {
    if (failed()) return min;
    if (!value_.is_number_integer()) {
      fail("not an integer");
      return min;
    }
    bool inside = false;
    T out{};
    if (value_.is_number_unsigned()) {
      const auto number = value_.get<uint64_t>();
      inside = std::in_range<T>(number);
      out = static_cast<T>(number);
    } else {
      const auto number = value_.get<int64_t>();
      inside = std::in_range<T>(number);
      out = static_cast<T>(number);
    }
    if (!inside || out < min || out > max) {
      fail(fmt::format("{} is outside {}..{}", value_.dump(), min, max));
      return min;
    }
    return out;
  }

  // An index into a table of `size` entries.
  [[nodiscard]] uint32_t index(size_t size, const char* table) const {
    const auto out = integer<uint32_t>();
    if (!failed() && out >= size) fail(fmt::format("{} points outside the {} {}", out, size, table));
    return failed() ? 0 : out;
  }

  [[nodiscard]] bool boolean() const {
    if (failed()) return false;
    if (!value_.is_boolean()) {
      fail("not a boolean");
      return false;
    }
    return value_.get<bool>();
  }

  [[nodiscard]] std::string text(size_t max_bytes = kMaxTextBytes) const {
    if (failed()) return {};
    const auto* string = value_.get_ptr<const json::string_t*>();
    if (string == nullptr) {
      fail("not a string");
      return {};
    }
    if (string->size() > max_bytes) {
      fail(fmt::format("{} bytes long, at most {} may be", string->size(), max_bytes));
      return {};
    }
    return *string;
  }

  // A name: not empty, and safe to print.
  [[nodiscard]] std::string name() const {
    std::string out = line(kMaxNameBytes);
    if (!failed() && out.empty()) fail("empty");
    return out;
  }

  // Text that is safe to print, possibly empty.
  [[nodiscard]] std::string line(size_t max_bytes = kMaxTextBytes) const {
    std::string out = text(max_bytes);
    if (failed()) return {};
    if (std::any_of(out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
      fail("holds a control character");
    return out;
  }

  template <typename Enum, size_t N>
  [[nodiscard]] Enum word(const words::Table<Enum, N>& table) const {
    const std::string given = text(kMaxNameBytes);
    for (const auto& [value, spelled] : table)
      if (spelled == given) return value;
    if (!failed()) fail(fmt::format("unknown word {}", scx::quoted(given)));
    return table.front().first;
  }

  [[nodiscard]] Attribute attribute() const {
    const std::string given = text(kMaxNameBytes);
    for (size_t i = 0; i < kAttributeCount; ++i)
      if (spelling(static_cast<Attribute>(i)) == given) return static_cast<Attribute>(i);
    if (!failed()) fail(fmt::format("unknown attribute {}", scx::quoted(given)));
    return Attribute::kComm;
  }

 private:
  static const json& empty() {
    static const json value;
    return value;
  }

  const json& value_;
  std::string path_;
  std::optional<Error>& error_;
};

Location read_location(const Node& node) {
  return {node.member("file").line(), node.member("line").integer<uint32_t>(),
          node.member("column").integer<uint32_t>()};
}

CpuAmount read_amount(const Node& node) {
  CpuAmount out;
  out.unit = node.member("unit").word(words::kUnits);
  const uint32_t max = out.unit == CpuAmount::Unit::kPercent ? 100 : std::numeric_limits<uint32_t>::max();
  out.value = node.member("value").integer<uint32_t>(0, max);
  return out;
}

std::vector<IntRange> read_ranges(const Node& node) {
  std::vector<IntRange> out;
  const size_t size = node.array(0, kMaxRanges);
  for (size_t i = 0; i < size && !node.failed(); ++i) {
    const Node pair = node.element(i);
    if (pair.array(2, 2) != 2) break;
    const IntRange range{pair.element(0).integer<int64_t>(), pair.element(1).integer<int64_t>()};
    if (range.low > range.high) pair.fail("ends before it begins");
    // Sorted, disjoint and not adjacent; the last range's end cannot overflow because a successor is above
    // it.
    if (!out.empty() && (range.low <= out.back().high || range.low - 1 == out.back().high))
      pair.fail("not above the range before it");
    out.push_back(range);
  }
  return out;
}

CpuRange read_cpus(const Node& node) {
  return {read_amount(node.member("floor")), read_amount(node.member("ceiling"))};
}

uint64_t read_resume_latency(const Node& domain) {
  const Node latency = domain.member("resume_latency_ns");
  const auto value = latency.integer<uint64_t>(0, kMaxResumeLatencyNs);
  if (value % 1000 != 0) latency.fail("not a whole number of microseconds");
  return value;
}

// Ways back name cells that may stand further down: `cells` are the names of all of them.
using Names = std::vector<std::string>;

template <typename Way, typename Words>
Way read_way(const Node& node, const Names& cells, const Words& table) {
  Way out;
  out.to = node.member("to").word(table);
  if (out.to != Way::To::kCell) return out;
  const Node cell = node.member("cell");
  const std::string name = cell.name();
  const auto found = std::find(cells.begin(), cells.end(), name);
  if (!node.failed() && found == cells.end())
    cell.fail(fmt::format("no cell is called {}", scx::quoted(name)));
  if (!node.failed()) out.cell = static_cast<uint32_t>(found - cells.begin());
  return out;
}

std::optional<uint64_t> read_keep_stats(const Node& node) {
  if (!node.has("keep_stats_ns")) return std::nullopt;
  return node.member("keep_stats_ns").integer<uint64_t>(1, kMaxKeepStatsNs);
}

CellCleanup read_cell_cleanup(const Node& node, const Names& cells) {
  CellCleanup out;
  if (!node.object()) return out;
  if (node.has("cpus") && node.member("cpus").object())
    for (const auto& [event, word] : words::kCellEventWords)
      if (const Node cpus = node.member("cpus"); cpus.has(word))
        out.cpus[static_cast<size_t>(event)] =
            read_way<CpuReturn>(cpus.member(word), cells, words::kCpuReturns);
  out.keep_stats_ns = read_keep_stats(node);
  return out;
}

DomainCleanup read_domain_cleanup(const Node& node, const Names& cells) {
  DomainCleanup out;
  if (!node.object()) return out;
  const auto read = [&](CellEvent event, TaskDrain& way) {
    const Node tasks = node.member("tasks");
    if (tasks.has(spelling(event)))
      way = read_way<TaskDrain>(tasks.member(spelling(event)), cells, words::kTaskDrains);
  };
  if (node.has("tasks") && node.member("tasks").object()) {
    read(CellEvent::kCgroupExit, out.on_cgroup_exit);
    read(CellEvent::kCellEnd, out.on_cell_end);
  }
  out.keep_stats_ns = read_keep_stats(node);
  return out;
}

PolicyCleanup read_policy_cleanup(const Node& node) {
  return {node.member("stall").word(words::kEndActions), node.member("cpu offline").word(words::kEndActions)};
}

Domain read_layer(const Node& node, const Names& cells) {
  Domain out;
  out.layer = node.member("layer").name();
  out.kind = node.member("kind").word(words::kLayerKinds);
  out.cpus = read_cpus(node.member("cpus"));
  const Node util = node.member("util");
  if (util.array(2, 2) == 2) {
    out.util = {util.element(0).integer<uint32_t>(1, 99), util.element(1).integer<uint32_t>(2, 100)};
    if (out.util.low >= out.util.high) util.fail("ends before it begins");
  }
  out.grow = node.member("grow").word(words::kGrowOrders);
  out.is_protected = node.member("protected").boolean();
  out.nodes = read_ranges(node.member("nodes"));
  out.llcs = read_ranges(node.member("llcs"));
  if (node.has("near_gpus")) out.near_gpus = node.member("near_gpus").boolean();
  if (node.has("near_nodes")) out.near_nodes = read_ranges(node.member("near_nodes"));
  if (node.has("resume_latency_ns")) out.resume_latency_ns = read_resume_latency(node);
  out.slice_ns = node.member("slice_ns").integer<uint64_t>(1);
  out.weight = node.member("weight").integer<uint32_t>(1, kMaxWeight);
  out.order = node.member("order").word(words::kQueueOrders);
  out.preempt = node.member("preempt").boolean();
  out.min_run_ns = node.member("min_run_ns").integer<uint64_t>();
  out.yield_loss = node.member("yield_loss").integer<uint32_t>(0, kYieldAll);
  out.where = read_location(node.member("where"));
  if (node.has("cleanup")) out.cleanup = read_domain_cleanup(node.member("cleanup"), cells);
  return out;
}

void read_cell_settings(const Node& node, Cell& out) {
  out.source = node.member("source").word(words::kCellCpus);
  out.cpus = read_cpus(node.member("cpus"));
  out.cpu_list = read_ranges(node.member("cpu_list"));
  out.weight = node.member("weight").integer<uint32_t>(1, kMaxWeight);
  out.min = read_amount(node.member("min"));
  out.nodes = read_ranges(node.member("nodes"));
  out.llcs = read_ranges(node.member("llcs"));
  out.align = node.member("align").word(words::kAlignments);
  out.lends = node.member("lends").boolean();
  out.affinity = node.member("affinity").word(words::kCellAffinities);
  if (node.has("borrow")) {
    const Node borrow = node.member("borrow");
    out.borrow.emplace();
    if (borrow.has("return_within_ns"))
      out.borrow->return_within_ns = borrow.member("return_within_ns").integer<uint64_t>(1);
  }
  if (node.has("rebalance")) {
    const Node rebalance = node.member("rebalance");
    out.rebalance = {rebalance.member("threshold").integer<uint32_t>(1, 100),
                     rebalance.member("every_ns").integer<uint64_t>(1),
                     rebalance.member("smoothing").integer<uint32_t>(1, 1000),
                     rebalance.member("cooldown_ns").integer<uint64_t>()};
  }
  if (node.has("share_with")) out.share_with = node.member("share_with").name();
  if (node.has("overflow")) out.overflow = node.member("overflow").word(words::kOverflows);
}

// Appends the cell and the domains of its slots.
void read_cell(const Node& node, const Names& cells, Manifest& manifest) {
  Cell out;
  out.name = node.member("name").name();
  const Node kind = node.member("kind");
  out.kind = kind.word(words::kCellKinds);
  if ((out.kind == CellKind::kRoot) != manifest.cells.empty())
    kind.fail("the first cell, and no other, is root");
  out.max = node.member("max").integer<uint32_t>(1, out.kind == CellKind::kFamily ? kMaxSlots : 1);
  read_cell_settings(node, out);
  out.where = read_location(node.member("where"));
  if (node.has("cleanup")) out.cleanup = read_cell_cleanup(node.member("cleanup"), cells);
  const Node layers = node.member("layers");
  const size_t size = layers.array(1, kMaxDomains);
  out.layer_count = static_cast<uint32_t>(size);
  out.first_slot = slot_count(manifest.cells);
  out.first_domain = static_cast<uint32_t>(manifest.domains.size());
  if (manifest.domains.size() + size * out.max > kMaxDomains) layers.fail("too many domains");
  std::vector<Domain> read;
  for (size_t i = 0; i < size && !node.failed(); ++i) read.push_back(read_layer(layers.element(i), cells));
  for (uint32_t k = 0; k < out.max && !node.failed(); ++k)
    for (Domain domain : read) {
      domain.cell = out.name;
      domain.slot = out.first_slot + k;
      manifest.domains.push_back(std::move(domain));
    }
  manifest.cells.push_back(std::move(out));
}

Predicate read_predicate(const Node& node, const std::vector<Automaton>& automata) {
  Predicate out;
  out.attribute = node.member("attribute").attribute();
  out.text = node.member("text").text();
  out.where = read_location(node.member("where"));
  if (is_string(out.attribute)) {
    const Node automaton = node.member("automaton");
    out.automaton = automaton.index(automata.size(), "automata");
    if (!node.failed() && automata[out.automaton].attribute != out.attribute)
      automaton.fail("the automaton reads another attribute");
    out.bit = node.member("bit").index(kMaxAutomatonBits, "bits");
    return out;
  }
  if (is_gpu(out.attribute)) {
    if (node.has("device")) out.device = node.member("device").integer<uint32_t>();
    if (node.has("for_ns")) out.for_ns = node.member("for_ns").integer<uint64_t>(1);
  }
  out.ranges = read_ranges(node.member("ranges"));
  const Node names = node.member("names");
  const bool nameable = out.attribute == Attribute::kUid || out.attribute == Attribute::kGid;
  const size_t size = names.array(0, nameable ? kMaxRanges : 0);
  for (size_t i = 0; i < size && !node.failed(); ++i) out.names.push_back(names.element(i).name());
  out.negated_names = node.member("negated_names").boolean();
  if (out.negated_names && (out.names.empty() || !out.ranges.empty()))
    node.fail("negated names, and not only names");
  return out;
}

Expression read_expression(const Node& node, size_t predicates, uint32_t depth) {
  Expression out;
  if (depth > kMaxExpressionDepth) {
    node.fail(fmt::format("nested more than {} deep", kMaxExpressionDepth));
    return out;
  }
  out.kind = node.member("kind").word(words::kExpressionKinds);
  switch (out.kind) {
    case Expression::Kind::kAll:
      if (node.has("operands")) node.fail("`all` takes no operands");
      return out;
    case Expression::Kind::kTest:
      if (node.has("operands")) node.fail("`test` takes no operands");
      out.predicate = node.member("predicate").index(predicates, "predicates");
      return out;
    case Expression::Kind::kNot:
    case Expression::Kind::kAnd:
    case Expression::Kind::kOr:
      break;
  }
  const Node operands = node.member("operands");
  const bool unary = out.kind == Expression::Kind::kNot;
  const size_t size = operands.array(unary ? 1 : 2, unary ? 1 : kMaxOperands);
  for (size_t i = 0; i < size && !node.failed(); ++i)
    out.operands.push_back(read_expression(operands.element(i), predicates, depth + 1));
  return out;
}

std::vector<uint64_t> read_bits(const Node& node, size_t states) {
  std::vector<uint64_t> out;
  const size_t size = node.array(states, states);
  for (size_t i = 0; i < size && !node.failed(); ++i) out.push_back(node.element(i).integer<uint64_t>());
  return out;
}

Automaton read_automaton(const Node& node) {
  Automaton out;
  const Node attribute = node.member("attribute");
  out.attribute = attribute.attribute();
  if (!node.failed() && !is_string(out.attribute)) attribute.fail("an automaton reads a string attribute");
  out.class_count = node.member("class_count").integer<uint32_t>(1, 256);
  const Node classes = node.member("class_of");
  for (size_t b = 0, size = classes.array(256, 256); b < size && !node.failed(); ++b)
    out.class_of[b] = static_cast<uint8_t>(classes.element(b).index(out.class_count, "classes"));
  const Node entered = node.member("entered");
  const size_t states = entered.array(1, kMaxAutomatonStates);
  out.entered = read_bits(entered, states);
  out.final = read_bits(node.member("final"), states);
  const Node next = node.member("next");
  const size_t cells = states * out.class_count;
  const size_t size = next.array(cells, cells);
  out.next.reserve(size);
  for (size_t i = 0; i < size && !node.failed(); ++i)
    out.next.push_back(static_cast<uint16_t>(next.element(i).index(states, "states")));
  return out;
}

// Reads every element of an array with `read`.
template <typename T, typename Read>
std::vector<T> read_all(const Node& node, size_t max, Read read) {
  std::vector<T> out;
  const size_t size = node.array(0, max);
  for (size_t i = 0; i < size && !node.failed(); ++i) out.push_back(read(node.element(i)));
  return out;
}

// A claim is asked of a cgroup, before there is a task.
void check_claim(const Node& node, const Expression& claim, const std::vector<Predicate>& predicates) {
  if (claim.kind == Expression::Kind::kTest && predicates[claim.predicate].attribute != Attribute::kCgroup)
    node.fail("a claim reads more than the cgroup");
  for (const Expression& operand : claim.operands) check_claim(node, operand, predicates);
}

Classifier read_classifier(const Node& node, size_t domains) {
  Classifier out;
  out.automata = read_all<Automaton>(node.member("automata"), kMaxAutomata, read_automaton);
  out.predicates = read_all<Predicate>(node.member("predicates"), kMaxPredicates,
                                       [&](const Node& item) { return read_predicate(item, out.automata); });
  const auto read_match = [&](const Node& item) {
    return DomainMatch{item.member("domain").index(domains, "domains"),
                       read_expression(item.member("match"), out.predicates.size(), 1),
                       read_location(item.member("where"))};
  };
  out.cells = read_all<CellMatch>(node.member("cells"), kMaxSlots, [&](const Node& item) {
    const Node claim = item.member("claim");
    CellMatch cell{read_expression(claim, out.predicates.size(), 1),
                   read_all<DomainMatch>(item.member("layers"), kMaxDomains, read_match)};
    if (!item.failed()) check_claim(claim, cell.claim, out.predicates);
    return cell;
  });
  return out;
}

KernelFunction read_function(const Node& node) {
  return {node.member("name").name(), node.member("weak").boolean()};
}

Place read_place(const Node& node) {
  return {node.member("kind").word(words::kPlaceKinds), node.member("id").integer<uint32_t>()};
}

Manifest read_manifest(const Node& root) {
  Manifest out;
  out.compiler = root.member("compiler").name();
  out.policy = root.member("policy").name();
  out.fingerprint = root.member("fingerprint").line(kMaxNameBytes);
  out.min_kernel = root.member("min_kernel").name();
  if (root.has("min_kernel_where")) out.min_kernel_where = read_location(root.member("min_kernel_where"));
  out.watchdog_ns = root.member("watchdog_ns").integer<uint64_t>();
  const Node cells = root.member("cells");
  Names names;
  for (size_t i = 0, size = cells.array(1, kMaxSlots); i < size && !root.failed(); ++i)
    names.push_back(cells.element(i).member("name").name());
  for (size_t i = 0; i < names.size() && !root.failed(); ++i) read_cell(cells.element(i), names, out);
  out.cleanup = read_policy_cleanup(root.member("cleanup"));
  const Node rows = root.member("rows");
  const Node cell_rows = rows.member("cells");
  out.rows = {cell_rows.integer<uint32_t>(), rows.member("lent").integer<uint32_t>(0, 1)};
  if (out.rows.cells != 0 && out.rows.cells != slot_count(out.cells))
    cell_rows.fail("neither none nor one a slot");
  const Node classifier = root.member("classifier");
  out.classifier = read_classifier(classifier, out.domains.size());
  if (out.classifier.cells.size() != out.cells.size()) classifier.fail("not one entry a cell");
  if (root.has("places")) out.places = read_all<Place>(root.member("places"), kMaxPlaces, read_place);
  if (root.has("gpu_devices"))
    out.gpu_devices = read_all<std::string>(root.member("gpu_devices"), kMaxGpuDevices,
                                            [](const Node& item) { return item.name(); });
  out.kernel_functions =
      read_all<KernelFunction>(root.member("kernel_functions"), kMaxKernelFunctions, read_function);
  return out;
}

}  // namespace

Result<Manifest> manifest_from_json(std::string_view text) {
  if (text.size() > kMaxDocumentBytes)
    return refusal("bad-manifest", fmt::format("manifest: {} bytes long, at most {} are read", text.size(),
                                               kMaxDocumentBytes));
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return refusal("bad-manifest", "manifest: `$`: not valid JSON");
  std::optional<Error> error;
  const Node root(document, "$", error);
  const Node version = root.member("version");
  const auto number = version.integer<uint32_t>();
  if (!error && number != kManifestVersion)
    return refusal("manifest-version",
                   fmt::format("manifest: `$.version`: version {}, this build reads version {}", number,
                               kManifestVersion),
                   "compile the policy with the `scxc` that belongs to this `scx-run`");
  Manifest out = read_manifest(root);
  if (error) return *std::move(error);
  return out;
}

}  // namespace scx::abi
