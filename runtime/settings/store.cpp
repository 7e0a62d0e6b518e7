#include "runtime/settings/store.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/refusal.h"

namespace scx::settings {
namespace {

constexpr const char* kFile = "settings.journal";
// Far beyond what is written: a journal is made anew long before.
constexpr size_t kMaxBytes = 16U << 20;
constexpr const char* kHelp = "the journal of changed settings is root's: run scx-run as root";

Result<void> write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return make_error("{}", std::strerror(errno));
    text.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(fd) != 0) return make_error("{}", std::strerror(errno));
  return {};
}

bool ours_alone(const struct stat& facts) {
  return facts.st_uid == ::geteuid() && (facts.st_mode & 077) == 0;
}

}  // namespace

Error Store::failure(const std::string& verb) const {
  return refusal("no-journal", fmt::format("cannot {} {}: {}", verb, quoted(path_), std::strerror(errno)),
                 kHelp);
}

Result<Store> Store::checked(const std::string& path, int folder) {
  Store store(path, folder);
  struct stat facts{};
  if (::fstat(folder, &facts) != 0) return store.failure("open");
  if (!ours_alone(facts))
    return refusal("unsafe-journal",
                   fmt::format("{} belongs to somebody else or is open to others", quoted(path)),
                   "remove it if no scx-run is running; it is made anew with mode 0700");
  return store;
}

Result<Store> Store::open(const std::string& folder) {
  SCX_TRY(std::optional<Store> existing, open_existing(folder));
  if (existing) return *std::move(existing);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return refusal("no-journal", fmt::format("cannot make {}: {}", quoted(folder), std::strerror(errno)),
                   kHelp);
  SCX_TRY(std::optional<Store> made, open_existing(folder));
  if (!made) return refusal("no-journal", fmt::format("{} vanished", quoted(folder)));
  return *std::move(made);
}

Result<std::optional<Store>> Store::open_existing(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return std::optional<Store>();
  if (fd < 0)
    return refusal("no-journal", fmt::format("cannot open {}: {}", quoted(folder), std::strerror(errno)),
                   kHelp);
  SCX_TRY(Store store, checked(folder, fd));
  return std::optional<Store>(std::move(store));
}

Store::Store(Store&& other) noexcept
    : path_(std::move(other.path_)),
      folder_(std::exchange(other.folder_, -1)),
      file_(std::exchange(other.file_, -1)),
      size_(other.size_) {}

Store::~Store() {
  close_file();
  if (folder_ >= 0) ::close(folder_);
}

void Store::close_file() {
  if (file_ >= 0) ::close(std::exchange(file_, -1));
}

Result<bool> Store::lock(std::chrono::milliseconds wait) {
  constexpr std::chrono::milliseconds kStep{20};
  const auto end = std::chrono::steady_clock::now() + wait;
  while (::flock(folder_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return failure("lock");
    if (std::chrono::steady_clock::now() >= end) return false;
    ::usleep(static_cast<useconds_t>(std::chrono::microseconds(kStep).count()));
  }
  return true;
}

Result<std::optional<std::string>> Store::read() const { return read(kFile); }

Result<std::optional<std::string>> Store::read(const std::string& name) const {
  const int fd = ::openat(folder_, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return std::optional<std::string>();
  if (fd < 0) return failure(fmt::format("read `{}` in", name));
  struct stat facts{};
  const bool sound = ::fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && ours_alone(facts) &&
                     facts.st_size <= static_cast<off_t>(kMaxBytes);
  if (!sound) {
    ::close(fd);
    return refusal(
        "unsafe-journal",
        fmt::format("`{}` in {} is not one of scx-run's: owner, mode or size", name, quoted(path_)),
        "look at it and remove it");
  }
  std::string text(static_cast<size_t>(facts.st_size), '\0');
  const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
  const Error error = failure(fmt::format("read `{}` in", name));
  ::close(fd);
  if (got < 0) return error;
  text.resize(static_cast<size_t>(got));
  return std::optional<std::string>(std::move(text));
}

Result<int> Store::write_anew(const std::string& name, std::string_view text) const {
  const std::string verb = fmt::format("write `{}` in", name);
  const std::string fresh = name + ".new";
  if (::unlinkat(folder_, fresh.c_str(), 0) != 0 && errno != ENOENT) return failure(verb);
  const int fd =
      ::openat(folder_, fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return failure(verb);
  Result<void> written = write_all(fd, text);
  if (!written.ok() || ::renameat(folder_, fresh.c_str(), folder_, name.c_str()) != 0) {
    const Error error =
        written.ok() ? failure(verb)
                     : refusal("no-journal",
                               fmt::format("cannot {} {}: {}", verb, quoted(path_), written.error().message));
    ::close(fd);
    ::unlinkat(folder_, fresh.c_str(), 0);
    return error;
  }
  (void)::fsync(folder_);
  return fd;
}

Result<void> Store::replace(std::string_view text) {
  SCX_TRY(const int fd, write_anew(kFile, text));
  close_file();
  file_ = fd;
  size_ = text.size();
  return {};
}

Result<void> Store::put(const std::string& name, std::string_view text) const {
  SCX_TRY(const int fd, write_anew(name, text));
  ::close(fd);
  return {};
}

Result<void> Store::drop(const std::string& name) const {
  if (::unlinkat(folder_, name.c_str(), 0) != 0 && errno != ENOENT)
    return failure(fmt::format("remove `{}` in", name));
  return {};
}

Result<void> Store::append(std::string_view text) {
  if (text.empty()) return {};
  const Result<void> written = write_all(file_, text);
  if (!written.ok()) {
    // What arrived in part must not run into the next line.
    (void)!::ftruncate(file_, static_cast<off_t>(size_));
    return refusal("no-journal",
                   fmt::format("cannot write the journal in {}: {}", quoted(path_), written.error().message));
  }
  size_ += text.size();
  return {};
}

Result<void> Store::remove() {
  close_file();
  return drop(kFile);
}

}  // namespace scx::settings
