#include "runtime/base/file.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace scx {
namespace {

// `errno` in words, taken at once because later calls change it.
Error system_error(const char* verb, const std::string& path) {
  return make_error("cannot {} {}: {}", verb, scx::quoted(path), std::strerror(errno));
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error("write", path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<std::string> read_all(int fd, const std::string& path, uint64_t most) {
  const auto too_large = [&] {
    return make_error("cannot read {}: larger than {} MiB", scx::quoted(path), most >> 20);
  };
  struct stat status{};
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && static_cast<uint64_t>(status.st_size) > most)
    return too_large();
  std::string text;
  char chunk[65536];
  for (;;) {
    const ssize_t got = ::read(fd, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", path);
    if (got == 0) return text;
    text.append(chunk, static_cast<size_t>(got));
    // A pipe or a device does not say how much there is.
    if (text.size() > most) return too_large();
  }
}

}  // namespace

Result<std::string> read_file(const std::string& path, uint64_t most) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return system_error("read", path);
  Result<std::string> text = read_all(fd, path, most);
  ::close(fd);
  return text;
}

Result<void> write_file_atomically(const std::string& named, std::string_view bytes) {
  if (named == "-") return write_all(STDOUT_FILENO, bytes, "standard output");
  // /dev/stdout is a link too: what it leads to is written, and it stays.
  const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(named.c_str(), nullptr), std::free);
  const std::string path = resolved != nullptr ? resolved.get() : named;
  struct stat existing{};
  // A device or a pipe cannot be replaced by a rename, nor can a file without a name (/dev/stdout may lead to
  // one); it is written in place.
  if (::stat(path.c_str(), &existing) == 0 && (!S_ISREG(existing.st_mode) || resolved == nullptr)) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (fd < 0) return system_error("write", named);
    Result<void> written = write_all(fd, bytes, named);
    ::close(fd);
    return written;
  }
  const bool replaces = existing.st_mode != 0;
  // A rename asks for the folder's permission only.
  if (replaces && ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0)
    return system_error("write", named);
  std::string temporary = path + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return system_error("write", named);
  const mode_t mask = ::umask(0);
  ::umask(mask);
  Result<void> written = write_all(fd, bytes, named);
  const mode_t mode = replaces ? existing.st_mode & 0777 : 0666 & ~mask;
  // Only root can give a file back to its owner; who cannot, owns it or was let in by a group.
  if (written && replaces && existing.st_uid != ::geteuid())
    (void)!::fchown(fd, existing.st_uid, existing.st_gid);
  if (written && (::fchmod(fd, mode) != 0 || ::fsync(fd) != 0)) written = system_error("write", named);
  if (::close(fd) != 0 && written) written = system_error("write", named);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = system_error("write", named);
  if (!written) ::unlink(temporary.c_str());
  return written;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) c = '?';
  }
  return out;
}

Result<TemporaryFolder> TemporaryFolder::make(std::string_view name) {
  const char* base = std::getenv("TMPDIR");
  std::string path = fmt::format("{}/{}.XXXXXX", base != nullptr && *base != '\0' ? base : "/tmp", name);
  if (::mkdtemp(path.data()) == nullptr) return system_error("make", path);
  return TemporaryFolder(std::move(path));
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace scx
