#include "compiler/backend/object.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <gelf.h>
#include <libelf.h>

#include "runtime/base/elf_handle.h"

namespace scx::backend {

namespace {

constexpr uint16_t kMachineBpf = 247;  // EM_BPF
constexpr uint32_t kInstructionBytes = 8;

// Over bytes that outlive the handle.
Result<ElfHandle> open_elf(std::string_view bytes) {
  elf_version(EV_CURRENT);
  // libelf only reads through this handle.
  ElfHandle elf(elf_memory(const_cast<char*>(bytes.data()), bytes.size()));
  GElf_Ehdr header;
  if (!elf || elf_kind(elf.get()) != ELF_K_ELF || gelf_getehdr(elf.get(), &header) == nullptr) {
    return make_error("not an ELF object");
  }
  if (header.e_machine != kMachineBpf || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_REL) {
    return make_error("not a BPF object");
  }
  return elf;
}

struct RawSection {
  std::string name;
  GElf_Shdr header{};
  std::string_view bytes;
};

// Index 0, the null section, included, so that symbols' section numbers fit.
Result<std::vector<RawSection>> read_sections(Elf* elf) {
  size_t names = 0;
  size_t count = 0;
  if (elf_getshdrstrndx(elf, &names) != 0 || elf_getshdrnum(elf, &count) != 0) {
    return make_error("the object has no section names");
  }
  std::vector<RawSection> sections(count);
  for (size_t i = 1; i < count; ++i) {
    Elf_Scn* scn = elf_getscn(elf, i);
    RawSection& section = sections[i];
    if (scn == nullptr || gelf_getshdr(scn, &section.header) == nullptr)
      return make_error("section {} is cut off", i);
    const char* name = elf_strptr(elf, names, section.header.sh_name);
    section.name = name == nullptr ? "" : name;
    const Elf_Data* data = elf_getdata(scn, nullptr);
    if (data != nullptr && data->d_buf != nullptr && section.header.sh_type != SHT_NOBITS) {
      section.bytes = {static_cast<const char*>(data->d_buf), data->d_size};
    }
  }
  return sections;
}

struct RawSymbol {
  std::string name;
  GElf_Sym symbol{};
};

std::vector<RawSymbol> read_symbols(Elf* elf, const std::vector<RawSection>& sections) {
  std::vector<RawSymbol> symbols;
  for (size_t i = 1; i < sections.size(); ++i) {
    if (sections[i].header.sh_type != SHT_SYMTAB) continue;
    Elf_Data* data = elf_getdata(elf_getscn(elf, i), nullptr);
    if (data == nullptr) continue;
    const size_t count = data->d_size / gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
    for (size_t k = 1; k < count; ++k) {
      RawSymbol symbol;
      if (gelf_getsym(data, static_cast<int>(k), &symbol.symbol) == nullptr) continue;
      const char* name = elf_strptr(elf, sections[i].header.sh_link, symbol.symbol.st_name);
      symbol.name = name == nullptr ? "" : name;
      symbols.push_back(std::move(symbol));
    }
  }
  return symbols;
}

const RawSection* find(const std::vector<RawSection>& sections, std::string_view name) {
  const auto found =
      std::find_if(sections.begin(), sections.end(), [&](const auto& s) { return s.name == name; });
  return found == sections.end() ? nullptr : &*found;
}

void collect_programs(const std::vector<RawSection>& sections, const std::vector<RawSymbol>& symbols,
                      Object& object) {
  struct Place {
    size_t section;
    uint64_t offset;
    ObjectProgram program;
  };
  std::vector<Place> places;
  for (const RawSymbol& raw : symbols) {
    if (GELF_ST_TYPE(raw.symbol.st_info) != STT_FUNC || raw.symbol.st_shndx == SHN_UNDEF) continue;
    if (raw.symbol.st_shndx >= sections.size()) continue;
    places.push_back({raw.symbol.st_shndx,
                      raw.symbol.st_value,
                      {raw.name, sections[raw.symbol.st_shndx].name,
                       static_cast<uint32_t>(raw.symbol.st_size / kInstructionBytes)}});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::tie(a.section, a.offset, a.program.name) < std::tie(b.section, b.offset, b.program.name);
  });
  for (Place& place : places) object.programs.push_back(std::move(place.program));
}

Result<void> collect_kernel_symbols(const std::vector<RawSection>& sections,
                                    const std::vector<RawSymbol>& symbols, Object& object) {
  std::map<std::string, bool> listed;  // name -> is a function
  if (const RawSection* btf = find(sections, ".BTF")) {
    SCX_TRY(const auto names, btf_section_members(btf->bytes, ".ksyms"));
    for (const BtfName& name : names) listed.emplace(name.name, name.function);
    if (const RawSection* extension = find(sections, ".BTF.ext")) {
      SCX_TRY(object.lines, btf_lines(btf->bytes, extension->bytes));
    }
  }
  for (const RawSymbol& raw : symbols) {
    if (raw.symbol.st_shndx != SHN_UNDEF || raw.name.empty()) continue;
    const auto found = listed.find(raw.name);
    if (found == listed.end()) {
      object.undefined.push_back(raw.name);
    } else {
      object.kernel_symbols.push_back(
          {raw.name, found->second, GELF_ST_BIND(raw.symbol.st_info) == STB_WEAK});
    }
  }
  std::sort(object.undefined.begin(), object.undefined.end());
  std::sort(object.kernel_symbols.begin(), object.kernel_symbols.end(),
            [](const KernelSymbol& a, const KernelSymbol& b) { return a.name < b.name; });
  return {};
}

}  // namespace

