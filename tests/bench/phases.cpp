// Measures each phase of the compiler that is not clang, the planner, and the
// reference classifier, on an example and on policies and machines near the
// largest there are. phases.sh prints the medians; nothing here judges.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "compiler/automata/build.h"
#include "compiler/codegen/codegen.h"
#include "compiler/sema/analyse.h"
#include "compiler/syntax/syntax.h"
#include "runtime/base/check.h"
#include "runtime/base/file.h"
#include "runtime/classify/classify.h"
#include "runtime/plan/plan.h"
#include "runtime/topology/topology.h"

namespace scx {
namespace {

const std::string kExample = SCX_SOURCE_DIR "/examples/03-everything-so-far.scx";

// A policy's text and what the phases make of it.
struct Work {
  Sources sources;
  diag::Diagnostics diagnostics;
  ast::Program program;
  std::optional<model::Policy> policy;
};

void parse(const std::string& path, Work& work) {
  auto program = syntax::parse_program(path, {}, work.sources, work.diagnostics);
  SCX_CHECK(program.ok(), "the policy can be read");
  work.program = std::move(*program);
}

void analyse(const std::string& path, Work& work) {
  parse(path, work);
  work.policy = sema::analyse(work.program, work.sources, work.diagnostics);
}

// `layers` layers with a thousand predicates in all, a third each of commands,
// cgroups and ids. 64 is the most that a policy may have: more are parsed and
// analysed, and refused.
std::string synthetic(int layers) {
  constexpr int kPredicates = 1000;
  std::string text = "language 1;\npolicy synthetic { slice 10ms; }\n";
  const int each = kPredicates / layers;
  for (int layer = 0, name = 0; layer < layers; layer++) {
    text += fmt::format("layer l{} open {{\n  match ", layer);
    for (int k = 0; k < each; k++, name++) {
      text += k == 0 ? "" : "\n     or ";
      text += name % 3 == 0   ? fmt::format("comm \"w{}-*\"", name)
              : name % 3 == 1 ? fmt::format("cgroup under \"/s{}.slice\"", name)
                              : fmt::format("uid {}", 1000 + 2 * name);
    }
    text += ";\n}\n";
  }
  return text + "layer rest open { match *; }\n";
}

std::string synthetic_file(int layers) {
  const std::string path = fmt::format("{}/synthetic-{}.scx", SCX_BENCH_DIR, layers);
  SCX_CHECK(write_file_atomically(path, synthetic(layers)).ok(), "the build directory can be written");
  return path;
}

// The argument: 0 for the example, else the number of layers beside the last.
std::string policy_file(const benchmark::State& state) {
  return state.range(0) == 0 ? kExample : synthetic_file(static_cast<int>(state.range(0)));
}

void front_end(benchmark::State& state) {
  const std::string path = policy_file(state);
  for (auto _ : state) {
    Work work;
    analyse(path, work);
    benchmark::DoNotOptimize(work.policy);
  }
}
BENCHMARK(front_end)->Arg(0)->Arg(63)->Arg(200)->Unit(benchmark::kMillisecond);

void automata_of(benchmark::State& state) {
  Work work;
  analyse(policy_file(state), work);
  SCX_CHECK(work.policy.has_value(), "the policy is right");
  for (auto _ : state) {
    diag::Diagnostics diagnostics;
    benchmark::DoNotOptimize(automata::build_classifier(*work.policy, work.sources, diagnostics));
  }
}
BENCHMARK(automata_of)->Arg(0)->Arg(63)->Unit(benchmark::kMillisecond);

void codegen_text(benchmark::State& state) {
  Work work;
  analyse(policy_file(state), work);
  SCX_CHECK(work.policy.has_value(), "the policy is right");
  const abi::Classifier classifier = automata::build_classifier(*work.policy, work.sources, work.diagnostics);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        codegen::emit(*work.policy, classifier, work.sources, codegen::Templates::embedded()));
  }
}
BENCHMARK(codegen_text)->Arg(0)->Arg(63)->Unit(benchmark::kMillisecond);

void reference_classifier(benchmark::State& state) {
  Work work;
  analyse(policy_file(state), work);
  SCX_CHECK(work.policy.has_value(), "the policy is right");
  const abi::Classifier classifier = automata::build_classifier(*work.policy, work.sources, work.diagnostics);
  classify::TaskFacts task;
  task.comm = "nginx: worker";
  task.leader_comm = "nginx";
  task.cgroup = "/system.slice/nginx.service";
  task.pid = 4321;
  task.uid = 33;
  const classify::NameIds ids;
  for (auto _ : state) benchmark::DoNotOptimize(classify::classify(classifier, task, ids));
}
BENCHMARK(reference_classifier)->Arg(0)->Arg(63)->Unit(benchmark::kMicrosecond);

// The argument: CPUs, of machines as they are built: 8 threads a cache, 128 CPUs a socket.
void planner(benchmark::State& state) {
  const char* machine = state.range(0) == 8 ? "1s4c2t" : state.range(0) == 256 ? "2s16l4c2t" : "32s16l4c2t";
  const auto topology = topology::synthetic(machine);
  SCX_CHECK(topology.ok() && topology->cpus.size() == static_cast<size_t>(state.range(0)),
            "the description has as many CPUs as the argument");
  using Unit = abi::CpuAmount::Unit;
  std::vector<plan::LayerRequest> layers;
  layers.push_back({0, "a", abi::LayerKind::kConfined, {{Unit::kCpus, 1}, {Unit::kPercent, 50}}, 100});
  layers.push_back({1, "b", abi::LayerKind::kGrouped, {{Unit::kCpus, 1}, {Unit::kPercent, 100}}, 300});
  layers.push_back({2, "c", abi::LayerKind::kGrouped, {{Unit::kCores, 1}, {Unit::kPercent, 25}}, 50});
  layers.push_back({3, "d", abi::LayerKind::kOpen, {}, 100});
  plan::CellRequest root;
  root.name = "root";
  root.layers = layers;
  const std::vector<plan::CellRequest> cells = {root};
  for (auto _ : state) {
    auto result = plan::plan(*topology, cells, {}, nullptr);
    SCX_CHECK(result.ok(), "the layers fit");
    benchmark::DoNotOptimize(result);
  }
}
BENCHMARK(planner)->Arg(8)->Arg(256)->Arg(4096)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace scx

BENCHMARK_MAIN();
