#include "compiler/codegen/features.h"

#include <algorithm>

#include "compiler/automata/words.h"
#include "compiler/codegen/codegen.h"

namespace scx::codegen {

using abi::Attribute;

namespace {

// The loader measures use twice a second: a slice that is longer than a fifth of that is charged while it
// runs.
constexpr uint64_t kLongSlice = 100'000'000;

void mark(const abi::Expression& expression, std::vector<bool>& used) {
  if (expression.kind == abi::Expression::Kind::kTest) used[expression.predicate] = true;
  for (const abi::Expression& operand : expression.operands) mark(operand, used);
}

bool owns(const model::Layer& layer) { return layer.kind != abi::LayerKind::kOpen; }
bool is_sized_by_use(const model::Layer& layer) {
  return owns(layer) && layer.cpus.floor != layer.cpus.ceiling;
}

bool roams(const model::Layer& layer) { return layer.kind != abi::LayerKind::kConfined; }

// Whether some layer's tasks may be guests on CPUs that another layer of the cell owns.
bool has_guests(const model::Cell& cell) {
  return std::any_of(cell.layers.begin(), cell.layers.end(), owns) &&
         std::any_of(cell.layers.begin(), cell.layers.end(), roams);
}

}  // namespace

abi::RowLayout rows_of(const model::Policy& policy) {
  abi::RowLayout rows;
  const auto closes = [](const model::Cell& cell) {
    return std::any_of(cell.layers.begin(), cell.layers.end(),
                       [](const model::Layer& l) { return l.is_protected; });
  };
  for (const model::Cell& cell : policy.cells) {
    if (has_guests(cell) && (policy.cells.size() > 1 || closes(cell))) rows.cells = policy.slots();
    if (cell.borrow && policy.cells.size() > 1) rows.lent = 1;
  }
  return rows;
}

Usage usage_of(const model::Policy& policy, const abi::Classifier& classifier) {
  Usage usage;
  usage.predicates.resize(classifier.predicates.size());
  usage.automata.resize(classifier.automata.size());
  usage.automaton_slot.resize(classifier.automata.size());
  // With one domain there is nothing to decide.
  if (policy.domains.size() > 1) {
    for (const abi::CellMatch& cell : classifier.cells) {
      if (&cell != &classifier.cells.front()) mark(cell.claim, usage.predicates);
      for (const abi::DomainMatch& layer : cell.layers) mark(layer.match, usage.predicates);
    }
  }
  for (size_t i = 0; i < classifier.predicates.size(); i++) {
    const abi::Predicate& predicate = classifier.predicates[i];
    if (usage.predicates[i] && abi::is_string(predicate.attribute) &&
        !automata::word_test(policy.predicates[i])) {
      usage.automata[predicate.automaton] = true;
    }
  }
  std::array<uint32_t, abi::kAttributeCount> next{};
  for (size_t i = 0; i < classifier.automata.size(); i++) {
    if (usage.automata[i]) {
      usage.automaton_slot[i] = next[static_cast<size_t>(classifier.automata[i].attribute)]++;
    }
  }
  return usage;
}

uint32_t automata_of(const abi::Classifier& classifier, const Usage& usage, Attribute attribute) {
  uint32_t count = 0;
  for (size_t i = 0; i < classifier.automata.size(); i++) {
    count += usage.automata[i] && classifier.automata[i].attribute == attribute;
  }
  return count;
}

Features features_of(const model::Policy& policy, const abi::Classifier& classifier, const Usage& usage) {
  Features features;
  const auto add = [&](std::string_view name, bool condition) {
    if (condition) features.emplace(name);
  };
  const auto some_domain = [&](auto condition) {
    for (uint32_t id = 0; id < policy.domains.size(); id++) {
      if (condition(policy.layer(id))) return true;
    }
    return false;
  };
  const auto some_cell = [&](auto condition) {
    return std::any_of(policy.cells.begin(), policy.cells.end(), condition);
  };
  const auto reads = [&](Attribute attribute) {
    for (size_t i = 0; i < usage.predicates.size(); i++) {
      if (usage.predicates[i] && classifier.predicates[i].attribute == attribute) return true;
    }
    return false;
  };
  const auto has = [&](std::string_view name) { return features.contains(name); };

  // Several domains: there is a classifier, and domains share CPUs by weight.
  add("multi", policy.domains.size() > 1);
  // Orders in use.
  add("fifo", some_domain([](const model::Layer& l) { return l.order == abi::QueueOrder::kFifo; }));
  add("vtime", some_domain([](const model::Layer& l) { return l.order == abi::QueueOrder::kVtime; }));
  // Cells beside root; of a family more than one slot.
  add("cells", policy.cells.size() > 1);
  // More domains than a word has bits.
  add("wide", policy.domains.size() > 64);
  // Home is not the whole machine for everyone.
  add("owned",
      has("cells") || some_domain([](const model::Layer& l) { return l.kind != abi::LayerKind::kOpen; }));
  // Some domain's tasks may run beyond their home while nobody wants the CPU there: in its cell, in other
  // cells.
  add("roams", has("owned") && some_cell([](const model::Cell& cell) { return has_guests(cell); }));
  add("borrow", has("cells") && some_cell([](const model::Cell& cell) { return cell.borrow.has_value(); }));
  add("patient", has("borrow") && some_cell([](const model::Cell& cell) {
                   return cell.borrow && !cell.borrow->return_within_ns;
                 }));
  add("guests", has("roams") || has("borrow"));
  // Guests may not go to every CPU that their affinity allows.
  add("guest_mask", has("roams") && rows_of(policy).cells != 0);
  add("min_run", some_domain([](const model::Layer& l) { return l.min_run_ns != 0; }));
  // A yield is not what the kernel makes of it.
  add("yield", some_domain([](const model::Layer& l) { return l.yield_loss != abi::kYieldAll; }));
  add("preempt", some_domain([](const model::Layer& l) { return l.preempt; }));

  // Names: of the task itself, of its leader; automata where words do not do.
  add("task_comm", reads(Attribute::kComm));
  add("leader_comm", reads(Attribute::kLeaderComm));
  add("comm", has("task_comm") || has("leader_comm"));  // task_rename keeps names
  add("comm_automata", automata_of(classifier, usage, Attribute::kComm) > 0);
  add("leader_comm_automata", automata_of(classifier, usage, Attribute::kLeaderComm) > 0);
  add("cgroup", has("cells") || reads(Attribute::kCgroup));
  add("ids", reads(Attribute::kUid) || reads(Attribute::kGid));
  add("set_weight", reads(Attribute::kNice) || reads(Attribute::kSched));
  add("ppid", reads(Attribute::kPpid));
  // Affinities: within some place, all of the machine, in any form.
  add("within", reads(Attribute::kAffinityNode) || reads(Attribute::kAffinityLlc));
  add("affinity_full", reads(Attribute::kAffinityFull));
  add("places", has("within") || has("affinity_full"));
  add("affinity", has("places") || reads(Attribute::kAffinityPinned));
  // GPU use: of the thread, of its process; memberships that end before their task does.
  add("gpu_thread", reads(Attribute::kGpuThread));
  add("gpu_process", reads(Attribute::kGpuProcess));
  add("gpu", has("gpu_thread") || has("gpu_process"));
  add("gpu_ttl", [&] {
    for (size_t i = 0; i < usage.predicates.size(); i++) {
      if (usage.predicates[i] && classifier.predicates[i].for_ns != 0) return true;
    }
    return false;
  }());
  // Events mark tasks.
  add("marks_tasks",
      has("comm") || has("cgroup") || has("ids") || has("set_weight") || has("affinity") || has("gpu"));
  // A task's domain can change while it lives.
  add("dynamic", has("marks_tasks") || has("ppid"));
  // Layers or cells are sized by use, which is measured more often than some slice ends.
  add("tick_charge", some_domain([](const model::Layer& l) { return l.slice_ns > kLongSlice; }) &&
                         (some_cell([](const model::Cell& cell) { return cell.rebalance.has_value(); }) ||
                          some_domain([](const model::Layer& l) { return is_sized_by_use(l); })));
  add("tick", has("dynamic") || has("owned"));

  // Forms of kernel functions that the policy's oldest kernel lacks.
  add("before_6_19", policy.min_kernel < model::KernelVersion{6, 19});
  add("before_7_1", policy.min_kernel < model::KernelVersion{7, 1});
  add("before_7_3", policy.min_kernel < model::KernelVersion{7, 3});
  return features;
}

}  // namespace scx::codegen