bool Object::has_section(std::string_view name) const {
  return std::any_of(sections.begin(), sections.end(),
                     [&](const ObjectSection& s) { return s.name == name; });
}

Result<Object> read_object(std::string_view bytes) {
  SCX_TRY(const ElfHandle elf, open_elf(bytes));
  SCX_TRY(const auto sections, read_sections(elf.get()));
  const auto symbols = read_symbols(elf.get(), sections);
  Object object;
  for (size_t i = 1; i < sections.size(); ++i) {
    object.sections.push_back({sections[i].name, sections[i].header.sh_size});
  }
  if (const RawSection* license = find(sections, "license")) {
    object.license = std::string(license->bytes.substr(0, license->bytes.find('\0')));
  }
  for (const RawSymbol& raw : symbols) {
    if (raw.symbol.st_shndx < sections.size() && sections[raw.symbol.st_shndx].name == ".maps" &&
        !raw.name.empty()) {
      object.maps.push_back(raw.name);
    }
  }
  std::sort(object.maps.begin(), object.maps.end());
  collect_programs(sections, symbols, object);
  SCX_TRY_VOID(collect_kernel_symbols(sections, symbols, object));
  return object;
}

Result<std::string> section_bytes(std::string_view object, std::string_view name) {
  SCX_TRY(const ElfHandle elf, open_elf(object));
  SCX_TRY(const auto sections, read_sections(elf.get()));
  const RawSection* section = find(sections, name);
  if (section == nullptr) return make_error("the object has no section `{}`", name);
  return std::string(section->bytes);
}

Result<void> check_object(const Object& object) {
  std::vector<std::string> faults;
  for (const char* name : {".BTF", ".BTF.ext", "license", ".struct_ops.link"}) {
    if (!object.has_section(name)) faults.push_back(fmt::format("no section `{}`", name));
  }
  if (object.has_section("license") && object.license != "GPL") {
    faults.push_back(fmt::format("license `{}` instead of `GPL`", object.license));
  }
  const bool has_ops =
      std::any_of(object.programs.begin(), object.programs.end(),
                  [](const ObjectProgram& p) { return p.section.starts_with("struct_ops"); });
  if (!has_ops) faults.push_back("no struct_ops program");
  for (const ObjectSection& section : object.sections) {
    if (section.name.starts_with(".debug")) faults.push_back(fmt::format("debug section `{}`", section.name));
  }
  for (const std::string& name : object.undefined)
    faults.push_back(fmt::format("undefined symbol `{}`", name));
  if (faults.empty()) return {};
  return make_error("{}", fmt::join(faults, ", "));
}

std::string dump(const Object& object) {
  std::string text = fmt::format("license {}\n\nsections\n", object.license);
  for (const ObjectSection& section : object.sections)
    text += fmt::format("  {:<28} {:>8}\n", section.name, section.size);
  text += "\nprograms (instructions)\n";
  for (const ObjectProgram& p : object.programs)
    text += fmt::format("  {:<28} {:<40} {:>6}\n", p.name, p.section, p.instructions);
  text += "\nmaps\n";
  for (const std::string& map : object.maps) text += fmt::format("  {}\n", map);
  text += "\nkernel symbols\n";
  for (const KernelSymbol& symbol : object.kernel_symbols) {
    text += fmt::format("  {}{}{}\n", symbol.name, symbol.function ? "" : " (variable)",
                        symbol.weak ? " (weak)" : "");
  }
  return text;
}

}  // namespace scx::backend
