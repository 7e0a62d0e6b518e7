#include "compiler/backend/btf.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <unordered_map>

#include "runtime/base/bytes.h"

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

namespace {

// Where an entry of line information stands in .BTF.ext, and the program section it belongs to.
struct LinePlace {
  uint32_t section = 0;  // offset of its name
  size_t at = 0;
};

Result<std::vector<LinePlace>> line_places(std::string_view extension) {
  const auto header = read_at<BtfExtHeader>(extension, 0);
  if (!header || header->magic != kMagic) return make_error("section `.BTF.ext` holds no BTF");
  const size_t start = size_t{header->header_length} + header->line_offset;
  const std::string_view info = part(extension, start, header->line_length);
  std::vector<LinePlace> places;
  const auto record = read_at<uint32_t>(info, 0);
  if (!record || *record < sizeof(BtfLineInfo)) return places;
  for (size_t at = 4; const auto section = read_at<BtfExtSection>(info, at);) {
    at += sizeof(BtfExtSection);
    for (uint32_t i = 0; i < section->count; ++i, at += *record) {
      if (!read_at<BtfLineInfo>(info, at)) return make_error("section `.BTF.ext` is cut off");
      places.push_back({section->name, start + at});
    }
  }
  return places;
}

// The lines of a text, the first one being number 1; number 0 is empty.
std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines(1);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

Result<BtfSections> with_source_lines(BtfSections sections, const std::vector<SourceText>& sources) {
  SCX_TRY(const Btf btf, open_btf(sections.btf));
  SCX_TRY(const std::vector<LinePlace> places, line_places(sections.btf_ext));
  auto header = *read_at<BtfHeader>(sections.btf, 0);
  if (size_t{header.header_length} + header.string_offset + header.string_length != sections.btf.size())
    return make_error("section `.BTF` does not end with its strings");
  std::map<std::string_view, std::vector<std::string_view>> texts;
  for (const SourceText& source : sources) texts[source.name] = split_lines(source.text);
  std::unordered_map<std::string_view, uint32_t> offsets;
  std::string added;
  for (const LinePlace& place : places) {
    auto entry = *read_at<BtfLineInfo>(sections.btf_ext, place.at);
    const auto text = texts.find(string_at(btf.strings, entry.file));
    const uint32_t number = entry.line_column >> 10;
    if (entry.line != 0 || text == texts.end() || number >= text->second.size()) continue;
    const std::string_view line = text->second[number];
    const auto [known, is_new] =
        offsets.try_emplace(line, static_cast<uint32_t>(header.string_length + added.size()));
    if (is_new) added.append(line).push_back('\0');
    entry.line = known->second;
    std::memcpy(sections.btf_ext.data() + place.at, &entry, sizeof entry);
  }
  header.string_length += static_cast<uint32_t>(added.size());
  std::memcpy(sections.btf.data(), &header, sizeof header);
  sections.btf += added;
  return sections;
}

Result<std::vector<BtfLine>> btf_lines(std::string_view bytes, std::string_view extension) {
  SCX_TRY(const Btf btf, open_btf(bytes));
  SCX_TRY(const std::vector<LinePlace> places, line_places(extension));
  std::vector<BtfLine> lines;
  for (const LinePlace& place : places) {
    const auto line = *read_at<BtfLineInfo>(extension, place.at);
    lines.push_back({string_at(btf.strings, place.section), line.offset, string_at(btf.strings, line.file),
                     string_at(btf.strings, line.line), line.line_column >> 10, line.line_column & 0x3ff});
  }
  return lines;
}

}  // namespace scx::backend
