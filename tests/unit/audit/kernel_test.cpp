#include "runtime/audit/kernel.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "runtime/base/file.h"
#include "tests/unit/audit/made.h"

namespace scx::audit {
namespace {

using testing::HasSubstr;

constexpr const char* kBanner =
    "const char banner[] = \"Linux version 6.18.15+deb13-cloud-amd64 (somebody)\";\n";

std::string reason_of(const Result<Kernel>& kernel) { return kernel.ok() ? "" : kernel.error().reason; }

// A kernel image around a packed kernel, as far as its header is read.
std::string image_of(const std::string& packed) {
  constexpr uint8_t kSetupSectors = 3;
  constexpr uint32_t kOffset = 64;
  std::string image((kSetupSectors + 1) * 512 + kOffset, '\0');
  image[0x1f1] = kSetupSectors;
  std::memcpy(image.data() + 0x202, "HdrS", 4);
  const auto length = static_cast<uint32_t>(packed.size());
  std::memcpy(image.data() + 0x248, &kOffset, sizeof kOffset);
  std::memcpy(image.data() + 0x24c, &length, sizeof length);
  return image + packed;
}

// The number that the kernel's build appends.
std::string with_size(std::string packed, uint32_t size) {
  packed.append(reinterpret_cast<const char*>(&size), sizeof size);
  return packed;
}

std::string zstd(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return with_size(out, static_cast<uint32_t>(bytes.size()));
}

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(bytes.size() + 1024, '\0');
  std::string in = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

TEST(KernelFile, RawBtf) {
  const auto kernel = parse_kernel("/somewhere/plain.btf", btf_of(kSchedExt));
  ASSERT_TRUE(kernel.ok()) << kernel.error().message;
  EXPECT_EQ(kernel->release, "");
  EXPECT_EQ(kernel->name(), "/somewhere/plain.btf");
  EXPECT_EQ(kernel->types.find("sched_ext_ops", BTF_KIND_STRUCT).size(), 1U);
  EXPECT_EQ(parse_kernel("/x/6.18.15+deb13-amd64.btf", btf_of(kSchedExt))->release, "6.18.15+deb13-amd64");
}

TEST(KernelFile, ElfAndImagesOfIt) {
  const std::string vmlinux = compiled(std::string(kWords) + kBanner + kSchedExt);
  for (const std::string& bytes : {vmlinux, image_of(zstd(vmlinux)), image_of(gzip(vmlinux))}) {
    const auto kernel = parse_kernel("vmlinuz", bytes);
    ASSERT_TRUE(kernel.ok()) << kernel.error().message;
    EXPECT_EQ(kernel->release, "6.18.15+deb13-cloud-amd64");
    EXPECT_EQ(kernel->types.find("sched_ext_ops", BTF_KIND_STRUCT).size(), 1U);
  }
}

TEST(KernelFile, BrokenBtfIsNamedByWhatIsWrong) {
  const std::string good = btf_of(kSchedExt);
  const auto message = [](const std::string& bytes) {
    const auto kernel = parse_kernel("k.btf", bytes);
    EXPECT_EQ(reason_of(kernel), "corrupt-btf");
    return kernel.ok() ? "" : kernel.error().message;
  };
  EXPECT_THAT(message(std::string(good).replace(0, 2, "\xeb\x9f")), HasSubstr("other byte order"));
  for (const size_t length : {size_t{2}, size_t{20}, size_t{24}, good.size() / 2, good.size() - 1})
    EXPECT_THAT(message(good.substr(0, length)), HasSubstr("cut off")) << length;
  // A type that refers to one that is not there: the first type's last word.
  std::string wild = good;
  const uint32_t id = 0x00ffffff;
  for (size_t at = 24; at + 12 <= 400; at += 4) std::memcpy(wild.data() + at + 8, &id, sizeof id);
  EXPECT_EQ(reason_of(parse_kernel("k.btf", wild)), "corrupt-btf");
}

TEST(KernelFile, WhatIsNoKernelSaysNothingAboutOne) {
  for (const char* text : {"", "x", "#ifndef __VMLINUX_H__"}) {
    const auto kernel = parse_kernel("k.btf", text);
    ASSERT_EQ(reason_of(kernel), "no-kernel-file") << text;
    EXPECT_TRUE(is_unasked(kernel.error()));
    EXPECT_THAT(kernel.error().help, HasSubstr("/sys/kernel/btf/vmlinux"));
  }
  EXPECT_THAT(parse_kernel("k", "").error().message, HasSubstr("it is empty"));
  EXPECT_THAT(parse_kernel("k", "no BTF").error().message,
              HasSubstr("it begins with 0x6f6e, BTF with 0xeb9f"));
  EXPECT_TRUE(is_unasked(parse_kernel("v", image_of("\xfd"
                                                    "7zXZ"))
                             .error()));
  // These are a kernel's own.
  EXPECT_FALSE(is_unasked(parse_kernel("k", btf_of(kSchedExt).substr(0, 30)).error()));
}

TEST(KernelFile, ItsBeginningTellsItFromOtherFilesOfTheName) {
  const auto folder = TemporaryFolder::make("audit-test");
  ASSERT_TRUE(folder.ok());
  const auto looks = [&](const std::string& bytes) {
    const std::string path = folder->file("vmlinux");
    EXPECT_TRUE(write_file_atomically(path, bytes).ok());
    return looks_like_kernel(path);
  };
  EXPECT_TRUE(looks(btf_of(kSchedExt)));
  EXPECT_TRUE(looks(compiled(std::string(kWords) + kSchedExt)));
  EXPECT_TRUE(looks(image_of("packed")));
  EXPECT_FALSE(looks("#ifndef __VMLINUX_H__\n"));
  EXPECT_FALSE(looks(""));
  EXPECT_FALSE(looks_like_kernel("/nonexistent"));
}

TEST(KernelFile, WhatIsNoKernelIsSaidSo) {
  EXPECT_EQ(reason_of(read_kernel("/nonexistent/vmlinux")), "unreadable-btf");
  const std::string vmlinux = compiled(std::string(kWords) + kSchedExt);
  EXPECT_EQ(reason_of(parse_kernel("v", vmlinux.substr(0, 500))), "corrupt-btf");
  EXPECT_EQ(reason_of(parse_kernel("v", image_of("\xfd"
                                                 "7zXZ and so on"))),
            "unknown-compression");
  const std::string image = image_of(zstd(vmlinux));
  EXPECT_EQ(reason_of(parse_kernel("v", image.substr(0, image.size() - 9))), "corrupt-btf");
  std::string damaged = image;
  damaged.replace(damaged.size() - 200, 100, std::string(100, '\x55'));
  EXPECT_EQ(reason_of(parse_kernel("v", damaged)), "corrupt-btf");
}

// What an image claims is not allocated before it is there, and never if no kernel has so much.
TEST(KernelFile, AbsurdSizes) {
  const auto message = [](const std::string& bytes) {
    const auto kernel = parse_kernel("k", bytes);
    EXPECT_EQ(reason_of(kernel), "corrupt-btf");
    return kernel.ok() ? "" : kernel.error().message;
  };
  const std::string vmlinux = compiled(std::string(kWords) + kSchedExt);
  constexpr uint32_t kGiB = uint32_t{1} << 30;
  for (std::string packed : {zstd(vmlinux), gzip(vmlinux)}) {
    packed.resize(packed.size() - sizeof kGiB);
    EXPECT_THAT(message(image_of(with_size(packed, kGiB))), HasSubstr("claims to unpack to 1024 MiB"));
    // More comes than was claimed, or less.
    for (const size_t other : {vmlinux.size() - 1, vmlinux.size() + 1})
      EXPECT_THAT(message(image_of(with_size(packed, static_cast<uint32_t>(other)))),
                  HasSubstr("cannot be unpacked"));
  }
  // A frame of zstd that begins with a window of 1 GiB: exponent 20 above 1 KiB (RFC 8878, 3.1.1.1.2).
  const std::string frame("\x28\xb5\x2f\xfd\x00\xa0", 6);
  EXPECT_THAT(message(image_of(with_size(frame + std::string(64, '\0'), 4096))),
              HasSubstr("cannot be unpacked"));
  std::string btf = btf_of(kSchedExt);
  btf.resize(size_t{65} << 20);
  EXPECT_THAT(message(btf), HasSubstr("65 MiB, more than any kernel's"));
}

TEST(KernelFile, AKernelWithoutBtfIsNotBroken) {
  std::string vmlinux = compiled(std::string(kWords) + kSchedExt);
  for (size_t at = 0; (at = vmlinux.find(std::string_view(".BTF\0", 5), at)) != std::string::npos;)
    vmlinux[at + 1] = 'X';
  EXPECT_EQ(reason_of(parse_kernel("v", vmlinux)), "no-btf");
}

TEST(Series, AreReadFromReleases) {
  EXPECT_EQ(series_of("6.18.15+deb13-cloud-amd64"), (Series{6, 18}));
  EXPECT_EQ(series_of("7.3"), (Series{7, 3}));
  EXPECT_EQ(series_of("vmlinux"), Series{});
  EXPECT_LT(series_of("6.9"), series_of("6.16"));
}

}  // namespace
}  // namespace scx::audit
