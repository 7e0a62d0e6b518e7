#include "runtime/audit/code.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include <gelf.h>

#include "runtime/base/bytes.h"
#include "runtime/base/elf_handle.h"
#include "runtime/base/refusal.h"
#include "runtime/load/libbpf_messages.h"

namespace scx::audit {
namespace {

struct RawSection {
  std::string_view name;  // in the file
  GElf_Shdr header{};
  std::string_view bytes;
};

std::string_view text_at(std::string_view strings, size_t offset) {
  if (offset >= strings.size()) return {};
  const std::string_view rest = strings.substr(offset);
  return rest.substr(0, std::min(rest.substr(0, kMaxName).find('\0'), kMaxName));
}

Error corrupt(std::string_view what) {
  return refusal("corrupt-object", fmt::format("the object is corrupt: {}", what),
                 "compile the policy again");
}

Result<std::vector<RawSection>> read_sections(Elf* elf) {
  size_t count = 0;
  size_t names = 0;
  if (elf == nullptr || elf_getshdrnum(elf, &count) != 0 || elf_getshdrstrndx(elf, &names) != 0)
    return corrupt("it has no sections");
  std::vector<RawSection> sections(count);
  for (size_t i = 1; i < count; ++i) {
    Elf_Scn* scn = elf_getscn(elf, i);
    if (scn == nullptr || gelf_getshdr(scn, &sections[i].header) == nullptr)
      return corrupt("a section is cut off");
    const char* name = elf_strptr(elf, names, sections[i].header.sh_name);
    if (name != nullptr) sections[i].name = {name, ::strnlen(name, kMaxName)};
    const Elf_Data* data = elf_rawdata(scn, nullptr);
    if (data != nullptr && data->d_buf != nullptr && sections[i].header.sh_type != SHT_NOBITS)
      sections[i].bytes = {static_cast<const char*>(data->d_buf), data->d_size};
  }
  return sections;
}

class Reader {
 public:
  explicit Reader(std::vector<RawSection> sections) : raw_(std::move(sections)) {}

  Result<ObjectCode> read() {
    SCX_TRY_VOID(read_types());
    read_instructions();
    for (const RawSection& section : raw_)
      if (section.header.sh_type == SHT_SYMTAB) symbols_ = section.bytes;
    if (const RawSection* strings = find(".strtab"))
      code_.symbol_names.assign(strings->bytes.begin(), strings->bytes.end());
    strings_ = {code_.symbol_names.data(), code_.symbol_names.size()};
    read_programs();
    read_relocations();
    SCX_TRY_VOID(read_extension());
    read_operations();
    return std::move(code_);
  }

 private:
  [[nodiscard]] const RawSection* find(std::string_view name) const {
    const auto found =
        std::find_if(raw_.begin(), raw_.end(), [&](const RawSection& s) { return s.name == name; });
    return found == raw_.end() ? nullptr : &*found;
  }
  [[nodiscard]] std::optional<Elf64_Sym> symbol(size_t index) const {
    return read_at<Elf64_Sym>(symbols_, index * sizeof(Elf64_Sym));
  }
  [[nodiscard]] size_t symbol_count() const { return symbols_.size() / sizeof(Elf64_Sym); }

  Result<void> read_types() {
    const RawSection* section = find(".BTF");
    if (section == nullptr) return corrupt("it has no BTF");
    load::collect_libbpf_messages();  // whatever libbpf thinks of it, we say it
    code_.types.reset(btf__new(section->bytes.data(), static_cast<uint32_t>(section->bytes.size())));
    if (code_.types == nullptr) return corrupt("its BTF cannot be read");
    const btf* types = code_.types.get();
    for (uint32_t id = 1; id < btf__type_cnt(types); ++id) {
      const btf_type* type = btf__type_by_id(types, id);
      if (!btf_is_datasec(type) || name_at(types, type->name_off) != ".ksyms") continue;
      for (uint16_t i = 0; i < btf_vlen(type); ++i) {
        const uint32_t member = btf_var_secinfos(type)[i].type;
        const btf_type* function = btf__type_by_id(types, member);
        if (function != nullptr && btf_is_func(function))
          code_.functions[std::string(name_at(types, function->name_off))].type = member;
      }
    }
    return {};
  }

