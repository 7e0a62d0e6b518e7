#include "compiler/backend/compile_bpf.h"

#include <cstring>

#include <clang/Basic/Version.h>
#include <llvm/ObjCopy/ConfigManager.h>
#include <llvm/ObjCopy/ObjCopy.h>
#include <llvm/Object/ELF.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>

#include "compiler/backend/clang_module.h"
#include "compiler/backend/isolated.h"
#include "compiler/backend/pipeline.h"

extern "C" {
void LLVMInitializeBPFTargetInfo();
void LLVMInitializeBPFTarget();
void LLVMInitializeBPFTargetMC();
void LLVMInitializeBPFAsmPrinter();
void LLVMInitializeBPFAsmParser();
}

namespace scx::backend {

namespace {

// What `clang -target bpfel -O2 -g -mcpu=v3 -fdebug-compilation-dir=. -c`
// passes to its first stage, less what leads to the machine's files, what
// optimise_bpf does, and columns: each would be a line of its own in BTF, to
// which the verifier's log gives no column.
const std::vector<std::string> kArguments = {"-triple",
                                             "bpfel",
                                             "-target-cpu",
                                             "v3",
                                             "-O2",
                                             "-emit-obj",
                                             "-x",
                                             "c",
                                             "-std=gnu17",
                                             "-mrelocation-model",
                                             "static",
                                             "-mframe-pointer=all",
                                             "-fno-rounding-math",
                                             "-disable-llvm-verifier",
                                             "-discard-value-names",
                                             "-disable-llvm-passes",
                                             "-debug-info-kind=constructor",
                                             "-gno-column-info",
                                             "-fdebug-compilation-dir=.",
                                             "-fcoverage-compilation-dir=.",
                                             "-fgnuc-version=4.2.1",
                                             "-disable-free",
                                             "-ferror-limit",
                                             "5",
                                             "-nostdsysteminc",
                                             "-nobuiltininc",
                                             "-w"};

void initialise_bpf() {
  LLVMInitializeBPFTargetInfo();
  LLVMInitializeBPFTarget();
  LLVMInitializeBPFTargetMC();
  LLVMInitializeBPFAsmPrinter();
  LLVMInitializeBPFAsmParser();
}

// llvm-objcopy's library over bytes in memory.
Result<std::string> objcopy(llvm::StringRef object, const llvm::objcopy::ConfigManager& config) {
  auto binary = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(object, "object"));
  if (!binary) return make_error("the object cannot be read back: {}", llvm::toString(binary.takeError()));
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  if (llvm::Error error = llvm::objcopy::executeObjcopyOnBinary(config, **binary, stream)) {
    return make_error("the object cannot be rewritten: {}", llvm::toString(std::move(error)));
  }
  return std::string(bytes.begin(), bytes.end());
}

using Elf = llvm::object::ELF64LEFile;

// Gives the object's line information its source lines. The longer .BTF goes behind everything else, where
// its section header then points; objcopy drops what is left of the old one. (objcopy's own way to replace a
// section leaves the relocations of that section with a pointer to memory that is gone.)
Result<void> add_source_lines(llvm::SmallVector<char, 0>& object, const BpfInput& input) {
  auto elf = Elf::create({object.data(), object.size()});
  if (!elf) return make_error("the object cannot be read back: {}", llvm::toString(elf.takeError()));
  const Elf::Elf_Shdr *btf = nullptr, *extension = nullptr;
  for (const Elf::Elf_Shdr& header : llvm::cantFail(elf->sections())) {
    const llvm::StringRef name = llvm::cantFail(elf->getSectionName(header));
    if (name == ".BTF") btf = &header;
    if (name == ".BTF.ext") extension = &header;
  }
  if (btf == nullptr || extension == nullptr) return make_error("the object has no BTF");
  const auto bytes = [&](const Elf::Elf_Shdr& header) {
    return std::string(object.data() + header.sh_offset, header.sh_size);
  };
  std::vector<SourceText> sources = input.sources;
  sources.push_back({input.name, input.text});
  SCX_TRY(const BtfSections lines, with_source_lines({bytes(*btf), bytes(*extension)}, sources));

  std::memcpy(object.data() + extension->sh_offset, lines.btf_ext.data(), lines.btf_ext.size());
  Elf::Elf_Shdr moved = *btf;
  const size_t header_at = reinterpret_cast<const char*>(btf) - object.data();
  object.resize(llvm::alignTo(object.size(), 8));
  moved.sh_offset = object.size();
  moved.sh_size = lines.btf.size();
  object.append(lines.btf.begin(), lines.btf.end());
  std::memcpy(object.data() + header_at, &moved, sizeof moved);
  return {};
}

Result<std::string> compile(const BpfInput& input) {
  initialise_bpf();
  SCX_TRY(ClangModule made, ClangModule::compile(input.name, input.text, kArguments));
  // Never destroyed: this process ends here, and taking a module apart costs a tenth of making it.
  ClangModule& compiled = *new ClangModule(std::move(made));
  compiled.drop_variable_locations();
  compiled.omit_dwarf();
  compiled.omit_sources();
  SCX_TRY_VOID(optimise_bpf(compiled.module()));
  SCX_TRY(auto object, compiled.emit_object());
  SCX_TRY_VOID(add_source_lines(object, input));
  llvm::objcopy::ConfigManager config;
  config.Common.StripDebug = true;  // .debug_frame, which comes without DWARF too
  config.Common.DiscardMode = llvm::objcopy::DiscardType::Locals;
  return objcopy({object.data(), object.size()}, config);
}

}  // namespace

Result<std::string> compile_bpf(const BpfInput& input) {
  return run_isolated([&] { return compile(input); });
}

Result<std::string> add_section(std::string_view object, const std::string& name, std::string_view bytes) {
  llvm::objcopy::ConfigManager config;
  config.Common.AddSection.emplace_back(
      name, llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(bytes.data(), bytes.size()), name));
  return objcopy(llvm::StringRef(object.data(), object.size()), config);
}

std::string clang_version() { return "clang " CLANG_VERSION_STRING; }

}  // namespace scx::backend
