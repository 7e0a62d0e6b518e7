// The folder of the undo journal (/run/scx) and the files in it: made, checked
// to be ours alone, locked, appended to. Whoever changes or restores settings
// holds the lock: scx-run, its guardian (which inherits it), or a recovery.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace scx::settings {

class Store {
 public:
  // Makes the folder, mode 0700. Reasons: "no-journal" (it cannot be made or opened), "unsafe-journal" (it,
  // or later its file, belongs to somebody else or is open to others).
  static Result<Store> open(const std::string& folder);
  // Nothing if there is no folder.
  static Result<std::optional<Store>> open_existing(const std::string& folder);
  Store(Store&& other) noexcept;
  Store& operator=(Store&&) = delete;
  ~Store();

  // False if another process still holds it after that time. A child made by fork shares it: it is free when
  // all have ended.
  Result<bool> lock(std::chrono::milliseconds wait);

  // The journal's text; nothing if there is none.
  [[nodiscard]] Result<std::optional<std::string>> read() const;
  // A new journal with this text, in place of an old one in one step; appends go to it.
  Result<void> replace(std::string_view text);
  // On disk (so far as its file system has one) when it returns. Precondition: replace() has succeeded.
  Result<void> append(std::string_view text);
  Result<void> remove();

  // Other files of the folder, of one writer each, who needs no lock: read, written as a whole or not at all,
  // taken away. The rules for owner and mode are the journal's, and so are the reasons.
  [[nodiscard]] Result<std::optional<std::string>> read(const std::string& name) const;
  Result<void> put(const std::string& name, std::string_view text) const;
  Result<void> drop(const std::string& name) const;

  // Bytes of the journal, as written by this object.
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] int folder() const { return folder_; }
  // Lets go of the file that appends go to.
  void close_file();

 private:
  Store(std::string path, int folder) : path_(std::move(path)), folder_(folder) {}
  static Result<Store> checked(const std::string& path, int folder);
  [[nodiscard]] Error failure(const std::string& verb) const;
  // A descriptor of the file, which has the text now.
  [[nodiscard]] Result<int> write_anew(const std::string& name, std::string_view text) const;

  std::string path_;
  int folder_ = -1;
  int file_ = -1;
  size_t size_ = 0;
};

}  // namespace scx::settings