  void read_instructions() {
    for (size_t i = 1; i < raw_.size(); ++i) {
      const RawSection& section = raw_[i];
      if (section.header.sh_type != SHT_PROGBITS || (section.header.sh_flags & SHF_EXECINSTR) == 0) continue;
      CodeSection out;
      out.name = section.name;
      out.code.resize(section.bytes.size() / sizeof(bpf_insn));
      if (!out.code.empty())
        std::memcpy(out.code.data(), section.bytes.data(), out.code.size() * sizeof(bpf_insn));
      code_of_[i] = static_cast<uint32_t>(code_.sections.size());
      section_named_.emplace(section.name, code_of_[i]);
      code_.sections.push_back(std::move(out));
    }
  }

  void read_programs() {
    for (size_t i = 1; i < symbol_count(); ++i) {
      const Elf64_Sym one = *symbol(i);
      const auto section = code_of_.find(one.st_shndx);
      if (ELF64_ST_TYPE(one.st_info) != STT_FUNC || section == code_of_.end()) continue;
      if (code_.sections[section->second].name == ".text") continue;
      code_.programs.push_back({std::string(text_at(strings_, one.st_name)), section->second,
                                static_cast<uint32_t>(one.st_value / sizeof(bpf_insn))});
    }
    std::sort(code_.programs.begin(), code_.programs.end(), [](const Program& a, const Program& b) {
      return std::tie(a.section, a.first) < std::tie(b.section, b.first);
    });
  }

  void read_relocations() {
    for (const RawSection& section : raw_) {
      const auto target = code_of_.find(section.header.sh_info);
      if (section.header.sh_type != SHT_REL || target == code_of_.end()) continue;
      for (size_t at = 0; const auto entry = read_at<Elf64_Rel>(section.bytes, at); at += sizeof(Elf64_Rel)) {
        const auto used = symbol(ELF64_R_SYM(entry->r_info));
        const uint64_t instruction = entry->r_offset / sizeof(bpf_insn);
        CodeSection& to = code_.sections[target->second];
        if (!used || instruction >= to.code.size()) continue;
        SymbolUse use;
        use.name = text_at(strings_, used->st_name);
        use.external = used->st_shndx == SHN_UNDEF;
        use.weak = ELF64_ST_BIND(used->st_info) == STB_WEAK;
        use.value = used->st_value;
        const auto inside = code_of_.find(used->st_shndx);
        use.section =
            inside == code_of_.end() ? static_cast<uint32_t>(code_.sections.size()) : inside->second;
        if (const auto function = code_.functions.find(std::string(use.name));
            use.external && function != code_.functions.end())
          function->second.weak = use.weak;
        to.symbols[static_cast<uint32_t>(instruction)] = use;
      }
    }
  }

  // .BTF.ext (include/uapi/linux/btf.h, tools/lib/bpf/libbpf_internal.h): a header, then for lines and for
  // relocations a record's size and records by section.
  struct ExtensionHeader {
    uint16_t magic;
    uint8_t version;
    uint8_t flags;
    uint32_t length;
    uint32_t function_offset, function_length;
    uint32_t line_offset, line_length;
    uint32_t core_offset, core_length;
  };
  struct RecordList {
    uint32_t section_name;
    uint32_t count;
  };

  template <typename Record, typename Take>
  bool each_record(std::string_view part, Take take) {
    const auto size = read_at<uint32_t>(part, 0);
    if (!size) return true;
    if (*size < sizeof(Record)) return false;
    size_t at = sizeof(uint32_t);
    while (const auto list = read_at<RecordList>(part, at)) {
      at += sizeof(RecordList);
      const std::string_view name = name_at(code_.types.get(), list->section_name);
      const auto section = section_named_.find(name);
      for (uint32_t i = 0; i < list->count; ++i, at += *size) {
        const auto record = read_at<Record>(part, at);
        if (!record) return false;
        if (section != section_named_.end()) take(code_.sections[section->second], *record);
      }
    }
    return true;
  }

