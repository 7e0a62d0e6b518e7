#include "runtime/load/object_file.h"

#include <cstring>
#include <optional>
#include <utility>

#include <bpf/btf.h>
#include <gelf.h>
#include <libelf.h>

#include "runtime/abi/feed.h"
#include "runtime/base/btf_handle.h"
#include "runtime/base/elf_handle.h"
#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/load/libbpf_messages.h"

namespace scx::load {
namespace {

// The objects of policies have a hundredth of that, file and sections alike.
constexpr uint64_t kMostBytes = uint64_t{64} << 20;

// One section: its place in the file was checked.
struct Section {
  size_t index = 0;
  uint32_t type = 0;
  std::string_view bytes;
};

using Sections = std::map<std::string, Section>;

Result<Sections> read_sections(Elf* elf, const std::string& path, std::string_view bytes) {
  auto truncated = [&] {
    return refusal("truncated-object", fmt::format("{} ends before its last section", quoted(path)),
                   "the file was not written or copied whole: compile it again");
  };
  size_t count = 0;
  size_t names = 0;
  if (elf_getshdrnum(elf, &count) != 0 || elf_getshdrstrndx(elf, &names) != 0 || count == 0)
    return truncated();
  Sections sections;
  for (size_t i = 1; i < count; ++i) {
    Elf_Scn* scn = elf_getscn(elf, i);
    GElf_Shdr header{};
    if (scn == nullptr || gelf_getshdr(scn, &header) == nullptr) return truncated();
    const bool in_file = header.sh_type != SHT_NOBITS;
    if (in_file && (header.sh_offset > bytes.size() || header.sh_size > bytes.size() - header.sh_offset))
      return truncated();
    const char* name = elf_strptr(elf, names, header.sh_name);
    if (name == nullptr)
      return refusal("corrupt-object", fmt::format("{} has a section without a name", quoted(path)));
    // What has no bytes in the file would have them in memory.
    if (header.sh_size > kMostBytes)
      return refusal("corrupt-object",
                     fmt::format("the section {} of {} claims {} MiB, more than any policy's object has",
                                 quoted(name), quoted(path), header.sh_size >> 20),
                     "compile the policy again");
    sections.emplace(name,
                     Section{i, header.sh_type,
                             in_file ? bytes.substr(header.sh_offset, header.sh_size) : std::string_view{}});
  }
  return sections;
}

void read_constants(const Sections& sections, ObjectFile& object) {
  const auto symtab = sections.find(".symtab");
  const auto strtab = sections.find(".strtab");
  const auto rodata = sections.find(".rodata");
  if (symtab == sections.end() || strtab == sections.end() || rodata == sections.end()) return;
  const std::string_view symbols = symtab->second.bytes;
  const std::string_view names = strtab->second.bytes;
  for (size_t at = 0; at + sizeof(Elf64_Sym) <= symbols.size(); at += sizeof(Elf64_Sym)) {
    Elf64_Sym symbol{};
    std::memcpy(&symbol, symbols.data() + at, sizeof symbol);
    if (symbol.st_shndx != rodata->second.index || symbol.st_name >= names.size()) continue;
    const uint64_t room = rodata->second.bytes.size();
    if (symbol.st_value > room || symbol.st_size > room - symbol.st_value) continue;
    const std::string_view rest = names.substr(symbol.st_name);
    const std::string_view name = rest.substr(0, rest.find('\0'));
    if (!name.empty()) object.constants[std::string(name)] = {symbol.st_value, symbol.st_size};
  }
}

std::optional<uint32_t> constant_u32(const ObjectFile& object, const Sections& sections, const char* name) {
  const auto it = object.constants.find(name);
  if (it == object.constants.end() || it->second.size != sizeof(uint32_t)) return std::nullopt;
  uint32_t value = 0;
  std::memcpy(&value, sections.at(".rodata").bytes.data() + it->second.offset, sizeof value);
  return value;
}

// Parameter counts of extern functions; an object without readable BTF has none, and libbpf will say why.
void read_externs(const Sections& sections, ObjectFile& object) {
  const auto it = sections.find(".BTF");
  if (it == sections.end()) return;
  collect_libbpf_messages();  // whatever libbpf thinks of it, we say it
  const BtfHandle types(btf__new(it->second.bytes.data(), static_cast<uint32_t>(it->second.bytes.size())));
  if (types == nullptr) return;
  for (uint32_t id = 1; id < btf__type_cnt(types.get()); ++id) {
    const btf_type* type = btf__type_by_id(types.get(), id);
    // A function's linkage is kept where other types keep their length.
    if (!btf_is_func(type) || btf_vlen(type) != BTF_FUNC_EXTERN) continue;
    const btf_type* proto = btf__type_by_id(types.get(), type->type);
    const char* name = btf__name_by_offset(types.get(), type->name_off);
    if (name != nullptr && proto != nullptr && btf_is_func_proto(proto))
      object.function_parameters[name] = btf_vlen(proto);
  }
}

Result<abi::Manifest> read_manifest(const Sections& sections, const std::string& path) {
  const auto it = sections.find(abi::kManifestSection);
  if (it == sections.end())
    return refusal("no-manifest", fmt::format("{} is a BPF object without a policy's manifest", quoted(path)),
                   "scx-run loads what `scxc POLICY.scx -o OBJECT` writes, and nothing else");
  std::string_view text = it->second.bytes;
  while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  Result<abi::Manifest> manifest = abi::manifest_from_json(text);
  if (manifest.ok()) return manifest;
  Error error = std::move(manifest).error();
  if (error.reason.empty()) error.reason = "bad-manifest";
  error.message = fmt::format("the manifest of {} cannot be read: {}", quoted(path), error.message);
  if (error.help.empty()) error.help = "compile the policy again with the scxc of this scx-run's version";
  return error;
}

}  // namespace

Result<ObjectFile> parse_object(const std::string& path, std::string bytes) {
  ObjectFile object;
  object.path = path;
  object.bytes = std::move(bytes);
  if (object.bytes.empty()) return refusal("not-elf", fmt::format("{} is empty", quoted(path)));
  elf_version(EV_CURRENT);
  const ElfHandle elf(elf_memory(object.bytes.data(), object.bytes.size()));
  if (elf == nullptr || elf_kind(elf.get()) != ELF_K_ELF)
    return refusal("not-elf", fmt::format("{} is not an object file", quoted(path)),
                   "give the object that `scxc POLICY.scx -o OBJECT` writes");
  GElf_Ehdr header{};
  if (gelf_getehdr(elf.get(), &header) == nullptr)
    return refusal("truncated-object", fmt::format("{} ends within its header", quoted(path)),
                   "the file was not written or copied whole: compile it again");
  if (header.e_machine != EM_BPF || header.e_ident[EI_CLASS] != ELFCLASS64)
    return refusal("not-bpf", fmt::format("{} is an object for another machine, not BPF", quoted(path)),
                   "give the object that `scxc POLICY.scx -o OBJECT` writes");
  if (header.e_ident[EI_DATA] != ELFDATA2LSB)
    return refusal("not-bpf", fmt::format("{} is BPF of the other byte order", quoted(path)));

  SCX_TRY(const Sections sections, read_sections(elf.get(), path, object.bytes));
  SCX_TRY(object.manifest, read_manifest(sections, path));
  read_constants(sections, object);
  read_externs(sections, object);
  const std::optional<uint32_t> feed = constant_u32(object, sections, "feed_version");
  if (!feed.has_value())
    return refusal("corrupt-object", fmt::format("{} has no `feed_version`", quoted(path)),
                   "compile the policy again");
  if (*feed != SCX_FEED_VERSION)
    return refusal("feed-version",
                   fmt::format("{} speaks version {} of the loader's protocol, this scx-run speaks {}",
                               quoted(path), *feed, SCX_FEED_VERSION),
                   "compile the policy again with the scxc of this scx-run's version");
  return object;
}

Result<ObjectFile> read_object(const std::string& path) {
  Result<std::string> bytes = read_file(path, kMostBytes);
  if (!bytes.ok()) {
    const Error error = std::move(bytes).error();
    return refusal("unreadable-object", error.message, error.help);
  }
  return parse_object(path, std::move(bytes).value());
}

}  // namespace scx::load
