#include "runtime/vm/initramfs.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <sstream>
#include <string_view>

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/refusal.h"
#include "runtime/vm/child.h"
#include "runtime/vm/scripts.h"

namespace scx::vm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBusybox[] = {"/bin/busybox", "/usr/bin/busybox", "/bin/busybox-static"};
// Debian's merged layout, so that a library's path on the host names it in the guest too.
constexpr std::pair<std::string_view, std::string_view> kMerged[] = {
    {"/bin", "usr/bin"}, {"/sbin", "usr/sbin"}, {"/lib", "usr/lib"}, {"/lib64", "usr/lib64"}};
constexpr std::string_view kDirectories[] = {"/proc", "/sys",     "/dev", "/tmp",  "/run", "/root",
                                             "/scx",  "/results", "/etc", "/home", "/var", "/mnt"};

Error bad_file(const std::string& path, std::string_view why) {
  return refusal("bad-file", fmt::format("cannot put {} into the guest: {}", scx::quoted(path), why));
}

// `path` without its symbolic links of the merged layout: /lib/x is /usr/lib/x.
std::string merged(const std::string& path) {
  for (const auto& [link, target] : kMerged) {
    if (path.size() > link.size() && path.starts_with(link) && path[link.size()] == '/') {
      return fmt::format("/{}{}", target, path.substr(link.size()));
    }
  }
  return path;
}

// The loader that a program for the guest's machine names (PT_INTERP); empty for every other file. It will be
// run, so nothing else may name one: a compiled policy is ELF too, and comes from anywhere.
std::string interpreter_of(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  std::string interpreter;
  Elf64_Ehdr header{};
  if (::pread(fd, &header, sizeof header, 0) == sizeof header &&
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_ident[EI_CLASS] == ELFCLASS64 &&
      header.e_machine == EM_X86_64 && header.e_phentsize == sizeof(Elf64_Phdr)) {
    for (unsigned i = 0; i < header.e_phnum && interpreter.empty(); ++i) {
      Elf64_Phdr segment{};
      const auto at = static_cast<off_t>(header.e_phoff + i * sizeof segment);
      if (::pread(fd, &segment, sizeof segment, at) != sizeof segment) break;
      if (segment.p_type != PT_INTERP || segment.p_filesz < 2 || segment.p_filesz > 4096) continue;
      interpreter.resize(segment.p_filesz - 1);
      if (::pread(fd, interpreter.data(), interpreter.size(), static_cast<off_t>(segment.p_offset)) < 0)
        break;
    }
  }
  ::close(fd);
  return interpreter.starts_with('/') ? interpreter : "";
}

// The paths of all shared libraries that the loader would map for `program`.
Result<std::vector<std::string>> libraries_of(const std::string& program, const std::string& interpreter) {
  SCX_TRY(const CommandOutput listed, run_command({interpreter, "--list", program}));
  if (!WIFEXITED(listed.status) || WEXITSTATUS(listed.status) != 0) {
    return bad_file(program, "its shared libraries cannot be listed");
  }
  std::vector<std::string> libraries;
  std::istringstream lines(listed.text);
  for (std::string line; std::getline(lines, line);) {
    // "	libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x…)"
    const size_t from = line.find('/');
    if (from == std::string::npos) {
      if (line.find("not found") != std::string::npos) return bad_file(program, line);
      continue;
    }
    const size_t arrow = line.find("=> ");
    const size_t start = arrow == std::string::npos ? from : arrow + 3;
    libraries.push_back(line.substr(start, line.find(" (", start) - start));
  }
  return libraries;
}

// Guest path -> what is there. Ordered, so that the archive is the same every time.
struct Node {
  std::string host;  // copied from there, unless `text` or `link` says what it is
  std::string text;
  std::string link;
  unsigned mode = 0;  // with the file type
};

class Tree {
 public:
  Tree() {
    for (const auto& [link, target] : kMerged) {
      directory(fmt::format("/{}", target));
      nodes_[std::string(link)] = {"", "", std::string(target), S_IFLNK | 0777};
    }
    for (const std::string_view path : kDirectories) directory(std::string(path));
  }

  void directory(const std::string& path) {
    if (path.size() <= 1 || nodes_.contains(path)) return;
    directory(fs::path(path).parent_path().string());
    nodes_[path] = {"", "", "", S_IFDIR | 0755};
  }

  void text(const std::string& path, std::string content, unsigned mode) {
    add(path, {"", std::move(content), "", S_IFREG | mode});
  }