  Result<void> read_extension() {
    const RawSection* section = find(".BTF.ext");
    const auto header = section == nullptr ? std::nullopt : read_at<ExtensionHeader>(section->bytes, 0);
    if (!header) return corrupt("it has no `.BTF.ext`");
    const auto part = [&](uint32_t offset, uint32_t length) -> std::string_view {
      const size_t begin = size_t{header->length} + offset;
      return begin > section->bytes.size() ? std::string_view() : section->bytes.substr(begin, length);
    };
    const btf* types = code_.types.get();
    const auto take_line = [&](CodeSection& to, const bpf_line_info& info) {
      to.lines.push_back({info.insn_off / static_cast<uint32_t>(sizeof(bpf_insn)),
                          name_at(types, info.file_name_off), info.line_col >> 10});
    };
    const auto take_core = [&](CodeSection& to, const bpf_core_relo& relocation) {
      const uint32_t instruction = relocation.insn_off / static_cast<uint32_t>(sizeof(bpf_insn));
      // Any number can stand there, an enumeration holds its own only.
      uint32_t kind = 0;
      std::memcpy(&kind, &relocation.kind, sizeof kind);
      if (instruction < to.code.size())
        to.core[instruction] = {relocation.type_id, name_at(types, relocation.access_str_off), kind};
    };
    if (!each_record<bpf_line_info>(part(header->line_offset, header->line_length), take_line) ||
        !each_record<bpf_core_relo>(part(header->core_offset, header->core_length), take_core))
      return corrupt("`.BTF.ext` is cut off");
    for (CodeSection& one : code_.sections)
      std::sort(one.lines.begin(), one.lines.end(),
                [](const SourceLine& a, const SourceLine& b) { return a.instruction < b.instruction; });
    return {};
  }

  // The structure behind the one variable of the section of struct_ops, and which of its members are set: by
  // a value or by a relocation, which is a program's address.
  void read_operations() {
    size_t index = 0;
    for (size_t i = 1; i < raw_.size(); ++i)
      if (raw_[i].name == ".struct_ops.link" || raw_[i].name == ".struct_ops") index = i;
    if (index == 0) return;
    const btf* types = code_.types.get();
    const int32_t id = btf__find_by_name_kind(types, std::string(raw_[index].name).c_str(), BTF_KIND_DATASEC);
    if (id <= 0 || btf_vlen(btf__type_by_id(types, static_cast<uint32_t>(id))) == 0) return;
    const uint32_t variable = btf_var_secinfos(btf__type_by_id(types, static_cast<uint32_t>(id)))[0].type;
    code_.operations = skip_modifiers(types, btf__type_by_id(types, variable)->type);
    const btf_type* table = btf__type_by_id(types, code_.operations);
    if (table == nullptr || !btf_is_struct(table)) {
      code_.operations = 0;
      return;
    }
    std::vector<bool> is_set(raw_[index].bytes.size());
    for (size_t at = 0; at < is_set.size(); ++at) is_set[at] = raw_[index].bytes[at] != '\0';
    for (const RawSection& section : raw_)
      if (section.header.sh_type == SHT_REL && section.header.sh_info == index)
        for (size_t at = 0; const auto entry = read_at<Elf64_Rel>(section.bytes, at); at += sizeof(Elf64_Rel))
          if (entry->r_offset < is_set.size()) is_set[entry->r_offset] = true;
    for (uint16_t m = 0; m < btf_vlen(table); ++m) {
      const size_t begin = btf_member_bit_offset(table, m) / 8;
      const int64_t size = btf__resolve_size(types, btf_members(table)[m].type);
      for (size_t at = begin;
           at < is_set.size() && at < begin + static_cast<size_t>(std::max<int64_t>(size, 0)); ++at)
        if (is_set[at]) {
          code_.operations_set.push_back(m);
          break;
        }
    }
  }

  std::vector<RawSection> raw_;
  std::string_view symbols_;
  std::string_view strings_;
  std::map<size_t, uint32_t> code_of_;  // section number -> index of ObjectCode::sections
  std::map<std::string_view, uint32_t> section_named_;
  ObjectCode code_;
};

}  // namespace

Result<ObjectCode> read_code(std::string_view bytes) {
  elf_version(EV_CURRENT);
  // libelf only reads through this handle.
  const ElfHandle elf(elf_memory(const_cast<char*>(bytes.data()), bytes.size()));
  SCX_TRY(std::vector<RawSection> sections, read_sections(elf.get()));
  return Reader(std::move(sections)).read();
}

}  // namespace scx::audit
