#include "compiler/backend/pipeline.h"

#include <llvm/Analysis/CGSCCPassManager.h>
#include <llvm/Analysis/LoopAnalysisManager.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Target/TargetOptions.h>

namespace scx::backend {

namespace {

// -O2 spends half of its time on what these programs do not have (countable
// loops, vectors, recursion, libraries) and on repeating what is done. Loop
// passes do harm besides: they move address arithmetic before NULL checks.

// Each function by itself, so that little is copied when it is inlined.
constexpr std::string_view kBeforeInlining =
    "function<eager-inv>(lower-expect,"
    "simplifycfg<bonus-inst-threshold=1;no-switch-to-lookup;keep-loops>,"
    "sroa<modify-cfg>,early-cse)";

constexpr std::string_view kMain =
    "always-inline,globaldce,"
    "cgscc(inline,function<eager-inv>("
    "sroa<modify-cfg>,early-cse<memssa>,"
    "instcombine<max-iterations=1;no-verify-fixpoint>,"
    "simplifycfg<bonus-inst-threshold=1;switch-range-to-icmp;no-switch-to-lookup;keep-loops>,"
    "jump-threading,correlated-propagation,"
    "simplifycfg<bonus-inst-threshold=1;switch-range-to-icmp;no-switch-to-lookup;keep-loops>,"
    "gvn,instcombine<max-iterations=1;no-verify-fixpoint>,adce,dse,"
    "simplifycfg<bonus-inst-threshold=1;forward-switch-cond;switch-range-to-icmp;no-switch-to-lookup;"
    "no-keep-loops;hoist-common-insts;sink-common-insts>)),"
    "globaldce";

}  // namespace

Result<void> optimise_bpf(llvm::Module& module) {
  std::string message;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget("bpfel", message);
  if (target == nullptr) return make_error("LLVM has no BPF target: {}", message);
  const std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine("bpfel", "v3", "", llvm::TargetOptions(), llvm::Reloc::Static));

  llvm::PassBuilder builder(machine.get());
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager cycles;
  llvm::ModuleAnalysisManager modules;
  // No C library: a loop that clears memory must not become a call of memset.
  llvm::TargetLibraryInfoImpl library(llvm::Triple(module.getTargetTriple()));
  library.disableAllFunctions();
  functions.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(cycles);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, cycles, modules);

  // Where -O2 calls the target's own passes: field relocations first, what
  // keeps code verifiable before anything is combined, and what is left over last.
  const auto level = llvm::OptimizationLevel::O2;
  llvm::ModulePassManager passes;
  llvm::FunctionPassManager last;
  builder.invokePipelineStartEPCallbacks(passes, level);
  if (auto error = builder.parsePassPipeline(passes, kBeforeInlining)) {
    return make_error("the passes before inlining: {}", llvm::toString(std::move(error)));
  }
  builder.invokePipelineEarlySimplificationEPCallbacks(passes, level);
  if (auto error = builder.parsePassPipeline(passes, kMain)) {
    return make_error("the main passes: {}", llvm::toString(std::move(error)));
  }
  builder.invokeScalarOptimizerLateEPCallbacks(last, level);
  passes.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(last)));
  passes.run(module, modules);
  return {};
}

}  // namespace scx::backend
