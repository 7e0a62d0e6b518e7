#include "compiler/backend/host_classifier.h"

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>

#include "compiler/backend/clang_module.h"

namespace scx::backend {

struct HostFunction::Code {
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

HostFunction::HostFunction() = default;
HostFunction::HostFunction(HostFunction&&) noexcept = default;
HostFunction& HostFunction::operator=(HostFunction&&) noexcept = default;
HostFunction::~HostFunction() = default;

Result<HostFunction> HostFunction::compile(std::string_view text, const std::string& symbol) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  const std::vector<std::string> arguments = {"-triple",
                                              llvm::sys::getProcessTriple(),
                                              "-O1",
                                              "-emit-obj",
                                              "-x",
                                              "c",
                                              "-std=gnu17",
                                              "-mrelocation-model",
                                              "pic",
                                              "-pic-level",
                                              "2",
                                              "-disable-llvm-verifier",
                                              "-fgnuc-version=4.2.1",
                                              "-ferror-limit",
                                              "5",
                                              "-nostdsysteminc",
                                              "-nobuiltininc",
                                              "-w"};
  SCX_TRY(ClangModule compiled, ClangModule::compile("classifier.c", text, arguments));
  SCX_TRY_VOID(compiled.optimise());

  const auto failed = [](llvm::Error error) {
    return make_error("the classifier cannot be run on this machine: {}", llvm::toString(std::move(error)));
  };
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit) return failed(jit.takeError());
  std::unique_ptr<llvm::Module> module = compiled.take_module();
  module->setDataLayout((*jit)->getDataLayout());
  if (llvm::Error error = (*jit)->addIRModule({std::move(module), compiled.take_context()})) {
    return failed(std::move(error));
  }
  auto address = (*jit)->lookup(symbol);
  if (!address) return failed(address.takeError());
  HostFunction result;
  result.address_ = address->getValue();
  result.code_ = std::make_unique<Code>(Code{std::move(*jit)});
  return result;
}

}  // namespace scx::backend
