#include "tests/unit/load/elf_builder.h"

#include <cstring>

#include <elf.h>

namespace scx::load {
namespace {

template <typename T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

uint32_t add_name(std::string& table, const std::string& name) {
  const auto at = static_cast<uint32_t>(table.size());
  table += name;
  table += '\0';
  return at;
}

struct Part {
  std::string name;
  std::string bytes;
  uint32_t type = SHT_PROGBITS;
  uint32_t link = 0;
  uint64_t entry_size = 0;
  uint64_t zeroes = 0;
};

}  // namespace

std::string build_elf(const ElfParts& parts) {
  std::vector<Part> all;
  for (const auto& [name, bytes] : parts.sections) all.push_back({name, bytes, SHT_PROGBITS, 0, 0});
  for (const auto& [name, size] : parts.zeroes) all.push_back({name, "", SHT_NOBITS, 0, 0, size});
  if (!parts.rodata_constants.empty()) {
    Part rodata{".rodata", "", SHT_PROGBITS, 0, 0};
    Part strings{".strtab", std::string(1, '\0'), SHT_STRTAB, 0, 0};
    Part symbols{".symtab", std::string(sizeof(Elf64_Sym), '\0'), SHT_SYMTAB, 0, sizeof(Elf64_Sym)};
    for (const auto& [name, value] : parts.rodata_constants) {
      Elf64_Sym symbol{};
      symbol.st_name = add_name(strings.bytes, name);
      symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
      symbol.st_shndx = static_cast<uint16_t>(all.size() + 1);
      symbol.st_value = rodata.bytes.size();
      symbol.st_size = sizeof value;
      append(rodata.bytes, value);
      append(symbols.bytes, symbol);
    }
    symbols.link = static_cast<uint32_t>(all.size() + 2);
    all.push_back(rodata);
    all.push_back(strings);
    all.push_back(symbols);
  }
  all.push_back({".shstrtab", std::string(1, '\0'), SHT_STRTAB, 0, 0});

  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = parts.machine;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof header;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = static_cast<uint16_t>(all.size() + 1);
  header.e_shstrndx = static_cast<uint16_t>(all.size());

  std::vector<Elf64_Shdr> headers(1, Elf64_Shdr{});
  std::string body;
  for (size_t i = 0; i < all.size(); ++i) {
    Elf64_Shdr section{};
    section.sh_name = add_name(all.back().bytes, all[i].name);
    section.sh_type = all[i].type;
    section.sh_offset = sizeof header + body.size();
    section.sh_size = all[i].bytes.size() + all[i].zeroes;
    section.sh_link = all[i].link;
    section.sh_addralign = 1;
    section.sh_entsize = all[i].entry_size;
    headers.push_back(section);
    body += all[i].bytes;
  }
  while (body.size() % 8 != 0) body += '\0';
  header.e_shoff = sizeof header + body.size();
  std::string file;
  append(file, header);
  file += body;
  for (const Elf64_Shdr& section : headers) append(file, section);
  return file;
}

}  // namespace scx::load
