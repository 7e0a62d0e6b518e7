#include "compiler/codegen/features.h"

#include <algorithm>

#include "compiler/automata/words.h"

namespace scx::codegen {

using abi::Attribute;

namespace {

void mark(const abi::Expression& expression, std::vector<bool>& used) {
  if (expression.kind == abi::Expression::Kind::kTest) used[expression.predicate] = true;
  for (const abi::Expression& operand : expression.operands) mark(operand, used);
}

}  // namespace

Usage usage_of(const model::Policy& policy, const abi::Classifier& classifier) {
  Usage usage;
  usage.predicates.resize(classifier.predicates.size());
  usage.automata.resize(classifier.automata.size());
  usage.automaton_slot.resize(classifier.automata.size());
  // With one domain there is nothing to decide.
  if (policy.domains.size() > 1) {
    for (const abi::DomainMatch& domain : classifier.domains) mark(domain.match, usage.predicates);
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
  // Some domain owns CPUs, so home is not the whole machine for everyone.
  add("owned", some_domain([](const model::Layer& l) { return l.kind != abi::LayerKind::kOpen; }));
  // Some domain's tasks may run beyond their home while nobody wants the CPU there.
  add("guests",
      has("owned") && some_domain([](const model::Layer& l) { return l.kind != abi::LayerKind::kConfined; }));
  // Some of the CPUs that are owned take no guests.
  add("protected", has("guests") && some_domain([](const model::Layer& l) { return l.is_protected; }));
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
  add("cgroup", reads(Attribute::kCgroup));
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
  add("tick", has("dynamic") || has("guests"));

  // Forms of kernel functions that the policy's oldest kernel lacks.
  add("before_6_19", policy.min_kernel < model::KernelVersion{6, 19});
  add("before_7_1", policy.min_kernel < model::KernelVersion{7, 1});
  add("before_7_3", policy.min_kernel < model::KernelVersion{7, 3});
  return features;
}

}  // namespace scx::codegen
