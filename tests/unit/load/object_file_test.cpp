#include "runtime/load/object_file.h"

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <random>

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/abi/feed.h"
#include "runtime/base/file.h"
#include "tests/unit/load/elf_builder.h"

namespace scx::load {
namespace {

using testing::HasSubstr;

abi::Manifest small_manifest() {
  abi::Manifest manifest;
  manifest.compiler = "scxc test";
  manifest.policy = "edge";
  manifest.fingerprint = "0123456789abcdef";
  manifest.min_kernel = "6.16";
  abi::Domain domain;
  domain.cell = "root";
  domain.layer = "rest";
  domain.slice_ns = 20'000'000;
  manifest.domains.push_back(domain);
  abi::Cell root;
  root.name = "root";
  root.layer_count = 1;
  manifest.cells.push_back(root);
  manifest.classifier.cells = {{{}, {{}}}};
  return manifest;
}

ElfParts good_parts() {
  ElfParts parts;
  parts.sections[abi::kManifestSection] = abi::to_json(small_manifest());
  parts.rodata_constants = {{"feed_version", SCX_FEED_VERSION}, {"nr_llcs", 1}};
  return parts;
}

void expect_reason(const std::string& bytes, const char* reason, const char* text) {
  auto object = parse_object("x.bpf.o", bytes);
  ASSERT_FALSE(object.ok()) << reason;
  EXPECT_EQ(object.error().reason, reason);
  EXPECT_THAT(object.error().message, HasSubstr(text));
  EXPECT_THAT(object.error().message, HasSubstr("x.bpf.o"));
}

TEST(ObjectFile, ReadsManifestAndConstants) {
  auto object = parse_object("x.bpf.o", build_elf(good_parts()));
  ASSERT_TRUE(object.ok()) << object.error().message;
  EXPECT_EQ(object->manifest, small_manifest());
  EXPECT_EQ(object->constants.at("feed_version").size, 4U);
  EXPECT_EQ(object->constants.at("nr_llcs").offset, 4U);
}

TEST(ObjectFile, ForeignFiles) {
  expect_reason("", "not-elf", "is empty");
  expect_reason("hello, world\n", "not-elf", "not an object file");
  ElfParts x86 = good_parts();
  x86.machine = 62;
  expect_reason(build_elf(x86), "not-bpf", "another machine");
  ElfParts bare = good_parts();
  bare.sections.clear();
  expect_reason(build_elf(bare), "no-manifest", "without a policy's manifest");
  auto absent = read_object("/nonexistent/x.bpf.o");
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().reason, "unreadable-object");
}

TEST(ObjectFile, Versions) {
  ElfParts parts = good_parts();
  parts.rodata_constants["feed_version"] = SCX_FEED_VERSION + 1;
  expect_reason(build_elf(parts), "feed-version", "loader's protocol");
  parts.rodata_constants.erase("feed_version");
  expect_reason(build_elf(parts), "corrupt-object", "no `feed_version`");
  parts = good_parts();
  std::string& text = parts.sections[abi::kManifestSection];
  const size_t at = text.find("\"version\"");
  ASSERT_NE(at, std::string::npos);
  const size_t digit = text.find_first_of("0123456789", at);
  text.replace(digit, 1, "99");
  expect_reason(build_elf(parts), "manifest-version", "manifest");
  parts.sections[abi::kManifestSection] = "{ not json";
  expect_reason(build_elf(parts), "bad-manifest", "manifest");
}

// Nothing has to be found out by asking for the memory.
TEST(ObjectFile, AbsurdSizes) {
  constexpr uint64_t kGiB = uint64_t{1} << 30;
  ElfParts parts = good_parts();
  parts.zeroes[".bss"] = 4096;
  EXPECT_TRUE(parse_object("x.bpf.o", build_elf(parts)).ok());
  parts.zeroes[".bss"] = kGiB;
  expect_reason(build_elf(parts), "corrupt-object", "\".bss\" of \"x.bpf.o\" claims 1024 MiB");

  // A section says that it has a GiB; the last one has the names of all.
  std::string bytes = build_elf(good_parts());
  Elf64_Ehdr header{};
  std::memcpy(&header, bytes.data(), sizeof header);
  for (uint16_t section = 1; section + 1 < header.e_shnum; ++section) {
    std::string claims = bytes;
    const size_t at = header.e_shoff + section * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_size);
    std::memcpy(claims.data() + at, &kGiB, sizeof kGiB);
    expect_reason(claims, "truncated-object", "ends before its last section");
  }

  // So many sections that their number stands in the first one.
  header.e_shnum = 0;
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + header.e_shoff + offsetof(Elf64_Shdr, sh_size), &kGiB, sizeof kGiB);
  EXPECT_FALSE(parse_object("x.bpf.o", bytes).ok());

  const Result<TemporaryFolder> folder = TemporaryFolder::make("load-test");
  ASSERT_TRUE(folder.ok());
  const std::string path = folder->file("x.bpf.o");
  ASSERT_TRUE(write_file_atomically(path, build_elf(good_parts())).ok());
  ASSERT_TRUE(read_object(path).ok());
  std::filesystem::resize_file(path, kGiB);
  const auto large = read_object(path);
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().reason, "unreadable-object");
  EXPECT_THAT(large.error().message, HasSubstr("larger than 64 MiB"));
}

TEST(ObjectFile, EveryTruncationIsAnError) {
  const std::string whole = build_elf(good_parts());
  for (size_t size = 0; size < whole.size(); ++size) {
    auto object = parse_object("x.bpf.o", whole.substr(0, size));
    ASSERT_FALSE(object.ok()) << size;
    EXPECT_FALSE(object.error().reason.empty()) << size;
  }
}

TEST(ObjectFile, DamageNeverCrashes) {
  const std::string whole = build_elf(good_parts());
  std::mt19937 random(1);
  size_t refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string damaged = whole;
    for (int k = 0; k < 1 + round % 4; ++k) damaged[random() % damaged.size()] = static_cast<char>(random());
    auto object = parse_object("x.bpf.o", damaged);
    if (object.ok()) continue;
    ++refused;
    EXPECT_FALSE(object.error().reason.empty());
  }
  EXPECT_GT(refused, 1000U);
}

}  // namespace
}  // namespace scx::load
