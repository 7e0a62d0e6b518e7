// C text to an optimisable LLVM module, in process: clang over a file system
// that lives in memory and holds the one text, so no file of the machine is
// read. Private to compiler/backend; compile_bpf and host_classifier call it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include "runtime/base/result.h"

namespace clang {
class CompilerInstance;
}

namespace scx::backend {

// Everything that one run of clang owns, in order of construction: the module
// dies before its context.
class ClangModule {
 public:
  // Runs the front end only. `arguments` are those of `clang -cc1`, without
  // the input; `name` is the text's file name in messages and in the object.
  static Result<ClangModule> compile(const std::string& name, std::string_view text,
                                     const std::vector<std::string>& arguments);
  ClangModule(ClangModule&&) noexcept;
  ClangModule& operator=(ClangModule&&) noexcept;
  ~ClangModule();

  [[nodiscard]] llvm::Module& module() { return *module_; }

  // Forgets where local variables live at each instruction: a third of the
  // back end's work, and BTF tells nothing of it.
  void drop_variable_locations();

  // The object gets no DWARF: it would say what BTF says, in most of the file.
  void omit_dwarf();

  // Gives the debug information of every file an empty text, so that code
  // generation does not look for files: source lines come later, see btf.h.
  void omit_sources();

  // Optimises, if they ask for it, and generates an object, as the arguments of compile() asked.
  Result<llvm::SmallVector<char, 0>> emit_object();

  // Hands context and optimised module over (for the JIT); the object is empty after.
  Result<void> optimise();
  std::unique_ptr<llvm::LLVMContext> take_context() { return std::move(context_); }
  std::unique_ptr<llvm::Module> take_module() { return std::move(module_); }

 private:
  struct Messages;
  ClangModule();
  Result<void> run_backend(bool object, llvm::SmallVector<char, 0>& bytes);

  std::unique_ptr<Messages> messages_;
  std::unique_ptr<llvm::LLVMContext> context_;
  std::unique_ptr<clang::CompilerInstance> instance_;
  std::unique_ptr<llvm::Module> module_;
};

}  // namespace scx::backend
