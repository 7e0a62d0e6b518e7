#include "compiler/backend/btf.h"

#include <cstring>
#include <optional>

namespace scx::backend {

namespace {

// Layouts are the kernel's (include/uapi/linux/btf.h, tools/lib/bpf/libbpf_internal.h).
constexpr uint16_t kMagic = 0xeb9f;
struct BtfHeader {
  uint16_t magic;
  uint8_t version;
  uint8_t flags;
  uint32_t header_length;
  uint32_t type_offset;
  uint32_t type_length;
  uint32_t string_offset;
  uint32_t string_length;
};
struct BtfType {
  uint32_t name;
  uint32_t info;
  uint32_t size_or_type;
};
struct BtfVarSecinfo {
  uint32_t type;
  uint32_t offset;
  uint32_t size;
};
struct BtfExtHeader {
  uint16_t magic;
  uint8_t version;
  uint8_t flags;
  uint32_t header_length;
  uint32_t func_offset;
  uint32_t func_length;
  uint32_t line_offset;
  uint32_t line_length;
};
struct BtfExtSection {
  uint32_t name;
  uint32_t count;
};
struct BtfLineInfo {
  uint32_t offset;
  uint32_t file;
  uint32_t line;
  uint32_t line_column;  // line << 10 | column
};

enum Kind : uint32_t {
  kInt = 1,
  kArray = 3,
  kStruct = 4,
  kUnion = 5,
  kEnum = 6,
  kFunc = 12,
  kFuncProto = 13,
  kVar = 14,
  kDatasec = 15,
  kDeclTag = 17,
  kEnum64 = 19,
};

template <typename T>
std::optional<T> read_at(std::string_view bytes, size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

std::string_view part(std::string_view bytes, size_t offset, size_t length) {
  if (offset > bytes.size()) return {};
  return bytes.substr(offset, length);
}

std::string string_at(std::string_view strings, uint32_t offset) {
  if (offset >= strings.size()) return "";
  const std::string_view rest = strings.substr(offset);
  return std::string(rest.substr(0, rest.find('\0')));
}

// Bytes that follow the common head of a type.
size_t tail_bytes(uint32_t kind, uint32_t count) {
  switch (kind) {
    case kInt:
    case kVar:
    case kDeclTag:
      return 4;
    case kArray:
      return 12;
    case kStruct:
    case kUnion:
    case kDatasec:
    case kEnum64:
      return size_t{12} * count;
    case kEnum:
    case kFuncProto:
      return size_t{8} * count;
    default:
      return 0;
  }
}

struct Btf {
  std::string_view types;
  std::string_view strings;
};

Result<Btf> open_btf(std::string_view bytes) {
  const auto header = read_at<BtfHeader>(bytes, 0);
  if (!header || header->magic != kMagic) return make_error("section `.BTF` holds no BTF");
  return Btf{part(bytes, size_t{header->header_length} + header->type_offset, header->type_length),
             part(bytes, size_t{header->header_length} + header->string_offset, header->string_length)};
}

}  // namespace

Result<std::vector<BtfName>> btf_section_members(std::string_view bytes, std::string_view section) {
  SCX_TRY(const Btf btf, open_btf(bytes));
  std::vector<BtfType> types(1);  // type 0 is void
  std::vector<size_t> tails(1);
  for (size_t at = 0; const auto type = read_at<BtfType>(btf.types, at);) {
    types.push_back(*type);
    at += sizeof(BtfType);
    tails.push_back(at);
    at += tail_bytes(type->info >> 24 & 0x1f, type->info & 0xffff);
  }
  std::vector<BtfName> names;
  for (size_t id = 1; id < types.size(); ++id) {
    if ((types[id].info >> 24 & 0x1f) != kDatasec || string_at(btf.strings, types[id].name) != section)
      continue;
    for (uint32_t i = 0; i < (types[id].info & 0xffff); ++i) {
      const auto member = read_at<BtfVarSecinfo>(btf.types, tails[id] + i * sizeof(BtfVarSecinfo));
      if (!member || member->type >= types.size()) return make_error("section `.BTF` is cut off");
      const BtfType& type = types[member->type];
      names.push_back({string_at(btf.strings, type.name), (type.info >> 24 & 0x1f) == kFunc});
    }
  }
  return names;
}

Result<std::vector<BtfLine>> btf_lines(std::string_view bytes, std::string_view extension) {
  SCX_TRY(const Btf btf, open_btf(bytes));
  const auto header = read_at<BtfExtHeader>(extension, 0);
  if (!header || header->magic != kMagic) return make_error("section `.BTF.ext` holds no BTF");
  const std::string_view info =
      part(extension, size_t{header->header_length} + header->line_offset, header->line_length);
  std::vector<BtfLine> lines;
  const auto record = read_at<uint32_t>(info, 0);
  if (!record || *record < sizeof(BtfLineInfo)) return lines;
  for (size_t at = 4; const auto section = read_at<BtfExtSection>(info, at);) {
    at += sizeof(BtfExtSection);
    const std::string name = string_at(btf.strings, section->name);
    for (uint32_t i = 0; i < section->count; ++i, at += *record) {
      const auto line = read_at<BtfLineInfo>(info, at);
      if (!line) return make_error("section `.BTF.ext` is cut off");
      lines.push_back({name, line->offset, string_at(btf.strings, line->file),
                       string_at(btf.strings, line->line), line->line_column >> 10,
                       line->line_column & 0x3ff});
    }
  }
  return lines;
}

}  // namespace scx::backend
