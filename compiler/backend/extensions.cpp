// Debian's clang is built to register the Polly optimiser as an extension and
// its archives ask for this one function. We never run Polly; registering
// nothing keeps 15 MB and a package (libpolly-19-dev) out of the build.
#include <llvm/Passes/PassPlugin.h>

// NOLINTBEGIN(readability-identifier-naming): the name is LLVM's
llvm::PassPluginLibraryInfo getPollyPluginInfo();
llvm::PassPluginLibraryInfo getPollyPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "none", "", [](llvm::PassBuilder&) {}};
}
// NOLINTEND(readability-identifier-naming)
