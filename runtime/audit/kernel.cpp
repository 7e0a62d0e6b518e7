#include "runtime/audit/kernel.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include <gelf.h>
#include <sys/utsname.h>
#include <zlib.h>
#include <zstd.h>

#include "runtime/base/bytes.h"
#include "runtime/base/elf_handle.h"
#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/load/libbpf_messages.h"

namespace scx::audit {
namespace {

constexpr const char* kOtherFile =
    "give the raw BTF (/sys/kernel/btf/vmlinux), a vmlinux with the section `.BTF`, or a kernel image";
constexpr const char* kOtherCopy =
    "the file was not written or copied whole, or the kernel's build is at fault";
// No kernel comes near these; what claims more is refused before there is memory for it.
constexpr uint64_t kMostInFile = uint64_t{2} << 30;  // a vmlinux with all that debuggers want
constexpr uint32_t kMostUnpacked = uint32_t{512} << 20;
constexpr uint32_t kMostBtf = uint32_t{64} << 20;
// Memory for what is unpacked comes in such pieces, as it is needed.
constexpr size_t kStep = size_t{16} << 20;

Error corrupt(const std::string& path, std::string_view what) {
  return refusal("corrupt-btf", fmt::format("the BTF in {} is broken: {}", quoted(path), what), kOtherCopy);
}

bool is_elf(std::string_view bytes) {
  return bytes.starts_with(
      "\x7f"
      "ELF");
}

bool is_image(std::string_view bytes) { return bytes.size() > 0x206 && bytes.substr(0x202, 4) == "HdrS"; }

// Of either byte order.
bool is_btf(std::string_view bytes) {
  const auto magic = read_at<uint16_t>(bytes, 0);
  return magic && (*magic == BTF_MAGIC || *magic == 0x9feb);
}

Result<Types> parse_types(const std::string& path, std::string_view raw) {
  const auto magic = read_at<uint16_t>(raw, 0);
  if (!magic) return corrupt(path, "it is empty");
  if (raw.size() > kMostBtf)
    return corrupt(path, fmt::format("it has {} MiB, more than any kernel's", raw.size() >> 20));
  if (*magic == 0x9feb) return corrupt(path, "it is of the other byte order");
  if (*magic != BTF_MAGIC)
    return corrupt(path, fmt::format("it begins with {:#06x} instead of {:#06x}", *magic, BTF_MAGIC));
  const auto header = read_at<btf_header>(raw, 0);
  const auto end = [&](uint32_t offset, uint32_t length) {
    return uint64_t{header->hdr_len} + offset + length;
  };
  if (!header || end(header->type_off, header->type_len) > raw.size() ||
      end(header->str_off, header->str_len) > raw.size())
    return corrupt(path, fmt::format("it is cut off after {} bytes", raw.size()));
  load::collect_libbpf_messages();
  load::forget_libbpf_messages();
  BtfHandle types(btf__new(raw.data(), static_cast<uint32_t>(raw.size())));
  if (types == nullptr) {
    const std::string said = load::last_libbpf_warning();
    return corrupt(path, said.empty() ? std::strerror(errno) : printable(said));
  }
  return Types(std::move(types));
}

// The kernel's own "Linux version 6.18.15+deb13-cloud-amd64 (…".
std::string banner_release(std::string_view bytes) {
  constexpr std::string_view kBanner = "Linux version ";
  for (size_t at = 0; (at = bytes.find(kBanner, at)) != std::string_view::npos; ++at) {
    const std::string_view rest = bytes.substr(at + kBanner.size(), 128);
    const size_t length = rest.find(' ');
    if (length != std::string_view::npos && std::isdigit(static_cast<unsigned char>(rest[0])) != 0)
      return std::string(rest.substr(0, length));
  }
  return "";
}

Result<Kernel> parse_elf(const std::string& path, std::string_view bytes) {
  elf_version(EV_CURRENT);
  // libelf only reads through this handle.
  const ElfHandle elf(elf_memory(const_cast<char*>(bytes.data()), bytes.size()));
  const Error cut_off = refusal("corrupt-btf", fmt::format("{} is cut off", quoted(path)), kOtherCopy);
  size_t count = 0;
  size_t names = 0;
  if (elf == nullptr || elf_getshdrnum(elf.get(), &count) != 0 || elf_getshdrstrndx(elf.get(), &names) != 0)
    return cut_off;
  if (count == 0) return cut_off;  // its table of sections stands at its end
  for (size_t i = 1; i < count; ++i) {
    Elf_Scn* section = elf_getscn(elf.get(), i);
    GElf_Shdr header{};
    if (section == nullptr || gelf_getshdr(section, &header) == nullptr) return cut_off;
    const char* name = elf_strptr(elf.get(), names, header.sh_name);
    if (name == nullptr || std::strcmp(name, BTF_ELF_SEC) != 0) continue;
    if (header.sh_offset > bytes.size() || header.sh_size > bytes.size() - header.sh_offset)
      return refusal("corrupt-btf", fmt::format("{} ends within its section `.BTF`", quoted(path)),
                     kOtherCopy);
    SCX_TRY(Types types, parse_types(path, bytes.substr(header.sh_offset, header.sh_size)));
    return Kernel{path, banner_release(bytes), std::move(types)};
  }
  return refusal("no-btf", fmt::format("{} has no BTF", quoted(path)),
                 "use a kernel built with CONFIG_DEBUG_INFO_BTF");
}

// What the image says that it unpacks to: its last number. gzip has it there by itself, the kernel's build
// appends it to what others packed (scripts/Makefile.lib, size_append).
Result<uint32_t> unpacked_size(const std::string& path, std::string_view packed) {
  const auto size = read_at<uint32_t>(packed, packed.size() - std::min(packed.size(), sizeof(uint32_t)));
  if (size && *size <= kMostUnpacked) return *size;
  if (!size)
    return refusal("corrupt-btf", fmt::format("the kernel image {} is cut off", quoted(path)), kOtherCopy);
  return refusal("corrupt-btf",
                 fmt::format("the kernel image {} claims to unpack to {} MiB, more than any kernel has",
                             quoted(path), *size >> 20),
                 kOtherCopy);
}

Error not_unpacked(const std::string& path) {
  return refusal("corrupt-btf", fmt::format("the kernel image {} cannot be unpacked", quoted(path)),
                 kOtherCopy);
}

Result<std::string> unpack_zstd(const std::string& path, std::string_view packed, size_t size) {
  const std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(),
                                                                        ZSTD_freeDStream);
  if (stream == nullptr)
    return refusal("unreadable-btf", fmt::format("no memory to unpack the kernel image {}", quoted(path)));
  // zstd takes windows up to 128 MiB unless it is told otherwise; kernels are packed with one of that (-22).
  std::string out;
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  for (size_t left = 1; left != 0 && out.size() <= size;) {
    const size_t before = out.size();
    out.resize(before + kStep);
    ZSTD_outBuffer to{out.data() + before, out.size() - before, 0};
    left = ZSTD_decompressStream(stream.get(), &to, &in);
    out.resize(before + to.pos);
    if (ZSTD_isError(left) != 0 || (left != 0 && to.pos == 0 && in.pos == in.size)) return not_unpacked(path);
  }
  return out;
}

Result<std::string> unpack_gzip(const std::string& path, std::string_view packed, size_t size) {
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  constexpr int kGzip = 16 + MAX_WBITS;
  int code = inflateInit2(&stream, kGzip);
  std::string out;
  while (code == Z_OK && out.size() <= size) {
    const size_t before = out.size();
    out.resize(before + kStep);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(out.size() - before);
    code = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (code != Z_STREAM_END) return not_unpacked(path);
  return out;
}

// A bzImage: the packed vmlinux stands behind the set-up code (Documentation/arch/x86/boot.rst:
// payload_offset is counted from the protected-mode code).
Result<Kernel> parse_image(const std::string& path, std::string_view bytes) {
  const auto setup_sectors = read_at<uint8_t>(bytes, 0x1f1);
  const auto offset = read_at<uint32_t>(bytes, 0x248);
  const auto length = read_at<uint32_t>(bytes, 0x24c);
  const uint64_t begin = !setup_sectors || !offset ? 0 : (uint64_t{*setup_sectors} + 1) * 512 + *offset;
  if (begin == 0 || !length || begin + *length > bytes.size())
    return refusal("corrupt-btf", fmt::format("the kernel image {} is cut off", quoted(path)), kOtherCopy);
  const std::string_view packed = bytes.substr(begin, *length);
  const bool is_zstd = packed.starts_with("\x28\xb5\x2f\xfd");
  if (!is_zstd && !packed.starts_with("\x1f\x8b"))
    return refusal("unknown-compression",
                   fmt::format("the kernel image {} is packed with neither zstd nor gzip", quoted(path)),
                   "give that kernel's /sys/kernel/btf/vmlinux, or boot it: `--vm`");
  SCX_TRY(const uint32_t size, unpacked_size(path, packed));
  SCX_TRY(const std::string vmlinux,
          is_zstd ? unpack_zstd(path, packed, size) : unpack_gzip(path, packed, size));
  if (vmlinux.size() != size) return not_unpacked(path);
  return parse_elf(path, vmlinux);
}

std::string named_release(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const std::string real = fs::weakly_canonical(path, error).string();
  utsname name{};
  if (real == "/sys/kernel/btf/vmlinux" && ::uname(&name) == 0) return name.release;
  std::string file = fs::path(path).filename().string();
  if (file.ends_with(".btf")) file.resize(file.size() - 4);
  const Series series = series_of(file);
  return series.major == 0 ? "" : file;
}

}  // namespace

Series series_of(std::string_view release) {
  Series series;
  const char* begin = release.data();
  const char* end = begin + release.size();
  const auto [dot, error] = std::from_chars(begin, end, series.major);
  if (error != std::errc{} || dot == end || *dot != '.') return {};
  if (std::from_chars(dot + 1, end, series.minor).ec != std::errc{}) return {};
  return series;
}

Result<Kernel> parse_kernel(const std::string& path, std::string_view bytes) {
  if (is_elf(bytes)) return parse_elf(path, bytes);
  if (is_image(bytes)) return parse_image(path, bytes);
  if (!is_btf(bytes)) {
    const auto magic = read_at<uint16_t>(bytes, 0);
    return refusal("no-kernel-file",
                   magic ? fmt::format("{} is no file of a kernel: it begins with {:#06x}, BTF with {:#06x}",
                                       quoted(path), *magic, BTF_MAGIC)
                         : fmt::format("{} is no file of a kernel: it is empty", quoted(path)),
                   kOtherFile);
  }
  SCX_TRY(Types types, parse_types(path, bytes));
  return Kernel{path, named_release(path), std::move(types)};
}

Result<Kernel> read_kernel(const std::string& path) {
  Result<std::string> bytes = read_file(path, kMostInFile);
  if (!bytes) return refusal("unreadable-btf", bytes.error().message, kOtherFile);
  return parse_kernel(path, *bytes);
}

bool looks_like_kernel(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string begin(0x250, '\0');
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  begin.resize(static_cast<size_t>(file.gcount()));
  return is_elf(begin) || is_image(begin) || is_btf(begin);
}

bool is_unasked(const Error& error) {
  return error.reason == "unreadable-btf" || error.reason == "unknown-compression" ||
         error.reason == "no-kernel-file";
}

}  // namespace scx::audit
