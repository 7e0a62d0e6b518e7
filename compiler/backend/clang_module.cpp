#include "compiler/backend/clang_module.h"

#include <functional>
#include <map>
#include <optional>

#include <clang/Basic/DiagnosticIDs.h>
#include <clang/Basic/DiagnosticOptions.h>
#include <clang/Basic/SourceManager.h>
#include <clang/Basic/TargetInfo.h>
#include <clang/CodeGen/BackendUtil.h>
#include <clang/CodeGen/ModuleBuilder.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/CompilerInvocation.h>
#include <clang/Frontend/FrontendAction.h>
#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Support/VirtualFileSystem.h>
#include <llvm/Support/raw_ostream.h>

namespace scx::backend {

// What clang and LLVM said, in their order: "file:line: severity: text".
struct ClangModule::Messages : clang::DiagnosticConsumer {
  std::string text;

  void HandleDiagnostic(clang::DiagnosticsEngine::Level level, const clang::Diagnostic& diagnostic) override {
    clang::DiagnosticConsumer::HandleDiagnostic(level, diagnostic);
    if (level < clang::DiagnosticsEngine::Error) return;
    llvm::SmallString<128> words;
    diagnostic.FormatDiagnostic(words);
    add(place(diagnostic), std::string_view(words.data(), words.size()));
  }

  void add(const std::string& where, std::string_view words) {
    // One fault in a template brings many; the first ones tell.
    if (++count_ > kMostMessages) return;
    if (!text.empty()) text += '\n';
    text += where.empty() ? std::string(words) : fmt::format("{}: {}", where, words);
  }

 private:
  static constexpr int kMostMessages = 5;
  int count_ = 0;

  // The place in the text, and the place that #line says when that is another one.
  static std::string place(const clang::Diagnostic& diagnostic) {
    if (!diagnostic.hasSourceManager() || diagnostic.getLocation().isInvalid()) return "";
    const clang::SourceManager& manager = diagnostic.getSourceManager();
    const clang::SourceLocation where = manager.getExpansionLoc(diagnostic.getLocation());
    const clang::PresumedLoc real = manager.getPresumedLoc(where, /*UseLineDirectives=*/false);
    const clang::PresumedLoc said = manager.getPresumedLoc(where);
    if (real.isInvalid() || said.isInvalid()) return "";
    std::string result = fmt::format("{}:{}:{}", real.getFilename(), real.getLine(), real.getColumn());
    if (std::string_view(real.getFilename()) != said.getFilename() || real.getLine() != said.getLine()) {
      result += fmt::format(" (from {}:{})", said.getFilename(), said.getLine());
    }
    return result;
  }
};

namespace {

// Front end only: the module is taken out instead of being handed to a back end.
class ModuleAction : public clang::ASTFrontendAction {
 public:
  ModuleAction(llvm::LLVMContext& context, std::unique_ptr<llvm::Module>& module)
      : context_(context), module_(module) {}

 protected:
  std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance& instance,
                                                        llvm::StringRef file) override {
    generator_ = clang::CreateLLVMCodeGen(instance.getDiagnostics(), file, &instance.getVirtualFileSystem(),
                                          instance.getHeaderSearchOpts(), instance.getPreprocessorOpts(),
                                          instance.getCodeGenOpts(), context_);
    return std::unique_ptr<clang::ASTConsumer>(generator_);
  }
  void EndSourceFileAction() override { module_.reset(generator_->ReleaseModule()); }

 private:
  llvm::LLVMContext& context_;
  std::unique_ptr<llvm::Module>& module_;
  clang::CodeGenerator* generator_ = nullptr;
};

// Errors of the back end (stack too large, a bad inline assembly) reach the same list.
class BackendMessages : public llvm::DiagnosticHandler {
 public:
  using Report = std::function<void(std::string_view)>;
  explicit BackendMessages(Report report) : report_(std::move(report)) {}
  bool handleDiagnostics(const llvm::DiagnosticInfo& info) override {
    if (info.getSeverity() != llvm::DS_Error) return true;
    std::string text;
    llvm::raw_string_ostream stream(text);
    llvm::DiagnosticPrinterRawOStream printer(stream);
    info.print(printer);
    report_(text);
    return true;
  }

 private:
  Report report_;
};

}  // namespace

ClangModule::ClangModule() = default;
ClangModule::ClangModule(ClangModule&&) noexcept = default;
ClangModule& ClangModule::operator=(ClangModule&&) noexcept = default;
ClangModule::~ClangModule() = default;

