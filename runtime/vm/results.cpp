#include "runtime/vm/results.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"

namespace scx::vm {
namespace {

using Archive = std::unique_ptr<archive, int (*)(archive*)>;

constexpr std::string_view kResults = "results/";

struct Folder {
  int fd = -1;
  Folder() = default;
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    if (fd >= 0) ::close(fd);
  }
};

std::string entry_text(archive* in) {
  std::string text;
  char chunk[16384];
  for (;;) {
    const la_ssize_t got = archive_read_data(in, chunk, sizeof chunk);
    if (got <= 0) return text;
    text.append(chunk, static_cast<size_t>(got));
  }
}

// Opens `name` below `directory` for writing, with the folders on the way made. No link is followed, and what
// was there is replaced.
Result<int> make_file(int directory, std::string_view name, const std::string& shown) {
  const auto refused = [&]() -> Result<int> {
    return make_error("cannot unpack {}: {}", shown, std::strerror(errno));
  };
  int at = ::fcntl(directory, F_DUPFD_CLOEXEC, 0);
  for (size_t slash = name.find('/'); at >= 0 && slash != std::string_view::npos; slash = name.find('/')) {
    const std::string folder(name.substr(0, slash));
    name.remove_prefix(slash + 1);
    if (folder.empty() || folder == ".") continue;
    (void)::mkdirat(at, folder.c_str(), 0777);  // if it fails, opening it tells why
    const int next = ::openat(at, folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const int error = errno;
    ::close(at);
    errno = error;
    at = next;
  }
  if (at < 0) return refused();
  const std::string file(name);
  (void)::unlinkat(at, file.c_str(), 0);
  const int fd = ::openat(at, file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  const int error = errno;
  ::close(at);
  errno = error;
  if (fd < 0) return refused();
  return fd;
}

// One regular file of the results; folders come into being with their files, everything else stays in the
// guest: the guest may be anything, and a link of its making may lead anywhere.
Result<void> extract(archive* in, archive_entry* entry, std::string_view name, int directory) {
  const std::string shown = scx::quoted(name);
  if (("/" + std::string(name) + "/").find("/../") != std::string::npos)
    return make_error("the guest sent a file outside of its results: {}", shown);
  if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr) return {};
  SCX_TRY(const int fd, make_file(directory, name, shown));
  Result<void> written;
  char chunk[16384];
  la_ssize_t got = 0;
  while (written && (got = archive_read_data(in, chunk, sizeof chunk)) > 0)
    if (::write(fd, chunk, static_cast<size_t>(got)) != got)
      written = make_error("cannot unpack {}: {}", shown, std::strerror(errno));
  if (written && got < 0) written = make_error("cannot unpack {}: {}", shown, archive_error_string(in));
  ::close(fd);
  return written;
}

}  // namespace

Result<GuestResults> unpack_results(const std::string& tar, const std::string& directory) {
  GuestResults results;
  Folder folder;
  if (!directory.empty()) {
    std::error_code code;
    std::filesystem::create_directories(directory, code);
    folder.fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder.fd < 0) return make_error("cannot make {}: {}", scx::quoted(directory), std::strerror(errno));
  }
  const Archive in(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(in.get());
  archive_read_support_format_empty(in.get());
  if (archive_read_open_filename(in.get(), tar.c_str(), 65536) != ARCHIVE_OK) {
    return make_error("cannot read the guest's results: {}", archive_error_string(in.get()));
  }
  archive_entry* entry = nullptr;
  while (archive_read_next_header(in.get(), &entry) == ARCHIVE_OK) {
    const char* pathname = archive_entry_pathname(entry);
    if (pathname == nullptr) continue;  // bytes that have no characters here
    const std::string name = pathname;
    if (name == "scx/exit-code") {
      const std::string text = entry_text(in.get());
      int code = 0;
      if (std::from_chars(text.data(), text.data() + text.size(), code).ec == std::errc())
        results.exit_code = code;
    } else if (name == "scx/dmesg") {
      results.dmesg = entry_text(in.get());
    } else if (folder.fd >= 0 && name.starts_with(kResults) && name.size() > kResults.size()) {
      SCX_TRY_VOID(extract(in.get(), entry, std::string_view(name).substr(kResults.size()), folder.fd));
    }
  }
  return results;
}

}  // namespace scx::vm
