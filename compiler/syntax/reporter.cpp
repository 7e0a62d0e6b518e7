#include "compiler/syntax/reporter.h"

#include <algorithm>

namespace scx::syntax {

void Reporter::quiet(uint32_t begin, uint32_t end) {
  while (!quiet_.empty() && begin <= quiet_.back().second) {
    begin = std::min(begin, quiet_.back().first);
    end = std::max(end, quiet_.back().second);
    quiet_.pop_back();
  }
  quiet_.emplace_back(begin, end);
}

bool Reporter::is_quiet(uint32_t offset) const {
  const auto after = std::upper_bound(quiet_.begin(), quiet_.end(), std::pair{offset, UINT32_MAX});
  return after != quiet_.begin() && offset < std::prev(after)->second;
}

void Reporter::quiet_line(uint32_t offset) {
  const size_t newline_before = text_.rfind('\n', offset == 0 ? 0 : offset - 1);
  const size_t begin = newline_before == std::string_view::npos ? 0 : newline_before;
  // Something missing at the end of the line is reported where its line end is.
  const size_t end = std::min(text_.find('\n', offset), text_.size()) + 1;
  quiet(static_cast<uint32_t>(begin), static_cast<uint32_t>(end));
}

diag::Diagnostics& Reporter::target(Span span) {
  // Dropped ones are read by nobody; they only give the caller a builder.
  if (dropped_.all().size() > 1000) dropped_ = diag::Diagnostics();
  if (full()) return dropped_;
  if (is_quiet(span.begin)) return dropped_;
  if (reported_++ < kMaxErrors) return diagnostics_;
  diagnostics_.report(diag::Kind::kTooManyErrors, span, "more than {} errors in this file", kMaxErrors)
      .at("the text from here on was not read");
  return dropped_;
}

}  // namespace scx::syntax
