// The channel from this library to the diagnostics of the compilation. It
// keeps one mistake from being told twice: places that a first error made
// unreliable are quiet for the errors that follow from it, and a file that is
// no policy at all ends after a number of errors. Used by every part of syntax.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "compiler/diagnostics/diagnostics.h"
#include "compiler/support/source.h"

namespace scx::syntax {

// Reading ends after so many errors: the file is no policy, or all follows from the first ones.
inline constexpr size_t kMaxErrors = 100;

class Reporter {
 public:
  Reporter(FileId file, const Sources& sources, diag::Diagnostics& diagnostics)
      : file_(file), text_(sources.text(file)), diagnostics_(diagnostics) {}
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  template <typename... Args>
  diag::Builder report(diag::Kind kind, Span span, fmt::format_string<Args...> format, Args&&... args) {
    return target(span).report(kind, span, format, std::forward<Args>(args)...);
  }

  // Errors that begin in [begin, end) from now on follow from one that was told.
  // Called with growing places.
  void quiet(uint32_t begin, uint32_t end);
  // Is `offset` in such a place?
  [[nodiscard]] bool is_quiet(uint32_t offset) const;
  // The line that holds `offset`.
  void quiet_line(uint32_t offset);

  // True when no further error will be listed: reading on is of no use.
  [[nodiscard]] bool full() const { return reported_ > kMaxErrors; }

  [[nodiscard]] FileId file() const { return file_; }
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] std::string_view text(Span span) const {
    return text_.substr(span.begin, span.end - span.begin);
  }

 private:
  // The collection that takes an error at `span`: the real one or the dropped one.
  diag::Diagnostics& target(Span span);

  FileId file_;
  std::string_view text_;
  diag::Diagnostics& diagnostics_;
  diag::Diagnostics dropped_;
  std::vector<std::pair<uint32_t, uint32_t>> quiet_;  // sorted, apart from each other
  size_t reported_ = 0;
};

}  // namespace scx::syntax