Result<ClangModule> ClangModule::compile(const std::string& name, std::string_view text,
                                         const std::vector<std::string>& arguments) {
  ClangModule result;
  result.messages_ = std::make_unique<Messages>();
  result.context_ = std::make_unique<llvm::LLVMContext>();
  result.instance_ = std::make_unique<clang::CompilerInstance>();
  Messages& messages = *result.messages_;
  clang::CompilerInstance& instance = *result.instance_;
  result.context_->setDiagnosticHandler(
      std::make_unique<BackendMessages>([&messages](std::string_view words) { messages.add("", words); }));

  std::vector<const char*> raw;
  for (const std::string& argument : arguments) raw.push_back(argument.c_str());
  raw.push_back("input.c");  // the name is set below: it may look like an option
  instance.createDiagnostics(&messages, /*ShouldOwnClient=*/false);
  instance.setVerboseOutputStream(std::make_unique<llvm::raw_null_ostream>());
  if (!clang::CompilerInvocation::CreateFromArgs(instance.getInvocation(), raw, instance.getDiagnostics())) {
    return make_error("clang refused its arguments: {}", messages.text);
  }

  instance.getFrontendOpts().Inputs = {clang::FrontendInputFile(name, clang::InputKind(clang::Language::C))};
  instance.getCodeGenOpts().MainFileName = name;

  auto files = llvm::makeIntrusiveRefCnt<llvm::vfs::InMemoryFileSystem>();
  files->setCurrentWorkingDirectory("/");
  files->addFile(name, 0,
                 llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(text.data(), text.size()), name));
  instance.createFileManager(files);

  ModuleAction action(*result.context_, result.module_);
  if (!instance.ExecuteAction(action) || !result.module_ || !messages.text.empty()) {
    return Error{messages.text.empty() ? "clang gave no module" : messages.text, "", ""};
  }
  return result;
}

void ClangModule::drop_variable_locations() {
  for (llvm::Function& function : *module_) {
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
      instruction.dropDbgRecords();
      if (llvm::isa<llvm::DbgVariableIntrinsic>(instruction)) instruction.eraseFromParent();
    }
  }
}

void ClangModule::omit_dwarf() {
  // The code generator writes DWARF unless a module asks for CodeView and for
  // no version of DWARF; CodeView itself is for Windows only.
  module_->addModuleFlag(llvm::Module::Warning, "CodeView", 1);
}

void ClangModule::omit_sources() {
  std::map<const llvm::DIFile*, llvm::DIFile*> replaced;
  const auto without_text = [&](const llvm::DIFile* file) {
    llvm::DIFile*& result = replaced[file];
    // Without a directory BTF shows the name alone: "policy.scx", not "./policy.scx".
    if (result == nullptr) result = llvm::DIFile::get(*context_, file->getFilename(), "", std::nullopt, "\n");
    return result;
  };

  // Line information leads to its file through the scope of each place, or,
  // where the optimiser merges two places, through a scope around both.
  constexpr unsigned kFile = 0;  // the operand of every scope
  llvm::SmallPtrSet<llvm::DIScope*, 32> done;
  const auto replace = [&](llvm::DIScope* scope) {
    for (; scope != nullptr && done.insert(scope).second; scope = scope->getScope()) {
      if (!llvm::isa<llvm::DILocalScope>(scope)) return;
      if (scope->getFile() != nullptr) scope->replaceOperandWith(kFile, without_text(scope->getFile()));
    }
  };
  for (const llvm::Function& function : *module_) {
    replace(function.getSubprogram());
    for (const llvm::Instruction& instruction : llvm::instructions(function)) {
      if (const llvm::DILocation* at = instruction.getDebugLoc()) replace(at->getScope());
    }
  }
}

Result<void> ClangModule::run_backend(bool object, llvm::SmallVector<char, 0>& bytes) {
  clang::EmitBackendOutput(
      instance_->getDiagnostics(), instance_->getHeaderSearchOpts(), instance_->getCodeGenOpts(),
      instance_->getTargetOpts(), instance_->getLangOpts(), module_->getDataLayoutStr(), module_.get(),
      object ? clang::Backend_EmitObj : clang::Backend_EmitNothing, &instance_->getVirtualFileSystem(),
      std::make_unique<llvm::raw_svector_ostream>(bytes));
  if (!messages_->text.empty()) return Error{messages_->text, "", ""};
  return {};
}

Result<llvm::SmallVector<char, 0>> ClangModule::emit_object() {
  llvm::SmallVector<char, 0> bytes;
  SCX_TRY_VOID(run_backend(true, bytes));
  return bytes;
}

Result<void> ClangModule::optimise() {
  llvm::SmallVector<char, 0> bytes;
  return run_backend(false, bytes);
}

}  // namespace scx::backend
