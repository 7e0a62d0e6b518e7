// A kernel as its BTF shows it, from whatever file has it: raw BTF
// (/sys/kernel/btf/vmlinux), an ELF file (vmlinux), or a kernel image (bzImage).
// Nothing is booted and no privilege is needed. Called by scxc verify.
#pragma once

#include <string>

#include "runtime/audit/types.h"
#include "runtime/base/result.h"

namespace scx::audit {

struct Kernel {
  std::string path;
  // As `uname -r` says it: from the text of an ELF file or an image, of this machine's BTF from this machine,
  // else from a file name that begins as one ("6.18.15.btf"); empty if none of them tells.
  std::string release;
  Types types;
  // What people call it.
  [[nodiscard]] const std::string& name() const { return release.empty() ? path : release; }
};

// Reasons: "unreadable-btf" (the file), "no-kernel-file" (neither BTF nor ELF nor an image),
// "unknown-compression" (an image that is not packed with zstd or gzip), "no-btf" (a kernel without),
// "corrupt-btf" (cut off, types or names outside of their tables).
Result<Kernel> read_kernel(const std::string& path);

// The same of bytes; `path` is for messages and, without a directory, for the release.
Result<Kernel> parse_kernel(const std::string& path, std::string_view bytes);

// Whether the file begins as one that read_kernel reads.
bool looks_like_kernel(const std::string& path);

// An error of read_kernel that says nothing about the kernel: it could not be asked.
bool is_unasked(const Error& error);

// "6.18.15+deb13-cloud-amd64" -> {6, 18}; zeros where there are no numbers.
struct Series {
  unsigned major = 0;
  unsigned minor = 0;
  auto operator<=>(const Series&) const = default;
};
Series series_of(std::string_view release);

}  // namespace scx::audit