  Result<void> file(const std::string& named, const std::string& guest, unsigned mode) {
    // Resolved here, so that /proc/self/exe is this process for every later reader too.
    std::error_code unresolved;
    const std::string resolved = fs::canonical(named, unresolved).string();
    const std::string& host = unresolved ? named : resolved;
    struct stat status{};
    if (::stat(host.c_str(), &status) != 0) return bad_file(host, "there is no such file");
    if (guest.empty() || guest[0] != '/') return bad_file(host, "its path in the guest must be absolute");
    if (S_ISDIR(status.st_mode)) return folder(host, guest);
    if (!S_ISREG(status.st_mode)) return bad_file(host, "it is neither a file nor a directory");
    const unsigned permissions = mode != 0 ? mode : status.st_mode & 07777;
    add(merged(guest), {host, "", "", S_IFREG | permissions});
    if ((permissions & 0111) == 0) return {};
    const std::string interpreter = interpreter_of(host);
    if (interpreter.empty()) return {};
    SCX_TRY(const std::vector<std::string> libraries, libraries_of(host, interpreter));
    for (const std::string& library : libraries) add(merged(library), {library, "", "", S_IFREG | 0755});
    add(merged(interpreter), {interpreter, "", "", S_IFREG | 0755});
    return {};
  }

  [[nodiscard]] const std::map<std::string, Node>& nodes() const { return nodes_; }

 private:
  void add(const std::string& path, Node node) {
    directory(fs::path(path).parent_path().string());
    nodes_[path] = std::move(node);
  }

  Result<void> folder(const std::string& host, const std::string& guest) {
    directory(merged(guest));
    std::error_code code;
    for (const auto& entry : fs::directory_iterator(host, code)) {
      SCX_TRY_VOID(file(entry.path().string(), guest + "/" + entry.path().filename().string(), 0));
    }
    if (code) return bad_file(host, code.message());
    return {};
  }

  std::map<std::string, Node> nodes_;
};

using Archive = std::unique_ptr<archive, int (*)(archive*)>;
using Entry = std::unique_ptr<archive_entry, void (*)(archive_entry*)>;

Result<void> write_node(archive* out, const std::string& path, const Node& node, unsigned number) {
  std::string bytes = node.text;
  if (!node.host.empty()) {
    SCX_TRY(bytes, read_file(node.host));
  }
  const Entry entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(), path.c_str() + 1);
  archive_entry_set_mode(entry.get(), node.mode);
  // Distinct inodes: cpio would take equal ones for hard links.
  archive_entry_set_ino64(entry.get(), number);
  archive_entry_set_nlink(entry.get(), 1);
  if (!node.link.empty()) archive_entry_set_symlink(entry.get(), node.link.c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
  if (archive_write_header(out, entry.get()) != ARCHIVE_OK ||
      archive_write_data(out, bytes.data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size())) {
    return make_error("cannot write the guest's files: {}", archive_error_string(out));
  }
  return {};
}

}  // namespace

Result<void> write_initramfs(const std::string& path, const std::vector<GuestFile>& files,
                             const std::string& job) {
  Tree tree;
  const auto busybox = std::find_if(std::begin(kBusybox), std::end(kBusybox), [](std::string_view candidate) {
    return ::access(std::string(candidate).c_str(), R_OK) == 0 &&
           interpreter_of(std::string(candidate)).empty();
  });
  if (busybox == std::end(kBusybox))
    return refusal("no-busybox", "no statically linked busybox for the guest",
                   "install the package `busybox-static`");
  SCX_TRY_VOID(tree.file(std::string(*busybox), "/bin/busybox", 0755));
  tree.text("/init", std::string(script_text("guest_init.sh")), 0755);
  tree.text("/scx/job", job, 0755);
  tree.text("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n", 0644);
  tree.text("/etc/group", "root:x:0:\nnogroup:x:65534:\n", 0644);
  for (const GuestFile& file : files) SCX_TRY_VOID(tree.file(file.host, file.guest, file.mode));

  const Archive out(archive_write_new(), archive_write_free);
  if (archive_write_set_format_cpio_newc(out.get()) != ARCHIVE_OK ||
      archive_write_open_filename(out.get(), path.c_str()) != ARCHIVE_OK) {
    return make_error("cannot write {}: {}", scx::quoted(path), archive_error_string(out.get()));
  }
  unsigned number = 0;
  for (const auto& [guest, node] : tree.nodes()) SCX_TRY_VOID(write_node(out.get(), guest, node, ++number));
  if (archive_write_close(out.get()) != ARCHIVE_OK) {
    return make_error("cannot write {}: {}", scx::quoted(path), archive_error_string(out.get()));
  }
  return {};
}

}  // namespace scx::vm
