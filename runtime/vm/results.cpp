#include "runtime/vm/results.h"

#include <charconv>
#include <filesystem>
#include <memory>
#include <string_view>

#include <archive.h>
#include <archive_entry.h>

#include "runtime/base/file.h"

namespace scx::vm {
namespace {

using Archive = std::unique_ptr<archive, int (*)(archive*)>;

constexpr std::string_view kResults = "results/";
// Ownership is not restored: the caller's files are the caller's.
constexpr int kExtractFlags =
    ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_UNLINK;

std::string entry_text(archive* in) {
  std::string text;
  char chunk[16384];
  for (;;) {
    const la_ssize_t got = archive_read_data(in, chunk, sizeof chunk);
    if (got <= 0) return text;
    text.append(chunk, static_cast<size_t>(got));
  }
}

Result<void> extract(archive* in, archive_entry* entry, std::string_view name, const std::string& directory) {
  const std::string path = directory + "/" + std::string(name);
  // The flag against `..` looks at the whole path, which is the caller's in front.
  if (("/" + std::string(name) + "/").find("/../") != std::string::npos) {
    return make_error("the guest sent a file outside of its results: {}", scx::quoted(name));
  }
  archive_entry_set_pathname(entry, path.c_str());
  if (archive_read_extract(in, entry, kExtractFlags) != ARCHIVE_OK) {
    return make_error("cannot unpack {}: {}", scx::quoted(path), archive_error_string(in));
  }
  return {};
}

}  // namespace

Result<GuestResults> unpack_results(const std::string& tar, const std::string& directory) {
  GuestResults results;
  std::string root;
  if (!directory.empty()) {
    std::error_code code;
    std::filesystem::create_directories(directory, code);
    // libarchive refuses to follow symbolic links, also those above the caller's directory.
    root = std::filesystem::canonical(directory, code).string();
    if (code) return make_error("cannot make {}: {}", scx::quoted(directory), code.message());
  }
  const Archive in(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(in.get());
  archive_read_support_format_empty(in.get());
  if (archive_read_open_filename(in.get(), tar.c_str(), 65536) != ARCHIVE_OK) {
    return make_error("cannot read the guest's results: {}", archive_error_string(in.get()));
  }
  archive_entry* entry = nullptr;
  while (archive_read_next_header(in.get(), &entry) == ARCHIVE_OK) {
    const std::string name = archive_entry_pathname(entry);
    if (name == "scx/exit-code") {
      const std::string text = entry_text(in.get());
      int code = 0;
      if (std::from_chars(text.data(), text.data() + text.size(), code).ec == std::errc())
        results.exit_code = code;
    } else if (name == "scx/dmesg") {
      results.dmesg = entry_text(in.get());
    } else if (!root.empty() && name.starts_with(kResults) && name.size() > kResults.size()) {
      SCX_TRY_VOID(extract(in.get(), entry, std::string_view(name).substr(kResults.size()), root));
    }
  }
  return results;
}

}  // namespace scx::vm
