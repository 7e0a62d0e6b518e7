// A compiled policy as a file: checked ELF, its manifest, and the few facts
// about its symbols that the loader needs before libbpf sees it. Nothing in the
// file is trusted. Called by scx-run and by the compiler's verify command.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/abi/manifest.h"
#include "runtime/base/result.h"

namespace scx::load {

// A variable of .rodata: where its bytes are in the section.
struct Constant {
  uint64_t offset = 0;
  uint64_t size = 0;
};

struct ObjectFile {
  std::string path;
  std::string bytes;
  abi::Manifest manifest;
  std::map<std::string, Constant> constants;  // by name
  std::map<std::string, uint32_t>
      function_parameters;  // extern kernel functions: how many parameters the object passes
};

// Reads and checks `path`. Reasons: "unreadable-object", "not-elf", "not-bpf",
// "truncated-object", "corrupt-object", "no-manifest", "manifest-version"
// (made by a scxc that this scx-run does not know), "bad-manifest",
// "feed-version".
Result<ObjectFile> read_object(const std::string& path);

// The same on bytes already read; `path` is for messages only.
Result<ObjectFile> parse_object(const std::string& path, std::string bytes);

}  // namespace scx::load
